import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Source } from '../../src/sources/source.ts';
import { startTestBridge } from '../support/bridge.ts';
import { type FakeServer, startFakeServer } from '../support/fake-server.ts';
import { exchange, rawRequest } from '../support/raw-http.ts';
import { send, withWords } from './senders.ts';

const ADMIN = 'admin-token/with+signs=';
/** With whatever an encoder may write otherwise. Tokens that go over the wire are ASCII. */
const SECRETS = {
  gitlab: 'gitlab/secret-<one>&"two"',
  gitlabNext: 'the-next-gitlab-secret',
  bitbucket: 'bitbücket "secret"/\\ß🚢',
  argocd: 'argocd-secret-$&-$1.*',
  changes: 'changes-key-of-16-up',
  gitlabApi: 'glpat-of-the-source/1',
  rows: 'glpat-of-the-rows/1',
  alert24: 'ak_live_"quoted"\\slash',
  gitlabSink: 'glpat-of-the-sink<&>',
  admin: ADMIN,
};
const ALL = Object.values(SECRETS);

let bridge: Awaited<ReturnType<typeof startTestBridge>>;
let redis: Redis;
let echo: FakeServer;

beforeAll(async () => {
  // Whatever is asked, it refuses, and repeats the request with all its headers: as JSON, as text, in a header.
  echo = await startFakeServer(({ headers, text, path }) => ({
    status: [400, 422, 404][path.length % 3] ?? 400,
    headers: { 'x-request-id': String(headers.authorization ?? headers['private-token']) },
    body: { error: { message: `${headers.authorization} ${headers['private-token']}` }, message: headers, sent: text },
  }));
  bridge = await startTestBridge({
    admin_token: ADMIN,
    sources: [
      {
        type: 'gitlab',
        secrets: [SECRETS.gitlab, SECRETS.gitlabNext],
        api: { url: echo.url, token: SECRETS.gitlabApi },
      },
      { type: 'bitbucket', secrets: [SECRETS.bitbucket] },
      { type: 'argocd', secrets: [SECRETS.argocd] },
      { type: 'changes-api', secrets: [SECRETS.changes] },
      { type: 'gitlab-api', secrets: [SECRETS.rows] },
    ],
    sinks: [
      { type: 'alert24', url: echo.url, api_key: SECRETS.alert24 },
      { type: 'gitlab-deployments', url: echo.url, token: SECRETS.gitlabSink },
    ],
  });
  redis = new Redis(bridge.redis.address.path);
  redis.on('error', () => {}); // one test takes it away
});
afterAll(async () => {
  redis.disconnect();
  await bridge.stop();
  await echo.close();
});

/** The secrets that stand in it, as they are or as they would stand in JSON, in a URL, or read byte by byte. */
function found(text: string): string[] {
  return ALL.filter((secret) =>
    [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      Buffer.from(secret).toString('latin1'),
    ].some((spelling) => text.includes(spelling)),
  );
}

const admin = { authorization: `Bearer ${ADMIN}` };
const inflated = (field: Buffer): string => {
  try {
    return inflateRawSync(field).toString();
  } catch {
    return '';
  }
};
/** As text, and unpacked where it is a body of the inbox. */
const readable = (bytes: Buffer): string => `${bytes.toString()}\n${inflated(bytes)}`;

const READ: Readonly<Record<string, (name: string) => readonly [string, ...string[]]>> = {
  string: (name) => ['get', name],
  hash: (name) => ['hgetall', name],
  list: (name) => ['lrange', name, '0', '-1'],
  set: (name) => ['smembers', name],
  zset: (name) => ['zrange', name, '0', '-1'],
  stream: (name) => ['xrange', name, '-', '+'],
};

/** Every key and all that stands under it. */
async function inRedis(): Promise<string> {
  const names = await redis.keys('*');
  const kinds = await Promise.all(names.map((name) => redis.type(name)));
  const there = names.flatMap((name, index) => (kinds[index] === 'none' ? [] : [[name, kinds[index] ?? ''] as const])); // one may just have ended
  const contents = there.map(([name, kind]) => {
    const [command, ...rest] = READ[kind]?.(name) ?? [];
    if (command === undefined) throw new Error(`${name} is a ${kind}, which this test cannot read`);
    return redis.callBuffer(command, ...rest);
  });
  return [...names, ...(await Promise.all(contents)).flatMap(texts)].join('\n');
}

/** Whatever Redis answers: bytes, numbers, lists of lists; a hash as an object. */
function texts(answer: unknown): string[] {
  if (Buffer.isBuffer(answer)) return [readable(answer)];
  if (Array.isArray(answer)) return answer.flatMap(texts);
  if (typeof answer !== 'object' || answer === null) return [];
  return Object.entries(answer).flatMap(([field, value]) => [field, ...texts(value)]);
}

const inSpool = (): string => {
  const dir = join(bridge.config.data_dir, 'spool');
  const texts = readdirSync(dir).map((name) => readFileSync(join(dir, name), 'utf8'));
  const bodies = texts.flatMap((text) =>
    [...text.matchAll(/"body":"([A-Za-z0-9+/=]*)"/g)].map(([, body = '']) => Buffer.from(body, 'base64')),
  );
  return [...texts, ...bodies.map(readable)].join('\n');
};

const sourceOf = (name: string): Source => {
  const source = bridge.config.sources.find((candidate) => candidate.name === name);
  if (!source) throw new Error(`${name} is not configured`);
  return source;
};
const inHeader = (secret: string) => Buffer.from(secret).toString('latin1');
const get = async (path: string) => (await fetch(bridge.url + path, { headers: admin })).text();
let seconds = 0;
const at = () => new Date(Date.now() - 3_600_000 + 1_000 * seconds++);

/** One way in which a secret may come where it does not belong. Gives what was answered. */
const WAYS: Readonly<Record<string, (source: Source, secret: string) => Promise<string>>> = {
  'a person’s words': async (source, secret) => answered(source, withWords(source, at(), `rotate ${secret} now`)),
  'words of 4 KiB': async (source, secret) =>
    answered(source, withWords(source, at(), `${'x'.repeat(4_096)}${secret}`)),
  'every name': async (source, secret) => answered(source, everywhere(withWords(source, at(), 'x'), secret)),
  'a key': async (source, secret) =>
    answered(source, { ...withWords(source, at(), 'x'), [secret]: { [secret]: [secret] } }),
  'JSON as PHP writes it': async (source, secret) =>
    sent(source, JSON.stringify(withWords(source, at(), secret)).replaceAll('/', '\\/')),
  'JSON as Python writes it': async (source, secret) =>
    sent(
      source,
      JSON.stringify(withWords(source, at(), secret)).replace(
        /[^ -~]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
      ),
    ),
  'JSON as Go writes it': async (source, secret) =>
    sent(
      source,
      JSON.stringify(withWords(source, at(), secret)).replace(
        /[<>&]/g,
        (unit) => `\\u00${unit.charCodeAt(0).toString(16)}`,
      ),
    ),
  'broken JSON': async (source, secret) => sent(source, `{"a": ${secret}`),
  'broken JSON in a text': async (source, secret) => sent(source, `{"${secret}": "${secret}`),
  'an unknown status': async (source, secret) =>
    answered(source, {
      ...withWords(source, at(), 'x'),
      status: secret,
      event: secret,
      state: secret,
      object_kind: secret,
      BITBUCKET_EXIT_CODE: secret,
    }),
  headers: async (source, secret) => {
    const names = [
      'user-agent',
      'x-request-id',
      'idempotency-key',
      'x-event-key',
      'x-gitlab-instance',
      'traceparent',
      'content-type',
      'x-other',
    ];
    const headers = Object.fromEntries(names.map((name) => [name, inHeader(secret)]));
    return (await send(bridge.url, source, JSON.stringify(withWords(source, at(), 'x')), { headers })).text;
  },
  'the path and the query': async (source, secret) => {
    const part = encodeURIComponent(secret);
    const paths = [
      `/webhooks/${source.name}/${part}?t=${part}`,
      `/webhooks/${part}`,
      `/api/v1/services/${part}/changes`,
      `/${part}`,
    ];
    const answers = await Promise.all(
      paths.map((path) => send(bridge.url, source, JSON.stringify(withWords(source, at(), 'x')), { path })),
    );
    return answers.map(({ text }) => text).join('\n');
  },
  'another one’s token': async (source, secret) => {
    const names = ['authorization', 'x-gitlab-token', 'private-token', 'x-hub-signature', 'webhook-signature'];
    const headers = names.flatMap((name) => [
      [name, inHeader(secret)] as const,
      [`x-${name}`, inHeader(`Bearer ${secret}`)] as const,
    ]);
    const { answers } = await exchange(
      bridge.url,
      rawRequest({ path: `/webhooks/${source.name}`, headers, body: `{"token": "${secret}"}` }),
    );
    return answers.map(({ text }) => text).join('\n');
  },
  'a tool that repeats its token': async (_, secret) => {
    const body = JSON.stringify(withWords(sourceOf('gitlab'), at(), secret));
    return sent(sourceOf('gitlab'), body.replaceAll('https://gitlab.example.com', echo.url));
  },
  'a preview': async (source, secret) => {
    const body = JSON.stringify(withWords(source, at(), secret));
    return (await fetch(`${bridge.url}/api/preview/${source.name}`, { method: 'POST', headers: admin, body })).text();
  },
  'a question of the admin': async (_, secret) => {
    const part = encodeURIComponent(secret);
    const asked = [
      `/api/v1/changes?environment=${part}`,
      `/api/v1/changes?since=${part}`,
      `/api/deployments/${part}`,
      `/api/inbox/${part}`,
    ];
    return (await Promise.all(asked.map(get))).join('\n');
  },
};

const sent = async (source: Source, body: string): Promise<string> => (await send(bridge.url, source, body)).text;
const answered = (source: Source, body: unknown): Promise<string> => sent(source, JSON.stringify(body));

/** The names of services, environments, branches, people: they become keys, tags and links. */
const everywhere = (body: Readonly<Record<string, unknown>>, secret: string): unknown =>
  Object.fromEntries(
    Object.entries(body).map(([name, value]) => [
      name,
      typeof value === 'string' &&
      /environment$|ref$|service|branch|changed_by|author|external_id|username|FULL_NAME$|ENVIRONMENT$|BRANCH$/i.test(
        name,
      )
        ? `${value}-${secret}`
        : value,
    ]),
  );

describe("a secret in a webhook or in a destination's response", () => {
  it('is in no response, log line, metric or key of Redis', async () => {
    const way = fc.constantFrom(...Object.keys(WAYS));
    const run = fc.record({
      name: fc.constantFrom(...bridge.config.sources.map(({ name }) => name)),
      secret: fc.constantFrom(...ALL),
      ways: fc.uniqueArray(way, { minLength: 3, maxLength: 5 }),
    });
    let lines = 0;
    await fc.assert(
      fc.asyncProperty(run, async ({ name, secret, ways }) => {
        for (const way of ways) expect(found((await WAYS[way]?.(sourceOf(name), secret)) ?? ''), way).toEqual([]);
        expect(found(JSON.stringify(bridge.logged.slice(lines)))).toEqual([]);
        lines = bridge.logged.length;
      }),
      { numRuns: 25 },
    );
    // Once for all of them: to read everything that is there takes longer than to write it.
    expect(found(await inRedis())).toEqual([]);
    expect(found(await (await fetch(`${bridge.url}/metrics`)).text())).toEqual([]);
  });

  it("from any part of any source's webhook is on no page and in no response of the API", async () => {
    for (const source of bridge.config.sources) {
      for (const [name, way] of Object.entries(WAYS))
        expect(found(await way(source, SECRETS.bitbucket)), name).toEqual([]);
    }
    await expect.poll(() => echo.requests.length).toBeGreaterThan(5);
    const inbox = JSON.parse(await get('/api/inbox?limit=30'));
    const changes = JSON.parse(await get('/api/v1/changes?limit=20'));
    const paths = ['/', '/inbox', '/readyz', '/metrics', '/api/dead-letters', '/api/rules', '/setup'];
    for (const { id } of inbox.data) paths.push(`/inbox/${id}`, `/api/inbox/${id}`);
    for (const { deployment } of changes.data) {
      const key = encodeURIComponent(deployment);
      paths.push(`/deployments/${key}`, `/api/deployments/${key}`);
    }
    for (const path of paths) {
      const page = await get(path);
      const plain = page
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&quot;', '"')
        .replaceAll('&#39;', "'")
        .replaceAll('&amp;', '&');
      expect([...found(page), ...found(plain)], path).toEqual([]);
    }
    expect(found(await inRedis())).toEqual([]);
    expect(changes.data.length).toBeGreaterThan(5);
    expect(JSON.stringify(changes)).toContain('[secret]');
  });

  it('was repeated by the destinations, so the test could have found it', () => {
    expect(found(JSON.stringify(echo.requests))).toEqual(expect.arrayContaining([SECRETS.alert24, SECRETS.gitlabApi]));
    expect(JSON.stringify(bridge.logged)).toContain('[secret]');
  });

  it('is neither in the spool nor in the log while Redis is unreachable', async () => {
    await bridge.redis.kill9();
    for (const source of bridge.config.sources)
      for (const name of ['a person’s words', 'headers', 'every name', 'a key'])
        expect(found((await WAYS[name]?.(source, ADMIN)) ?? ''), name).toEqual([]);
    const spool = inSpool();
    expect(spool).toContain('[secret]');
    expect(found(spool)).toEqual([]);
    expect(found(JSON.stringify(bridge.logged))).toEqual([]);
    await bridge.redis.restart();
    await expect.poll(async () => (await fetch(`${bridge.url}/readyz`)).status).toBe(200);
  });
});
