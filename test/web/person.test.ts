import { describe, expect, it } from 'vitest';
import { Auth } from '../../src/config/auth.ts';
import { personOf } from '../../src/web/person.ts';
import { createPersonSessions } from '../../src/web/person-session.ts';

const OIDC = {
  issuer: 'https://id.harbor.example',
  client_id: 'shiplog',
  client_secret: 'a-client-secret-of-thirty-letters',
  admin: ['keepers'],
  read: ['crew'],
};
const loginOf = (over: Record<string, unknown> = {}) => {
  const { oidc } = Auth.parse({ oidc: { ...OIDC, ...over } });
  if (!oidc) throw new Error('there is no login');
  return oidc;
};

describe('a person', () => {
  const roleOf = (claims: Record<string, unknown>, over: Record<string, unknown> = {}) =>
    personOf(claims, loginOf(over)).role;

  it.each([
    [{ groups: ['crew', 'keepers'] }, 'admin'],
    [{ groups: ['crew'] }, 'viewer'],
    [{ groups: 'crew' }, 'viewer'],
    [{ groups: ['Crew', '/crew', 'crew/'] }, undefined],
    [{ groups: [] }, undefined],
    [{ groups: { crew: true } }, undefined],
    [{ groups: [['crew'], 7, null] }, undefined],
    [{}, undefined],
  ])('with %j is %s', (claims, role) => {
    expect(roleOf(claims)).toBe(role);
  });

  it('is found by a claim within a claim, and by one whose name has dots', () => {
    const within = { realm_access: { roles: ['keepers'] } };
    expect(roleOf(within, { groups_claim: 'realm_access.roles' })).toBe('admin');
    expect(
      roleOf({ 'https://harbor.example/groups': ['crew'] }, { groups_claim: 'https://harbor.example/groups' }),
    ).toBe('viewer');
    expect(roleOf({ groups: ['crew'] }, { groups_claim: 'constructor.name' })).toBeUndefined();
  });

  it('is identified by an e-mail address only if the provider has verified it', () => {
    const over = { groups_claim: 'email', admin: ['mira@harbor.example'] };
    expect(roleOf({ email: 'mira@harbor.example', email_verified: true }, over)).toBe('admin');
    expect(roleOf({ email: 'mira@harbor.example', email_verified: false }, over)).toBeUndefined();
    expect(roleOf({ email: 'mira@harbor.example' }, over)).toBeUndefined();
  });

  it('may be everybody, with read access', () => {
    expect(roleOf({ sub: '7' }, { read: ['*'] })).toBe('viewer');
    expect(Auth.safeParse({ oidc: { ...OIDC, admin: ['*'] } }).error?.message).toContain('not everybody is one');
  });

  it('has the name that the provider sends, within limits', () => {
    const nameOf = (claims: Record<string, unknown>, over: Record<string, unknown> = {}) =>
      personOf(claims, loginOf(over)).name;
    expect(nameOf({ sub: '7', name: 'Mira Okafor', preferred_username: 'mira' })).toBe('mira');
    expect(nameOf({ sub: '7', name: 'Mira Okafor', preferred_username: ' ' })).toBe('Mira Okafor');
    expect(nameOf({ sub: '7', name: 'Mira Okafor' }, { name_claim: 'sub' })).toBe('7');
    expect(nameOf({ sub: '7', name: '\u001b[2Jmira\u202e' })).toBe('[2Jmira');
    expect(nameOf({ sub: '7', name: 'm'.repeat(5_000) })).toHaveLength(200);
    expect(nameOf({})).toBe('a user without a name');
  });
});

describe('the session of a person', () => {
  let now = new Date('2026-03-19T14:30:00Z');
  const sessions = (over: Record<string, unknown> = {}) => createPersonSessions(loginOf(over), () => now);
  const ID = 'a'.repeat(43);
  const MIRA = { name: 'mira', role: 'admin' } as const;

  it('is read as it was written, until its hours are over', () => {
    now = new Date('2026-03-19T14:30:00Z');
    const kept = sessions().write(ID, MIRA);
    expect(sessions().read(ID, kept)).toMatchObject({ ...MIRA, login: 'oidc', formToken: expect.any(String) });
    now = new Date('2026-03-20T02:29:59Z');
    expect(sessions().read(ID, kept)).toBeDefined();
    now = new Date('2026-03-20T02:30:00Z');
    expect(sessions().read(ID, kept)).toBeUndefined();
  });

  it('is that of its cookie alone, and cannot be forged', () => {
    const kept = sessions().write(ID, { name: 'ana', role: 'viewer' });
    const [mark, , signature] = kept.split('.');
    const forged = Buffer.from(JSON.stringify({ ...MIRA, until: 9e15 })).toString('base64url');
    for (const other of [`${mark}.${forged}.${signature}`, `${mark}.${forged}`, 'person', '', 'a'.repeat(64)])
      expect(sessions().read(ID, other)).toBeUndefined();
    expect(sessions().read('b'.repeat(43), kept)).toBeUndefined();
  });

  it.each([
    { client_secret: 'another-secret-of-thirty-letters' },
    { issuer: 'https://id.tides.example' },
    { admin: ['captains'] },
    { read: ['crew', 'guests'] },
    { groups_claim: 'roles' },
  ])('ends if the configuration has %j', (over) => {
    expect(sessions(over).read(ID, sessions().write(ID, MIRA))).toBeUndefined();
  });
});

describe('the configuration of a login', () => {
  const problem = (over: Record<string, unknown>) => Auth.safeParse({ oidc: { ...OIDC, ...over } }).error?.message;

  it.each([
    [{ issuer: 'http://id.harbor.example' }, 'the issuer must be https'],
    [{ issuer: 'id.harbor.example' }, 'write the issuer as the provider names it'],
    [{ client_secret: 'short' }, 'less than 16 characters'],
    [{ client_secret: `${OIDC.client_secret}\n` }, 'white space'],
    [{ admin: [], read: [] }, 'name at least one group'],
    [{ scopes: ['profile'] }, 'must include openid'],
  ])('%j is refused', (over, words) => {
    expect(problem(over)).toContain(words);
  });

  it('may be of a provider on this machine without TLS', () => {
    for (const issuer of ['http://localhost:8081/realms/harbor', 'http://127.0.0.1:9', 'http://[::1]:9'])
      expect(problem({ issuer })).toBeUndefined();
    expect(problem({ issuer: 'http://127.0.0.1.tides.example' })).toContain('https');
  });

  it('works with and without a proxy that identifies people', () => {
    const proxy = { proxy_header: 'X-Forwarded-User', trusted: ['10.0.0.7'] };
    expect(Object.keys(Auth.parse({ ...proxy, oidc: OIDC }))).toEqual(['proxy', 'oidc']);
    expect(Object.keys(Auth.parse(proxy))).toEqual(['proxy']);
    expect(Auth.safeParse({ proxy_header: 'X-Forwarded-User' }).error?.message).toContain('go together');
  });
});
