import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, startTestBridge } from '../support/bridge.ts';
import { CLIENT_ID, CLIENT_SECRET, createTestBrowser, startProvider, type TestProvider } from '../support/oidc.ts';
import { freePort } from '../support/ports.ts';

const ADMIN = { sub: '7', name: 'Mira Okafor', preferred_username: 'mira', groups: ['harbor', 'harbor/keepers'] };
const READER = { sub: '8', preferred_username: 'ana', groups: ['harbor'] };
const NOBODY = { sub: '9', preferred_username: 'zoe', groups: ['tides'] };
const BASE = '/shiplog';

let bridge: Awaited<ReturnType<typeof startTestBridge>>;
let provider: TestProvider;
let publicUrl: string;
const oidc = (over: Record<string, unknown> = {}) => ({
  auth: {
    oidc: {
      issuer: provider.issuer,
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      admin: ['harbor/keepers'],
      read: ['harbor'],
      label: 'Harbor',
      ...over,
    },
  },
});

beforeAll(async () => {
  const port = await freePort();
  publicUrl = `http://127.0.0.1:${port}${BASE}`;
  provider = await startProvider({ redirectUri: `${publicUrl}/login/oidc/callback` });
  bridge = await startTestBridge({ port, public_url: publicUrl, trust_proxy: 1, ...oidc() });
});
afterAll(async () => {
  await bridge.stop();
  await provider.close();
});

let isReconfigured = false;
const reconfigure = async (over: Record<string, unknown>) => {
  isReconfigured = true;
  await bridge.reload(oidc(over));
};
/** Each test begins with the configuration above. */
beforeEach(async () => {
  if (isReconfigured) await bridge.reload(oidc());
  isReconfigured = false;
});

async function logIn(user: TestProvider['user'], next = '/running') {
  provider.user = user;
  const browser = createTestBrowser();
  const page = await browser.open(`${publicUrl}/login/oidc?next=${encodeURIComponent(next)}`);
  return { browser, page, see: (path: string) => browser.ask(publicUrl + path) };
}

const hasSession = (browser: ReturnType<typeof createTestBrowser>) => browser.cookies(publicUrl).has('shiplog_session');
const formTokenIn = (text: string) => /name="form_token" value="([^"]+)"/.exec(text)?.[1] ?? '';
const form = (fields: Record<string, string>) => ({ method: 'POST', body: new URLSearchParams(fields) });
const since = (from: number, message: string) => bridge.logged.slice(from).filter(({ msg }) => msg === message);

describe('a login by a provider', () => {
  it('is offered beside the token', async () => {
    const { text } = await createTestBrowser().open(`${publicUrl}/inbox`);
    expect(text).toContain(`href="${BASE}/login/oidc?next=%2Finbox"`);
    expect(text).toContain('Log in with Harbor');
    expect(text).toContain('name="token"');
  });

  it('goes to the provider with PKCE, state and nonce, and returns to the page where it began', async () => {
    const from = bridge.logged.length;
    const { page, see, browser } = await logIn(READER, '/running?environment=production');
    const begun = new URL(page.way[1] ?? '');
    expect(begun.origin).toBe(provider.issuer);
    const asked = Object.fromEntries(begun.searchParams);
    expect(asked).toMatchObject({ response_type: 'code', code_challenge_method: 'S256', client_id: CLIENT_ID });
    for (const name of ['state', 'nonce', 'code_challenge']) expect(asked[name]?.length).toBeGreaterThan(40);
    expect(page).toMatchObject({ status: 200, text: expect.stringContaining(`0; url=${BASE}/running?environment=`) });
    expect(browser.cookies(publicUrl).has('shiplog_login')).toBe(false);
    expect((await see('/running')).status).toBe(200);
    expect(since(from, 'login')).toMatchObject([{ outcome: 'opened', by: 'ana', role: 'viewer' }]);
  });

  it('grants admin access to a member of an admin group, and logs actions under their name', async () => {
    const { see, browser } = await logIn(ADMIN);
    const token = formTokenIn(await (await see('/setup')).text());
    const from = bridge.logged.length;
    const fields = { form_token: token, show: 'gitlab' };
    expect((await browser.ask(`${publicUrl}/setup`, form(fields))).status).toBe(200);
    expect((await browser.ask(`${publicUrl}/setup`, form({ show: 'gitlab' }))).status).toBe(403);
    await expect
      .poll(() => since(from, 'action'))
      .toMatchObject([
        { by: 'mira', login: 'oidc', action: '/setup', status: 200 },
        { by: 'mira', login: 'oidc', action: '/setup', status: 403 },
      ]);
  });

  it('grants a reader read access only', async () => {
    const { see, browser } = await logIn(READER);
    const page = await (await see('/deliveries')).text();
    expect((await see('/inbox')).status).toBe(200);
    const refused = await browser.ask(`${publicUrl}/setup`, form({ form_token: formTokenIn(page), show: 'gitlab' }));
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain('Viewers cannot change anything');
  });

  it('grants nothing to a person without a group, and reports it', async () => {
    const from = bridge.logged.length;
    const { page, browser } = await logIn(NOBODY);
    expect(page.status).toBe(403);
    expect(page.text.replace(/\s+/g, ' ')).toContain('Harbor knows you as zoe, but none of your groups opens Shiplog.');
    expect(hasSession(browser)).toBe(false);
    expect(since(from, 'login')).toMatchObject([{ outcome: 'not admitted', by: 'zoe' }]);
  });

  it('fails if the person declines it', async () => {
    const { page, browser } = await logIn(undefined);
    expect(page).toMatchObject({ status: 403, text: expect.stringContaining('access_denied, the person said no') });
    expect(hasSession(browser)).toBe(false);
  });

  it.each(['//tides.example', '/\\tides.example'])('does not redirect to another site: %s', async (next) => {
    const { page } = await logIn(READER, next);
    expect(page.text).toContain(`content="0; url=${BASE}/"`);
    expect(page.text).not.toContain('tides');
  });
});

describe('the cookie of a login', () => {
  const cookieOf = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(publicUrl + path, { redirect: 'manual', headers });
    return answer.headers.getSetCookie().join();
  };

  it('is bound to this host over TLS, and is sent on the way back', async () => {
    const cookie = await cookieOf('/login/oidc', { 'x-forwarded-proto': 'https' });
    expect(cookie).toMatch(/^__Host-shiplog_login=[^;]+; Max-Age=900; Path=\/; .*HttpOnly; Secure; SameSite=Lax$/);
  });

  it('fits into the limits of browsers, however long the address is', async () => {
    const next = (length: number) => `/login/oidc?next=${encodeURIComponent(`/?q=${'ä'.repeat(length)}`)}`;
    for (const length of [1, 240, 1_200]) expect((await cookieOf(next(length))).length).toBeLessThan(4_000);
  });
});

describe('the response of a provider', () => {
  /** A login as far as the address that the provider sends the browser back to. */
  async function halfWay(user = READER) {
    provider.user = user;
    const browser = createTestBrowser();
    let url = `${publicUrl}/login/oidc`;
    while (!url.startsWith(`${publicUrl}/login/oidc/callback`)) {
      const answer = await browser.ask(url);
      await answer.arrayBuffer();
      url = new URL(answer.headers.get('location') ?? '', url).href;
    }
    return { browser, callback: url };
  }
  const redeemed = () => provider.asked.get('/token') ?? 0;

  it.each(['another state', 'another browser'])('with %s is refused, and its code is not redeemed', async (what) => {
    const { browser, callback } = await halfWay();
    const before = redeemed();
    const url = new URL(callback);
    if (what === 'another state') url.searchParams.set('state', 'a'.repeat(43));
    const page = await (what === 'another browser' ? createTestBrowser() : browser).open(url.href);
    expect(page).toMatchObject({ status: 400, text: expect.stringContaining('it was not begun in this browser') });
    expect(redeemed()).toBe(before);
  });

  it('is refused a second time, even with the cookie of the first', async () => {
    const { browser, callback } = await halfWay();
    const kept = browser.cookies(publicUrl).get('shiplog_login') ?? '';
    expect((await browser.open(callback)).status).toBe(200);
    expect((await browser.open(callback)).status).toBe(400);
    const thief = createTestBrowser();
    thief.cookies(publicUrl).set('shiplog_login', kept);
    const page = await thief.open(callback);
    expect(page).toMatchObject({ status: 400, text: expect.stringContaining('does not take the code: invalid_grant') });
    expect(hasSession(thief)).toBe(false);
  });

  it('with a foreign cookie is refused', async () => {
    const { browser, callback } = await halfWay();
    const jar = browser.cookies(publicUrl);
    const [body = ''] = (jar.get('shiplog_login') ?? '').split('.');
    jar.set('shiplog_login', `${body}.${'0'.repeat(64)}`);
    expect((await browser.open(callback)).status).toBe(400);
  });

  it('for a client that the provider rejects says who has to act, and shows no secret', async () => {
    await reconfigure({ client_secret: 'another-secret-of-thirty-letters' });
    const { page } = await logIn(READER);
    expect(page.status).toBe(502);
    expect(page.text).toContain('The operator of Shiplog must correct auth.oidc');
    expect(page.text).not.toContain('another-secret');
  });
});

describe('the session of a person', () => {
  it('expires, and the next login reads the groups again', async () => {
    await reconfigure({ session_hours: 0.0003 });
    const { see } = await logIn(ADMIN);
    await expect.poll(async () => (await see('/inbox')).headers.get('location')).toBe(`${BASE}/login?next=%2Finbox`);
  });

  it('ends with all others, with the log-out, and when the configuration changes their rights', async () => {
    const opened = await logIn(READER);
    await bridge.post('/api/sessions/end', {}, { authorization: `Bearer ${ADMIN_TOKEN}` });
    // what was seen just now is believed for two seconds
    await expect.poll(async () => (await opened.see('/inbox')).status).toBe(303);

    const { see, browser } = await logIn(READER);
    const token = formTokenIn(await (await see('/inbox')).text());
    const left = await (await browser.ask(`${publicUrl}/logout`, form({ form_token: token }))).text();
    expect((await see('/inbox')).status).toBe(303);
    expect(hasSession(browser)).toBe(false);
    // And on to the provider, which asks whether its own session is to end.
    const there = /0; url=([^"]+)"/.exec(left)?.[1]?.replaceAll('&amp;', '&') ?? '';
    expect(there).toBe(`${provider.issuer}/session/end?client_id=${CLIENT_ID}`);
    expect((await browser.open(there)).text).toContain('Do you want to sign-out');

    const admin = await logIn(ADMIN);
    expect((await admin.see('/inbox')).status).toBe(200);
    await reconfigure({ admin: ['harbor/captains'] });
    expect((await admin.see('/inbox')).status).toBe(303);
  });
});

describe('tokens', () => {
  const byToken = async (browser = createTestBrowser()) => {
    const page = await browser.open(`${publicUrl}/login`, form({ token: ADMIN_TOKEN, next: '/inbox' }));
    return { browser, page };
  };
  const bearer = { authorization: `Bearer ${ADMIN_TOKEN}` };

  it('open the pages beside the provider, even while it is down', async () => {
    await reconfigure({ issuer: 'http://127.0.0.1:9' });
    const { page } = await logIn(READER);
    expect(page.status).toBe(503);
    expect(page.text).toContain('no answer from 127.0.0.1:9');
    expect(page.text).toContain('log in with a token');
    expect((await byToken()).page).toMatchObject({ status: 200, url: `${publicUrl}/inbox` });
  });

  it('that are disabled for the pages open only the API', async () => {
    const { browser } = await byToken();
    expect((await browser.ask(`${publicUrl}/inbox`)).status).toBe(200);
    await reconfigure({ only: true });
    expect((await browser.ask(`${publicUrl}/inbox`)).status).toBe(303);
    const { page } = await byToken();
    expect(page.status).toBe(403);
    expect(page.text).not.toContain('name="token"');
    expect((await fetch(`${publicUrl}/inbox`, { headers: bearer })).status).toBe(401);
    expect((await fetch(`${publicUrl}/api/v1/changes`, { headers: bearer })).status).toBe(200);
    expect((await (await logIn(READER)).see('/inbox')).status).toBe(200);
    await reconfigure({ only: true, issuer: 'http://127.0.0.1:9' });
    const down = (await logIn(READER)).page.text;
    expect(down).toContain('Tokens do not open these pages');
    expect(down).not.toContain('log in with a token');
  });
});
