import { afterEach, expect, it } from 'vitest';
import { checkLogin } from '../../src/cli/check-login.ts';
import { Auth } from '../../src/config/auth.ts';
import { type FakeServer, startFakeServer } from '../support/fake-server.ts';

let fake: FakeServer | undefined;
afterEach(() => fake?.close());

const configOf = (issuer: string) => ({
  public_url: 'https://tools.harbor.example/shiplog',
  auth: Auth.parse({
    oidc: { issuer, client_id: 'shiplog', client_secret: 'a-client-secret-of-thirty-letters', read: ['*'] },
  }),
});

it('shows nothing if no provider is configured', async () => {
  expect(await checkLogin({})).toEqual([]);
});

it('shows which redirect URI the provider needs, and whether it answers', async () => {
  fake = await startFakeServer(() => {
    const issuer = fake?.url;
    return { status: 200, body: { issuer, authorization_endpoint: `${issuer}/a`, token_endpoint: `${issuer}/t` } };
  });
  const { url } = fake;
  expect(await checkLogin(configOf(url))).toEqual([
    { ok: true, what: expect.stringContaining('https://tools.harbor.example/shiplog/login/oidc/callback') },
  ]);
  await fake.down();
  expect(await checkLogin(configOf(url))).toEqual([{ ok: false, what: expect.stringContaining('no answer from') }]);
});
