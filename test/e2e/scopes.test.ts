import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSessions } from '../../src/store/sessions.ts';
import { createPersonSessions } from '../../src/web/person-session.ts';
import { gitlabDeploymentHook, gitlabHeaders, SECRET, startTestBridge } from '../support/bridge.ts';

const [READ, VIEWER, HARBOR, TIDES] = ['read', 'viewer', 'harbor', 'tides'].map((who) => `a-token-of-${who}-for-tests`);
const changes = (name: string, secret = '') => ({ type: 'changes-api', name, secrets: [secret] });

let bridge: Awaited<ReturnType<typeof startTestBridge>>;
beforeAll(async () => {
  bridge = await startTestBridge({
    sources: [{ type: 'gitlab', secrets: [SECRET] }, changes('harbor', HARBOR), changes('tides', TIDES)],
    tokens: [{ name: 'dashboard', token: READ, may: 'read' }],
    viewer_token: VIEWER,
    trust_proxy: 1,
    public_url: 'https://shiplog.harbor.example',
    auth: {
      oidc: {
        issuer: 'http://127.0.0.1:9',
        client_id: 'shiplog',
        client_secret: 'a-client-secret-of-thirty-letters',
        admin: ['keepers'],
      },
    },
  });
  await bridge.post('/webhooks/gitlab', gitlabDeploymentHook(), gitlabHeaders());
  for (const [name, token] of [
    ['harbor', HARBOR],
    ['tides', TIDES],
  ] as const) {
    const body = { summary: `Deployed ${name}`, environment: name, service: name, external_id: name };
    const answer = await bridge.post(`/webhooks/${name}`, body, { authorization: `Bearer ${token}` });
    expect(answer.status).toBe(201);
  }
  await bridge.settled();
});
afterAll(() => bridge.stop());

/** As after a login by the provider. */
const PEOPLE = { keeper: 'k'.repeat(43), crew: 'c'.repeat(43), forged: 'f'.repeat(43) };
async function openPersonSessions() {
  const login = bridge.config.auth?.oidc;
  if (!login) throw new Error('there is no provider');
  const clock = () => new Date();
  const people = createPersonSessions(login, clock);
  const redis = new Redis(bridge.redis.address.path);
  const sessions = createSessions(redis, clock);
  await sessions.open(PEOPLE.keeper, people.write(PEOPLE.keeper, { name: 'mira', role: 'admin' }));
  await sessions.open(PEOPLE.crew, people.write(PEOPLE.crew, { name: 'ana', role: 'viewer' }));
  await sessions.open(PEOPLE.forged, people.write(PEOPLE.keeper, { name: 'mira', role: 'admin' }));
  redis.disconnect();
}
const session = (id: string) => ({ cookie: `shiplog_session=${id}` });

const bearer = (token = '') => ({ authorization: `Bearer ${token}` });
const IDENTITIES = {
  admin: () => bearer(bridge.config.admin_token),
  read: () => bearer(READ),
  viewer: () => bearer(VIEWER),
  write: () => bearer(HARBOR),
  // A secret that senders prove, in each place where one could stand.
  source: () => ({ ...bearer(SECRET), 'x-gitlab-token': SECRET, 'private-token': SECRET }),
  wrong: () => bearer('no-token-of-this-bridge'),
  // Sessions open the pages, and never the API. Their forms carry a token that these requests have not.
  keeper: () => session(PEOPLE.keeper),
  crew: () => session(PEOPLE.crew),
  forged: () => session(PEOPLE.forged),
  none: () => ({}),
} satisfies Record<string, () => Record<string, string>>;
type Identity = keyof typeof IDENTITIES;
type Answers = Readonly<Record<Identity, string>>;

const of = (may: readonly Identity[], others: string): Answers => {
  const names = Object.keys(IDENTITIES) as Identity[]; // of the object above
  return Object.fromEntries(names.map((name) => [name, may.includes(name) ? 'passes' : others])) as Answers;
};
const STRANGERS = { source: '401', wrong: '401', none: '401', keeper: '401', crew: '401', forged: '401' };
const ALL = Object.keys(IDENTITIES) as Identity[]; // of the object above
const OPEN = of(ALL, '');
const WRITE = of(['admin', 'read', 'viewer', 'write'], '401');
const READING: Answers = { ...of(['admin', 'read', 'viewer'], '401'), write: '403' };
const ADMIN: Answers = { admin: 'passes', read: '403', viewer: '403', write: '403', ...STRANGERS };
const PAGE: Answers = { ...of(['admin', 'read', 'viewer', 'keeper', 'crew'], '401'), none: 'login', forged: 'login' };
const ACTION: Answers = { ...PAGE, read: '403', viewer: '403', keeper: '403', crew: '403' };
/** Looking at it needs an admin, and changes nothing. */
const ADMIN_PAGE: Answers = { ...ACTION, keeper: 'passes' };
/** Nobody is led to the login page where a form is sent that no page of a stranger's has. */
const BUTTON: Answers = of(['admin'], '403');
const HARBORS_DOOR: Answers = of(['write'], '401');
const GITLABS_DOOR: Answers = of(['source'], '401');

const ROUTES: Readonly<Record<string, Answers>> = {
  'GET /livez': OPEN,
  'GET /readyz': OPEN,
  'GET /metrics': OPEN,
  'GET /openapi.json': OPEN,
  'GET /login': OPEN,
  // There is no flow to come back from.
  'GET /login/oidc/callback': OPEN,
  'GET /api/v1/changes': WRITE,
  'GET /api/v1/changes/timeline': WRITE,
  'GET /api/v1/services/{service}/changes': WRITE,
  'GET /api/deployments/{deployment}': WRITE,
  'GET /API/v1/changes/': WRITE,
  'GET /api/v1/performance': READING,
  'GET /api/v1/alerts': READING,
  'GET /api/v1/alerts/{id}': READING,
  'GET /api/v1/running': READING,
  'GET /api/feed': READING,
  'GET /api/sources': READING,
  'GET /api/inbox': READING,
  'GET /Api/Inbox/': READING,
  'GET /api/inbox/{id}': READING,
  'GET /mcp': READING,
  'POST /mcp': READING,
  'POST /MCP/': READING,
  'GET /api/rules': ADMIN,
  'GET /api/dead-letters': ADMIN,
  'GET /API/Dead-Letters/': ADMIN,
  'POST /api/dead-letters/replay': ADMIN,
  'POST /api/dead-letters/drop': ADMIN,
  'POST /api/reconcile': ADMIN,
  'POST /api/redeliver': ADMIN,
  'POST /api/preview/{source}': ADMIN,
  'POST /api/sessions/end': ADMIN,
  'POST /api/inbox/{id}/replay': ADMIN,
  'GET /': PAGE,
  'GET /deployments/{deployment}': PAGE,
  'GET /running': PAGE,
  'GET /alerts': PAGE,
  'GET /alerts/{id}': PAGE,
  'GET /deliveries': PAGE,
  'GET /inbox': PAGE,
  'GET /INBOX/': PAGE,
  'GET /inbox/{id}': PAGE,
  'GET /performance': PAGE,
  'GET /performance.csv': PAGE,
  'GET /performance.json': PAGE,
  'GET /changes.csv': PAGE,
  'GET /changes.ndjson': PAGE,
  'GET /setup': PAGE,
  'GET /setup/last': PAGE,
  // JSON without any credential is a webhook whose tool was given the address of a page.
  'POST /setup': { ...ACTION, none: 'nowhere' },
  'GET /actions/drop': ADMIN_PAGE,
  'POST /actions/drop': ACTION,
  'POST /actions/replay': ACTION,
  'POST /Actions/replay/': ACTION,
  'POST /actions/map-webhook': ACTION,
  'POST /actions/map-deployment': ACTION,
  'POST /actions/test-event': ACTION,
  'POST /sessions/end': BUTTON,
  'POST /api/v1/changes': HARBORS_DOOR,
  'POST /api/v1/services/{service}/changes': HARBORS_DOOR,
  'POST /webhooks/harbor': HARBORS_DOOR,
  'POST /webhooks/gitlab': GITLABS_DOOR,
};

let asked = 0;
/** Each time from another address: one that sends wrong tokens again and again is held back. */
async function ask(route: string, identity: Identity): Promise<string> {
  const [method = '', template = ''] = route.split(' ');
  const path = template.replace('{source}', 'gitlab').replace(/\{\w+\}/, 'nothing');
  asked += 1;
  const answer = await fetch(bridge.url + path, {
    method,
    redirect: 'manual',
    headers: {
      ...IDENTITIES[identity](),
      'content-type': 'application/json',
      'x-forwarded-for': `198.51.${Math.floor(asked / 250)}.${1 + (asked % 250)}`,
    },
    ...(method === 'POST' && { body: '{}' }),
  });
  const text = await answer.text();
  if (text.includes('there is nothing at')) return 'nowhere';
  if (answer.headers.get('location')?.startsWith('/login?')) return 'login';
  if (answer.status >= 500 || answer.status === 429) return `unexpected ${answer.status}`;
  return answer.status === 401 || answer.status === 403 ? String(answer.status) : 'passes';
}

describe('every route with every kind of token', () => {
  // One of the rows ends all sessions.
  beforeEach(openPersonSessions);

  it.each(Object.entries(ROUTES))('%s', async (route, expected) => {
    const answers: Record<string, string> = {};
    for (const name of Object.keys(expected) as Identity[]) answers[name] = await ask(route, name);
    expect(answers).toEqual(expected);
  });

  it('has a row for each operation of the API description', async () => {
    const { paths } = JSON.parse(await (await fetch(`${bridge.url}/openapi.json`)).text());
    const shape = (route: string) => route.replace(/\{\w+\}/g, '{}');
    const rows = new Set(Object.keys(ROUTES).map(shape));
    const missing = Object.entries<object>(paths)
      .flatMap(([path, methods]) => Object.keys(methods).map((method) => shape(`${method.toUpperCase()} ${path}`)))
      .filter((route) => !rows.has(route));
    expect(missing).toEqual([]);
  });
});

describe('a write token', () => {
  const read = async (path: string, token = HARBOR) => {
    const answer = await fetch(bridge.url + path, { headers: bearer(token) });
    return { status: answer.status, text: await answer.text() };
  };
  const lists = [
    '/api/v1/changes',
    '/api/v1/changes?environment=tides',
    '/api/v1/changes?format=csv',
    '/api/v1/changes?format=ndjson',
    '/api/v1/changes?q=tides',
    '/api/v1/services/tides/changes',
    '/api/v1/services/lighthouse-api/changes',
    '/api/v1/changes/timeline',
    '/api/v1/changes/timeline?service=tides',
  ];

  it.each(lists)('sees nothing of other sources in %s', async (path) => {
    const { status, text } = await read(path);
    expect(status).toBeLessThan(401);
    expect(text).not.toContain('Deployed tides');
    expect(text).not.toContain('changes:tides');
    expect(text).not.toContain('gitlab:');
  });

  it('reads and counts only the changes of its own source', async () => {
    const { data, meta } = JSON.parse((await read('/api/v1/changes')).text);
    expect(data.map((change: { service: string }) => change.service)).toEqual(['harbor']);
    expect(meta.total).toBe(1);
    const { data: others } = JSON.parse((await read('/api/v1/changes', TIDES)).text);
    expect(others.map((change: { service: string }) => change.service)).toEqual(['tides']);
  });

  it("reads nothing of another source's deployment that its own one replaced", async () => {
    const place = { environment: 'lighthouse', service: 'lamp', repository: 'harbor/lamp' };
    for (const [name, token] of [
      ['tides', TIDES],
      ['harbor', HARBOR],
    ] as const) {
      const body = { ...place, external_id: `lamp-of-${name}`, artifacts: [`lamp:${name}`], status: 'succeeded' };
      await bridge.post(`/webhooks/${name}`, { summary: name, ...body }, { authorization: `Bearer ${token}` });
      await bridge.settled();
    }
    const key = 'changes:lamp-of-harbor';
    const paths = [
      `/api/deployments/${key}`,
      '/api/v1/changes?environment=lighthouse',
      '/api/v1/changes?format=ndjson&environment=lighthouse',
    ];
    for (const path of paths) {
      expect((await read(path, READ)).text, path).toContain('lamp-of-tides');
      expect((await read(path)).text, path).toContain('lamp-of-harbor');
      expect((await read(path)).text, path).not.toMatch(/lamp-of-tides|lamp:tides/);
    }
  });

  it('finds no deployment of another source by its key', async () => {
    const keys = (await bridge.changes()).map(({ deployment }) => deployment);
    expect(keys).toHaveLength(5);
    const found = [];
    for (const key of keys)
      if ((await read(`/api/deployments/${encodeURIComponent(key)}`)).status === 200) found.push(key);
    expect(found.toSorted()).toEqual(['changes:harbor', 'changes:lamp-of-harbor']);
  });
});
