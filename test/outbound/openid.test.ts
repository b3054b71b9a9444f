import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LoginFailed } from '../../src/domain/login.ts';
import { createOpenIdProvider, type OpenIdProvider } from '../../src/outbound/openid.ts';
import { type FakeServer, startFakeServer } from '../support/fake-server.ts';
import { CLIENT_ID, CLIENT_SECRET, createTestBrowser, startProvider, type TestProvider } from '../support/oidc.ts';

const REDIRECT = 'http://127.0.0.1:9/login/oidc/callback';
const USER = { sub: '7', preferred_username: 'mira', groups: ['harbor'] };

const providerOf = (issuer: string, clockMs?: () => number): OpenIdProvider =>
  createOpenIdProvider(
    {
      issuer,
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      scopes: ['openid', 'profile'],
      wanted: ['groups', 'preferred_username'],
    },
    clockMs,
  );

async function failureOf(run: Promise<unknown>): Promise<LoginFailed> {
  const error = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof LoginFailed) return error;
  throw new Error(`no LoginFailed: ${String(error)}`);
}

describe('a real provider', () => {
  let real: TestProvider;
  let provider: OpenIdProvider;
  beforeAll(async () => {
    real = await startProvider({ redirectUri: REDIRECT });
    real.user = USER;
    provider = providerOf(real.issuer);
  });
  afterAll(() => real.close());

  /** What a browser does there, up to the address that leads back. */
  async function callbackOf(url: string): Promise<URL> {
    const browser = createTestBrowser();
    let next = url;
    while (!next.startsWith(REDIRECT)) {
      const answer = await browser.ask(next);
      await answer.arrayBuffer();
      next = new URL(answer.headers.get('location') ?? '', next).href;
    }
    return new URL(next);
  }

  it('identifies the person, with the claims that only its userinfo has', async () => {
    const { url, flow } = await provider.begin(REDIRECT);
    expect(await provider.finish(await callbackOf(url), flow)).toMatchObject(USER);
    expect(real.asked.get('/me')).toBe(1);
  });

  it.each(['nonce', 'verifier', 'state'] as const)('is refused with the %s of another login', async (part) => {
    const { url, flow } = await provider.begin(REDIRECT);
    const other = (await provider.begin(REDIRECT)).flow;
    const error = await failureOf(provider.finish(await callbackOf(url), { ...flow, [part]: other[part] }));
    expect(error.failure).toBe('refused');
    expect(error.message).not.toContain(flow.verifier);
  });

  it.each(['client_secret_basic', 'client_secret_post'] as const)(
    'accepts the client by %s, without a userinfo request if the id_token is complete',
    async (proof) => {
      const other = await startProvider({ redirectUri: REDIRECT, inIdToken: true, proof });
      try {
        other.user = USER;
        const { begin, finish } = providerOf(other.issuer);
        const { url, flow } = await begin(REDIRECT);
        expect(await finish(await callbackOf(url), flow)).toMatchObject(USER);
        expect(other.asked.get('/me')).toBeUndefined();
      } finally {
        await other.close();
      }
    },
  );
});

describe('the metadata of a provider', () => {
  let fake: FakeServer | undefined;
  afterEach(() => fake?.close());

  const metadataOf = (issuer: string) => ({
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
  });
  /** A provider that says this of itself. */
  const start = async (said: (issuer: string) => unknown) => {
    fake = await startFakeServer(() => ({ status: 200, body: said(fake?.url ?? '') }));
    return fake;
  };

  it('are fetched at a login, and shared by concurrent logins', async () => {
    const { url, requests } = await start(metadataOf);
    let nowMs = 0;
    const { begin } = providerOf(url, () => nowMs);
    expect(requests).toEqual([]);
    await Promise.all([begin(REDIRECT), begin(REDIRECT)]);
    nowMs += 29_000;
    await begin(REDIRECT);
    expect(requests.map(({ path }) => path)).toEqual(['/.well-known/openid-configuration']);
    nowMs += 2_000;
    await begin(REDIRECT);
    expect(requests).toHaveLength(2);
  });

  it('are fetched again some seconds after a failure', async () => {
    const server = await start(metadataOf);
    let nowMs = 0;
    const { begin } = providerOf(server.url, () => nowMs);
    server.inject({ kind: 'status', status: 503 });
    expect((await failureOf(begin(REDIRECT))).failure).toBe('unreachable');
    expect((await failureOf(begin(REDIRECT))).failure).toBe('unreachable');
    expect(server.requests).toHaveLength(1);
    nowMs += 5_001;
    expect((await begin(REDIRECT)).url).toContain(`${server.url}/auth?`);
  });

  it.each([
    ['of another issuer', () => metadataOf('https://tides.example'), 'misconfigured'],
    ['that is no JSON', () => '<html>Sign in</html>', 'unreachable'],
    ['that names nothing', (issuer: string) => ({ issuer }), 'misconfigured'],
    ['of a megabyte', (issuer: string) => ({ ...metadataOf(issuer), x: 'x'.repeat(1_100_000) }), 'unreachable'],
  ] as const)('%s lead nowhere', async (_, said, failure) => {
    const { url } = await start(said);
    expect((await failureOf(providerOf(url).begin(REDIRECT))).failure).toBe(failure);
  });

  it('are not followed to another host without TLS', async () => {
    const other = await startFakeServer(() => ({ status: 200, body: {} }));
    const { url } = await start((issuer) => ({ ...metadataOf(issuer), token_endpoint: `${other.url}/token` }));
    const { begin, finish } = providerOf(url);
    const { flow } = await begin(REDIRECT);
    const callback = new URL(`${REDIRECT}?code=a&state=${flow.state}`);
    expect(await failureOf(finish(callback, flow))).toMatchObject({
      failure: 'misconfigured',
      message: expect.stringContaining('names an address without TLS'),
    });
    expect(other.requests).toEqual([]);
    await other.close();
  });

  it('are not followed to a redirect', async () => {
    const server = await start(metadataOf);
    const headers = { location: 'http://127.0.0.1:9/' };
    server.inject({ kind: 'status', status: 302, headers, body: '' });
    expect((await failureOf(providerOf(server.url).begin(REDIRECT))).failure).toBe('unreachable');
  });
});
