import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoginFailed } from '../../src/domain/login.ts';
import { type Claims, createOpenIdProvider, type LoginFlow } from '../../src/outbound/openid.ts';
import { type FakeServer, startFakeServer } from '../support/fake-server.ts';

const REDIRECT = 'https://shiplog.harbor.example/login/oidc/callback';
const [ours, others] = [1, 2].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }));

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
function jwt(
  claims: object,
  { key = ours?.privateKey, alg = 'RS256' }: { key?: KeyObject; alg?: string } = {},
): string {
  const signed = `${encode({ alg, kid: 'k1' })}.${encode(claims)}`;
  if (alg === 'none' || !key) return `${signed}.`;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

let fake: FakeServer;
let idToken = '';
beforeAll(async () => {
  const key = { ...ours?.publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'RS256' };
  fake = await startFakeServer(({ path }) => {
    const issuer = fake.url;
    if (path === '/jwks') return { status: 200, body: { keys: [key] } };
    if (path === '/token') return { status: 200, body: { access_token: 'a', token_type: 'Bearer', id_token: idToken } };
    const endpoints = { authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token` };
    return { status: 200, body: { issuer, ...endpoints, jwks_uri: `${issuer}/jwks` } };
  });
});
afterAll(() => fake.close());

const seconds = (from: number) => Math.floor(Date.now() / 1000) + from;
const claimsOf = (over: object, { nonce }: LoginFlow) => ({
  iss: fake.url,
  aud: 'shiplog',
  sub: '7',
  nonce,
  iat: seconds(0),
  exp: seconds(60),
  groups: ['harbor'],
  ...over,
});

/** A login whose id_token says this. */
async function logIn(write: (flow: LoginFlow) => string): Promise<Claims | LoginFailed> {
  const settings = { issuer: fake.url, client_id: 'shiplog', client_secret: 'a-secret-of-24-characters' };
  const { begin, finish } = createOpenIdProvider({ ...settings, scopes: ['openid'], wanted: ['groups'] });
  const { flow } = await begin(REDIRECT);
  idToken = write(flow);
  return finish(new URL(`${REDIRECT}?code=c&state=${flow.state}`), flow).catch((error: unknown) => {
    if (error instanceof LoginFailed) return error;
    throw error;
  });
}

describe('an id_token', () => {
  it('of the provider identifies the person', async () => {
    expect(await logIn((flow) => jwt(claimsOf({}, flow)))).toMatchObject({ sub: '7', groups: ['harbor'] });
  });

  it('may have expired some seconds ago, as clocks differ', async () => {
    for (const over of [{ exp: seconds(-10) }, { iat: seconds(10), nbf: seconds(10) }])
      expect(await logIn((flow) => jwt(claimsOf(over, flow)))).toMatchObject({ sub: '7' });
  });

  it.each([
    ['that is over', () => ({ exp: seconds(-90) })],
    ['that is not valid yet', () => ({ nbf: seconds(90) })],
    ['for another client', () => ({ aud: 'tides' })],
    ['of another provider', () => ({ iss: 'https://id.tides.example' })],
    ['of another login', () => ({ nonce: 'a'.repeat(43) })],
    ['of nobody', () => ({ sub: undefined })],
  ])('%s opens nothing', async (_, over) => {
    expect(await logIn((flow) => jwt(claimsOf(over(), flow)))).toMatchObject({ failure: 'refused' });
  });

  it.each([
    ['by another key', others ? { key: others.privateKey } : {}],
    ['by nobody', { alg: 'none' }],
  ])('that is signed %s is refused', async (_, how) => {
    expect(await logIn((flow) => jwt(claimsOf({}, flow), how))).toMatchObject({ failure: 'refused' });
  });

  it('whose claims were changed is refused', async () => {
    const changed = await logIn((flow) => {
      const [head, , signature] = jwt(claimsOf({}, flow)).split('.');
      return `${head}.${encode(claimsOf({ groups: ['keepers'] }, flow))}.${signature}`;
    });
    expect(changed).toMatchObject({ failure: 'refused' });
  });
});
