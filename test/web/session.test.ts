import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { createAccess } from '../../src/http/access.ts';
import { memoryInbox } from './stores.ts';
import {
  ADMIN,
  app,
  CHANGES,
  formTokenFor,
  glance,
  memorySessions,
  notes,
  sessionCookie,
  submit,
  VIEWER,
} from './support.ts';

describe('the pages', () => {
  it.each([
    '/',
    '/?environment=production',
    '/inbox',
    '/inbox/1',
    '/setup',
    '/deliveries',
    '/deployments/gitlab:a%2Fb',
  ])('redirect %s to the login page and back', async (path) => {
    const response = await request(app()).get(path).expect(303);
    expect(response.headers['location']).toBe(`/login?next=${encodeURIComponent(path)}`);
  });

  it('open with a session, and with a token that reads in the Authorization header', async () => {
    const opened = async (name: string, value: string) => (await request(app()).get('/').set(name, value)).status;
    expect(await opened('cookie', `other=1; ${sessionCookie()}; x=y`)).toBe(200);
    expect(await opened('authorization', `Bearer ${ADMIN}`)).toBe(200);
    expect(await opened('authorization', `Bearer ${VIEWER}`)).toBe(200);
    expect(await opened('authorization', `Bearer ${CHANGES}`)).toBe(401);
    expect(await opened('authorization', 'Bearer wrong')).toBe(401);
  });

  it('reload themselves after a link from another site, with which the cookie is not sent', async () => {
    const response = await request(app()).get('/inbox?page=2').set('sec-fetch-site', 'cross-site').expect(200);
    expect(response.text).toContain('<meta http-equiv="refresh" content="0; url=/inbox?page=2">');
    await request(app()).get('/inbox?page=2').set('sec-fetch-site', 'same-origin').expect(303);
  });

  it('forbid scripts, inline styles and other hosts, and do not ask for https', async () => {
    const response = await request(app()).get('/login').expect(200);
    const policy = response.headers['content-security-policy'];
    expect(policy).toContain("default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self';");
    expect(policy).not.toMatch(/unsafe|https:|upgrade-insecure-requests/);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.text).not.toMatch(/<script|<style| style=/);
  });

  it('use their own style sheet', async () => {
    const server = app();
    const login = await request(server).get('/login').expect(200);
    const path = /<link rel="stylesheet" href="([^"]+)">/.exec(login.text)?.[1] ?? '';
    const style = await request(server).get(path).expect(200);
    expect(style.headers).toMatchObject({
      'content-type': expect.stringContaining('text/css'),
      'cache-control': expect.stringContaining('immutable'),
    });
    const icon = await request(server).get('/assets/shiplog.svg').expect(200);
    expect(icon.headers['content-type']).toContain('image/svg');
  });

  it('leave unknown paths to other handlers', async () => {
    expect((await request(app()).get('/nothing')).status).toBe(404);
  });
});

describe('the login', () => {
  const login = (token: string, next = '/inbox') => request(app()).post('/login').type('form').send({ token, next });

  it('sets a cookie that scripts and other sites do not get, and redirects back', async () => {
    const response = await login(ADMIN).expect(303);
    expect(response.headers['location']).toBe('/inbox');
    const cookie = response.headers['set-cookie']?.[0] ?? '';
    expect(cookie).toMatch(
      /^shiplog_session=[A-Za-z0-9_-]{43}; Max-Age=2592000; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/,
    );
    expect(cookie).not.toContain(ADMIN);
  });

  it('marks the cookie as Secure and of this host alone behind https', async () => {
    const server = app();
    server.set('trust proxy', 1);
    const response = await request(server)
      .post('/login')
      .set('x-forwarded-proto', 'https')
      .type('form')
      .send({ token: ADMIN });
    const cookie = response.headers['set-cookie']?.[0] ?? '';
    expect(cookie).toMatch(/^__Host-shiplog_session=.*; Path=\/; .*; Secure/);
    expect(cookie).not.toContain('Domain');
    const session = cookie.split(';')[0] ?? '';
    await request(server).get('/').set('x-forwarded-proto', 'https').set('cookie', session).expect(200);
    await request(server).get('/').set('cookie', session).expect(303);
  });

  it.each(['//evil.example', 'https://evil.example/', '/\\evil.example', '/.//evil.example'])(
    'does not redirect to %s',
    async (next) => {
      await login(ADMIN, next).expect(303).expect('location', '/');
      const form = await request(app())
        .get(`/login?next=${encodeURIComponent(next)}`)
        .expect(200);
      expect(form.text).toContain('name="next" value="/"');
    },
  );

  it.each(['wrong', '', CHANGES])('refuses %j, and reports it', async (token) => {
    const response = await login(token).expect(401);
    expect(response.headers['set-cookie']).toBeUndefined();
    expect(response.text).toContain('This token does not open the pages.');
    expect(response.text).toContain('name="next" value="/inbox"');
  });

  it('limits wrong tokens, and never a valid one', async () => {
    const server = app();
    const login = (token: string) => request(server).post('/login').type('form').send({ token });
    for (let index = 0; index < 20; index++) await login('wrong').expect(401);
    const response = await login('wrong').expect(429);
    expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
    await login(ADMIN).expect(303);
  });

  it('reads no form that is large or never ends', async () => {
    const response = await request(app())
      .post('/login')
      .type('form')
      .send({ token: ADMIN, pad: 'x'.repeat(9_000) });
    expect(response.status).toBe(413);
  });

  it('ends with a log-out, even for a copied cookie', async () => {
    const parts = { sessions: memorySessions() };
    await request(app(parts)).get('/').set('cookie', sessionCookie()).expect(200);
    const response = await submit('/logout', {}, parts).expect(303).expect('location', '/login');
    expect(response.headers['set-cookie']?.[0]).toMatch(/^shiplog_session=; .*Expires=Thu, 01 Jan 1970/);
    await request(app(parts)).get('/').set('cookie', sessionCookie()).expect(303);
    await request(app(parts)).get('/').set('cookie', sessionCookie(VIEWER)).expect(200);
  });

  it('ends for everybody when an admin ends all sessions', async () => {
    const parts = { sessions: memorySessions() };
    await submit('/sessions/end', {}, parts).expect(303).expect('location', '/login');
    for (const token of [ADMIN, VIEWER])
      expect((await request(app(parts)).get('/').set('cookie', sessionCookie(token))).status).toBe(303);
  });

  it('ends when the token that opened it changes', async () => {
    const access = createAccess([{ name: 'admin', token: 'another-token-0123456789', may: 'admin' }]);
    expect((await request(app({ access })).get('/').set('cookie', sessionCookie())).status).toBe(303);
  });

  it.each(['', 'x', 'a'.repeat(42), 'b'.repeat(43), ADMIN])('is not opened by the cookie %j', async (value) => {
    expect((await request(app()).get('/').set('cookie', `shiplog_session=${value}`)).status).toBe(303);
  });
});

describe('a viewer', () => {
  const cookie = sessionCookie(VIEWER);

  it('logs in with a token of their own and sees every page, without a button', async () => {
    const parts = { sessions: memorySessions() };
    const login = await request(app(parts)).post('/login').type('form').send({ token: VIEWER }).expect(303);
    const session = login.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    for (const path of ['/', '/inbox', '/deliveries', '/setup'])
      await request(app(parts)).get(path).set('cookie', session).expect(200);
    for (const path of ['/', '/inbox', '/deliveries', '/setup'])
      expect(await glance(path)).not.toMatch(/action="\/(actions|setup)/);
    await request(app()).get('/inbox').set('authorization', `Bearer ${VIEWER}`).expect(200);
  });

  it.each([
    '/actions/replay',
    '/actions/drop',
    '/actions/map-webhook',
    '/actions/test-event',
    '/setup',
    '/sessions/end',
  ])('may not use %s, with or without a form token', async (path) => {
    const { done, actions } = notes();
    const send = request(app({ actions })).post(path).set('cookie', cookie).type('form');
    const fields = { form_token: formTokenFor(VIEWER), show: 'gitlab', source: 'gitlab', webhook: 'w1' };
    const response = await send.send(fields).expect(403);
    expect(response.text).toContain('Viewers cannot change anything');
    expect(response.text).not.toContain('secret-of-');
    expect(done).toEqual([]);
  });

  it('is refused the page that asks before dropping', async () => {
    expect((await request(app()).get('/actions/drop?sink=alert24').set('cookie', cookie)).status).toBe(403);
  });

  it('grants nothing where no viewer token is configured', async () => {
    const server = app({ access: createAccess([{ name: 'admin', token: ADMIN, may: 'admin' }]) });
    expect((await request(server).get('/').set('cookie', cookie)).status).toBe(303);
    for (const token of [VIEWER, ''])
      expect((await request(server).post('/login').type('form').send({ token })).status).toBe(401);
  });
});

describe('a form', () => {
  const other = 'o'.repeat(43);
  const paths = ['/actions/replay', '/actions/drop', '/actions/map-webhook', '/actions/map-deployment'];

  it.each(paths.concat('/actions/test-event', '/setup', '/logout', '/sessions/end'))(
    'sent to %s does nothing without the token of its session',
    async (path) => {
      const { done, actions } = notes();
      const tokens = [undefined, '', 'f'.repeat(64), formTokenFor(ADMIN, other), formTokenFor(VIEWER)];
      for (const form_token of tokens) {
        const response = await request(app({ actions }))
          .post(path)
          .set('cookie', sessionCookie())
          .type('form')
          .send({ ...(form_token !== undefined && { form_token }), webhook: 'w1', deployment: 'd1', source: 'gitlab' })
          .expect(403);
        expect(response.text).toContain('This form does not belong to your current session');
        expect(response.headers['set-cookie']).toBeUndefined();
      }
      expect(done).toEqual([]);
    },
  );

  it.each(['/logout', '/sessions/end'])('sent to %s does nothing after its session has ended', async (path) => {
    for (const cookie of [`shiplog_session=${other}`, '']) {
      const send = request(app()).post(path).set('cookie', cookie).type('form');
      const response = await send.send({ form_token: formTokenFor(ADMIN, other) }).expect(403);
      expect(response.headers['set-cookie']).toBeUndefined();
    }
  });

  it('does not need it with the admin token in the Authorization header', async () => {
    const { done, actions } = notes();
    await request(app({ actions }))
      .post('/actions/map-webhook')
      .set('authorization', `Bearer ${ADMIN}`)
      .type('form')
      .send({ webhook: 'w1' })
      .expect(303);
    expect(done).toEqual([['mapWebhook', 'w1']]);
  });

  it('of a user who is not logged in leads to the login page, and from there to a page', async () => {
    const response = await request(app()).post('/actions/drop').expect(303);
    expect(response.headers['location']).toBe('/login?next=%2F');
  });

  it('never leads to another host', async () => {
    for (const back of ['https://evil.example/', '//evil.example', '/\\evil.example']) {
      const response = await submit('/actions/map-webhook', { webhook: 'w1', back }).expect(303);
      expect(response.headers['location']).toBe('/?did=mapped&count=1');
    }
  });
});

describe('the pages without Redis', () => {
  it('report it, and that nothing is lost', async () => {
    const inbox = { ...memoryInbox(), list: () => Promise.reject(new Error('Connection is closed.')) };
    const spool = () => ({ entries: 12, bytes: 900, since: '2026-05-04T10:00:00.000Z' });
    const server = app({ inbox, spool, isRedisAway: () => true });
    const response = await request(server).get('/inbox').set('cookie', sessionCookie()).expect(503);
    expect(response.text).toContain('12 webhooks are spooled: safe on disk since');
  });
});
