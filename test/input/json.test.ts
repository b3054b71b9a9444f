import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Source } from '../../src/sources/source.ts';
import { ADMIN_TOKEN, gitlabDeploymentHook, startTestBridge } from '../support/bridge.ts';
import { expectWithin } from '../support/time.ts';
import { sampleBody, send, withWords } from './senders.ts';

const WITHIN_MS = 1_000;
const SOURCES = ['gitlab', 'bitbucket', 'argocd', 'changes-api'] as const;
/** Stands in a body until the bytes are known that JSON.stringify would not write. */
const HERE = 'h-e-r-e';

let bridge: Awaited<ReturnType<typeof startTestBridge>>;
beforeAll(async () => {
  bridge = await startTestBridge();
  for (const type of SOURCES) await send(bridge.url, sourceOf(type), '{}');
});
afterAll(() => bridge.stop());

const sourceOf = (type: string): Source => {
  const source = bridge.config.sources.find((candidate) => candidate.type === type);
  if (!source) throw new Error(`${type} is not configured`);
  return source;
};

/** Every body reports a deployment of its own. */
let nowMs = Date.now() - 3_600_000;
const at = () => {
  nowMs += 60_000;
  return new Date(nowMs);
};

const words = (source: Source, text: string) => JSON.stringify(withWords(source, at(), text));
const around = (source: Source, bytes: Buffer | string): Buffer => {
  const [before = '', after = ''] = words(source, HERE).split(HERE, 2);
  return Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after), Buffer.from(rest(source))]);
};
/** `split` above takes the first two parts; some samples hold the words twice. */
const rest = (source: Source): string =>
  words(source, HERE)
    .split(HERE)
    .slice(2)
    .map((part) => HERE + part)
    .join('');
const beside = (source: Source, json: string): string =>
  JSON.stringify(sampleBody(source, at())).replace(/\}$/, `,${json}}`);

interface Case {
  readonly name: string;
  readonly body: (source: Source) => Buffer | string;
}

const TAKEN: readonly Case[] = [
  { name: 'invalid UTF-8', body: (source) => around(source, Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80])) },
  { name: 'half a multi-byte character', body: (source) => around(source, Buffer.from('🚢').subarray(0, 2)) },
  { name: 'a byte order mark', body: (source) => `\ufeff${words(source, 'x')}` },
  { name: 'lone surrogates', body: (source) => around(source, '\\ud83d and \\udea2 apart') },
  { name: 'keys that come twice', body: (source) => beside(source, '"note":1,"note":2') },
  { name: 'brackets 1,000 deep', body: (source) => beside(source, `"deep":${'['.repeat(1_000)}${']'.repeat(1_000)}`) },
  {
    name: 'brackets 100,000 deep',
    body: (source) => beside(source, `"deep":${'['.repeat(100_000)}${']'.repeat(100_000)}`),
  },
  {
    name: 'objects 20,000 deep',
    body: (source) => beside(source, `"deep":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`),
  },
  { name: '__proto__', body: (source) => beside(source, '"__proto__":{"polluted":1,"toString":1}') },
  {
    name: 'constructor and prototype',
    body: (source) => beside(source, '"constructor":{"prototype":{"polluted":1}},"prototype":{"polluted":1}'),
  },
  {
    name: '1e400, -0 and a number of 400 digits',
    body: (source) => beside(source, `"a":1e400,"b":-0,"c":${'9'.repeat(400)}`),
  },
  { name: 'a text of 1 MiB', body: (source) => words(source, 'x'.repeat(1024 * 1024)) },
  { name: 'a key of 1 MiB', body: (source) => beside(source, `"${'k'.repeat(1024 * 1024)}":1`) },
  {
    name: '10,000 keys',
    body: (source) => beside(source, Array.from({ length: 10_000 }, (_, index) => `"k${index}":1`).join()),
  },
  { name: 'NUL', body: (source) => words(source, 'a\u0000b') },
  { name: 'line breaks', body: (source) => words(source, 'a\r\n{"level":60,"msg":"forged"}\r\nb') },
  { name: 'terminal escapes', body: (source) => words(source, '\u001b[2J\u001b]0;owned\u0007\u009b31m') },
  {
    name: 'marks that turn text around',
    body: (source) => words(source, 'deploy \u202enoitcudorp\u202c \u2066x\u2069'),
  },
  { name: 'markup', body: (source) => words(source, '</td><script>alert(1)</script><img src=x onerror="alert(1)">') },
  {
    name: 'an emoji at every place where a text may be cut',
    body: (source) => words(source, `${'x'.repeat(199)}${'🚢'.repeat(3_000)}`),
  },
  {
    name: 'formulas and formats',
    body: (source) => words(source, '=cmd|x!A1 %s %n %d ${jndi:ldap://x} {{7*7}} $& $1'),
  },
  { name: 'UTF-16', body: (source) => Buffer.from(`\ufeff${words(source, 'x')}`, 'utf16le') },
  { name: 'Windows-1252', body: (source) => Buffer.from(words(source, 'dépl\u00f4yé'), 'latin1') },
];

const BROKEN: readonly Case[] = [
  { name: 'NaN', body: (source) => beside(source, '"a":NaN') },
  { name: 'Infinity', body: (source) => beside(source, '"a":-Infinity') },
  { name: 'a comment', body: (source) => beside(source, '/* x */"a":1') },
  { name: 'a line break within a text', body: (source) => beside(source, '"a":"x\ny"') },
  { name: 'NUL within a text', body: (source) => beside(source, '"a":"x\u0000y"') },
  { name: 'two objects', body: (source) => `${words(source, 'x')}${words(source, 'x')}` },
  { name: 'a body that breaks off', body: (source) => words(source, 'x').slice(0, -30) },
  { name: '100,000 open brackets', body: () => '['.repeat(100_000) },
  { name: 'terminal escapes in front', body: () => '\u001b[2J\u001b]0;owned\u0007' },
];

const inbox = async (): Promise<{ id: string; verdict: string }[]> => {
  const pages = await Promise.all([0, 100].map((offset) => bridge.get(`/api/inbox?limit=100&offset=${offset}`)));
  return pages.flatMap(({ body }) => body.data);
};

/** Redis took longer than its limit, which is no fault of the webhook. */
const isOfBusyMachine = ({ error }: Readonly<Record<string, unknown>>) =>
  (error as { readonly type?: string } | undefined)?.type === 'NotKept'; // the shape of a line of our log

const isPolluted = () =>
  'polluted' in {} || typeof {}.toString !== 'function' || Object.keys(Object.prototype).length > 0;

describe.each(SOURCES)('%s', (type) => {
  it.each(TAKEN)('accepts $name', async ({ body }) => {
    const answer = await send(bridge.url, sourceOf(type), body(sourceOf(type)));
    expect(answer).toMatchObject({ status: type === 'changes-api' ? 201 : 202, json: expect.anything() });
    if (type !== 'changes-api') expect(answer.json).toMatchObject({ status: 'accepted' });
    expectWithin(answer.ms, WITHIN_MS);
    expect(isPolluted()).toBe(false);
  });

  it.each(BROKEN)('does not accept $name', async ({ body }) => {
    const answer = await send(bridge.url, sourceOf(type), body(sourceOf(type)));
    // Argo CD never comes again after a 4xx.
    expect(answer.status).toBe(type === 'argocd' ? 202 : 400);
    if (type === 'argocd') expect(answer.json).toMatchObject({ status: 'ignored', reason: 'invalid_json' });
    expectWithin(answer.ms, WITHIN_MS);
    expect(answer.text).not.toMatch(/\p{Cc}/u);
  });
});

describe('what was accepted', () => {
  it('is recorded completely', async () => {
    await bridge.settled();
    const recorded = (await inbox()).filter(({ verdict }) => verdict === 'recorded');
    expect(recorded).toHaveLength(TAKEN.length * SOURCES.length);
  });

  it('is shown on the pages as text, without control characters or markup', async () => {
    const changes = await bridge.changes();
    const paths = [
      '/',
      '/inbox',
      ...changes.map(({ deployment }) => `/deployments/${encodeURIComponent(deployment)}`),
      ...(await inbox()).slice(0, 50).map(({ id }) => `/inbox/${id}`),
    ];
    for (const path of paths) {
      const answer = await fetch(bridge.url + path, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
      const page = await answer.text();
      expect(answer.status, path).toBe(200);
      expect(page, path).not.toMatch(/<script>alert|<img src=x/);
      expect(page.replace(/[\t\r\n]/g, ''), path).not.toMatch(/[\p{Cc}\u202e\u2066]/u);
    }
  });

  it('has one log line each, and cannot add lines', () => {
    const lines = bridge.logged.filter(({ level, msg }) => Number(level) >= 40 || msg === 'forged');
    expect(lines.filter((line) => !isOfBusyMachine(line))).toEqual([]);
  });
});

describe('numbers', () => {
  const gitlab = async (json: string) => {
    const body = JSON.stringify(gitlabDeploymentHook({ deployable_id: HERE })).replace(`"${HERE}"`, json);
    return send(bridge.url, sourceOf('gitlab'), body);
  };

  it.each(['9007199254740991', '15664214926', '1'])('of a job: %s stays exact', async (id) => {
    expect((await gitlab(id)).json).toMatchObject({ deployments: [`gitlab:git.harbor.example:77:job:${id}`] });
  });

  it.each(['9007199254740993', '12345678901234567890', '1e400', '-1', '1.5', '-0', '0', '"x"', '[7]', 'true'])(
    "of a job: %s is not exact or not an id, so the job's URL is used",
    async (id) => {
      expect((await gitlab(id)).json).toMatchObject({ deployments: ['gitlab:git.harbor.example:77:job:15664214926'] });
    },
  );

  it('of a job: digits beyond 2^53 are exact as text', async () => {
    const { json } = await gitlab('"9007199254740993"');
    expect(json).toMatchObject({ deployments: ['gitlab:git.harbor.example:77:job:9007199254740993'] });
  });

  it('of a pull request beyond 2^53 are kept digit by digit when they are sent as text', async () => {
    const body = {
      summary: 'x',
      environment: 'staging',
      pr_number: '9007199254740993',
      external_id: '9007199254740993',
    };
    const { json } = await send(bridge.url, sourceOf('changes-api'), JSON.stringify(body));
    expect(json).toMatchObject({ data: { pr_number: '9007199254740993', external_id: '9007199254740993' } });
  });
});
