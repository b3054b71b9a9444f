import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { createSession, isSession } from '../../src/web/session.ts';
import { ADMIN, app, CHANGES, sessionCookie } from './support.ts';

const now = new Date('2026-05-04T10:00:00.000Z');

describe('a session', () => {
  it('is good until it expires', () => {
    const session = createSession(ADMIN, now);
    expect(isSession(session, ADMIN, now)).toBe(true);
    expect(isSession(session, ADMIN, new Date('2026-06-03T09:59:59.000Z'))).toBe(true);
    expect(isSession(session, ADMIN, new Date('2026-06-03T10:00:00.000Z'))).toBe(false);
  });

  it('does not hold the token and ends with it', () => {
    const session = createSession(ADMIN, now);
    expect(session).not.toContain(ADMIN);
    expect(isSession(session, 'another-token-0123456789', now)).toBe(false);
  });

  it.each([
    ['a later expiry', (session: string) => `9${session}`],
    ['no signature', (session: string) => session.split('.')[0] ?? ''],
    ['another signature', (session: string) => `${session.slice(0, -1)}${session.endsWith('0') ? '1' : '0'}`],
    ['nothing', () => ''],
    ['the token', () => ADMIN],
  ])('is refused with %s', (_what, forge) => {
    expect(isSession(forge(createSession(ADMIN, now)), ADMIN, now)).toBe(false);
  });
});

describe('the pages', () => {
  it.each(['/', '/?environment=production', '/inbox', '/inbox/1', '/setup', '/deployments/gitlab:a%2Fb'])(
    'lead from %s to the login page and back',
    async (path) => {
      const response = await request(app()).get(path).expect(303);
      expect(response.headers['location']).toBe(`/login?next=${encodeURIComponent(path)}`);
    },
  );

  it('open with a session, and with either token in the Authorization header', async () => {
    await request(app()).get('/').set('cookie', `other=1; ${sessionCookie()}; x=y`).expect(200);
    await request(app()).get('/').set('authorization', `Bearer ${ADMIN}`).expect(200);
    await request(app()).get('/').set('authorization', `Bearer ${CHANGES}`).expect(200);
    await request(app()).get('/').set('authorization', 'Bearer wrong').expect(401);
  });

  it('load themselves again when a link of another site led here, because the cookie was not sent along', async () => {
    const response = await request(app()).get('/inbox?page=2').set('sec-fetch-site', 'cross-site').expect(200);
    expect(response.text).toContain('<meta http-equiv="refresh" content="0; url=/inbox?page=2">');
    await request(app()).get('/inbox?page=2').set('sec-fetch-site', 'same-origin').expect(303);
  });

  it('forbid scripts, inline styles and other hosts, and do not ask for https', async () => {
    const response = await request(app()).get('/login').expect(200);
    const policy = response.headers['content-security-policy'];
    expect(policy).toContain("default-src 'none'; style-src 'self'");
    expect(policy).not.toMatch(/unsafe|https:|upgrade-insecure-requests/);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.text).not.toMatch(/<script|<style| style=/);
  });

  it('take their style from here', async () => {
    const server = app();
    const login = await request(server).get('/login').expect(200);
    const path = /<link rel="stylesheet" href="([^"]+)">/.exec(login.text)?.[1] ?? '';
    await request(server)
      .get(path)
      .expect(200)
      .expect('content-type', /text\/css/)
      .expect('cache-control', /immutable/);
    await request(server)
      .get('/assets/shiplog.svg')
      .expect(200)
      .expect('content-type', /image\/svg/);
  });

  it('leave unknown paths to others', async () => {
    await request(app()).get('/nothing').expect(404);
  });
});

describe('the login', () => {
  const login = (token: string, next = '/inbox') => request(app()).post('/login').type('form').send({ token, next });

  it('sets a cookie that scripts and other sites do not get, and goes back', async () => {
    const response = await login(ADMIN).expect(303);
    expect(response.headers['location']).toBe('/inbox');
    const cookie = response.headers['set-cookie']?.[0] ?? '';
    expect(cookie).toMatch(
      /^shiplog_session=\d+\.[0-9a-f]{64}; Max-Age=2592000; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/,
    );
    expect(cookie).not.toContain(ADMIN);
    await request(app())
      .get('/')
      .set('cookie', cookie.split(';')[0] ?? '')
      .expect(200);
  });

  it('marks the cookie as Secure behind https', async () => {
    const server = app();
    server.set('trust proxy', 1);
    const response = await request(server)
      .post('/login')
      .set('x-forwarded-proto', 'https')
      .type('form')
      .send({ token: ADMIN });
    expect(response.headers['set-cookie']?.[0]).toContain('; Secure');
  });

  it.each(['//evil.example', 'https://evil.example/', '/\\evil.example', '/.//evil.example'])(
    'does not lead to %s',
    async (next) => {
      await login(ADMIN, next).expect(303).expect('location', '/');
      const form = await request(app())
        .get(`/login?next=${encodeURIComponent(next)}`)
        .expect(200);
      expect(form.text).toContain('name="next" value="/"');
    },
  );

  it.each(['wrong', '', CHANGES])('refuses %j and says so', async (token) => {
    const response = await login(token).expect(401);
    expect(response.headers['set-cookie']).toBeUndefined();
    expect(response.text).toContain('This is not the admin token.');
    expect(response.text).toContain('name="next" value="/inbox"');
  });

  it('slows down whoever guesses, and nobody who knows', async () => {
    const server = app();
    for (let index = 0; index < 25; index++)
      await request(server).post('/login').type('form').send({ token: ADMIN }).expect(303);
    for (let index = 0; index < 20; index++)
      await request(server).post('/login').type('form').send({ token: 'wrong' }).expect(401);
    await request(server).post('/login').type('form').send({ token: 'wrong' }).expect(429);
  });

  it('ends with a log-out', async () => {
    const response = await request(app()).post('/logout').set('cookie', sessionCookie()).expect(303);
    expect(response.headers['set-cookie']?.[0]).toMatch(/^shiplog_session=; .*Expires=Thu, 01 Jan 1970/);
  });
});
