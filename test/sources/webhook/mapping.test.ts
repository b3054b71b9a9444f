import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Config } from '../../../src/config/config.ts';
import { ChangeRecord } from '../../../src/domain/change-record.ts';
import { explain, receivedAt } from '../../../src/explain/explain.ts';
import type { Webhook } from '../../../src/sources/received-webhook.ts';
import type { Source } from '../../../src/sources/source.ts';
import { FIELD_NAMES } from '../../../src/sources/webhook/field-names.ts';
import { webhook } from '../../../src/sources/webhook/index.ts';
import { presetNames } from '../../../src/sources/webhook/presets/index.ts';

const SECRET = 'a-secret-of-24-characters';
const OTHER = 'another-secret-altogether';

/** A tool that nobody has heard of, in 19 lines. */
const QUAYBOT = `
type: webhook
name: quaybot
secrets: [${SECRET}]
verify: { hmac: { header: X-Quay-Signature, prefix: "v1=" } }
when: { kind: deploy }
fields:
  id: { path: run.id }
  state: { path: run.phase, map: { go: running, done: succeeded, broke: failed } }
  environment: { path: run.where, map: { p: production, s: staging } }
  service: { path: 'labels["app.example.com/name"]' }
  commit: { path: run.ref, capture: '/@(?<sha>[0-9a-f]+)$/' }
  ref: { path: run.ref, capture: '/^(?<branch>[^@]+)@/' }
  actor: { first: [{ path: run.by.name }, { path: run.by.id }] }
  summary: { text: 'Quaybot moved {run.what} to {run.where}' }
  pipeline_url: { path: run.url }
  occurred_at: { path: run.at }
sample:
  body: { kind: deploy, run: { id: 7, phase: done, where: p }, labels: { app.example.com/name: pay } }
`;
const SHA = '4f0c9e1d6b2a8c3f5e7d9b1a2c4e6f8091a3b5c7';
const EVENT = {
  kind: 'deploy',
  run: { id: 7, phase: 'done', where: 'p', ref: `main@${SHA}`, by: { id: 12 }, what: 'pay', at: 1_773_930_605 },
  labels: { 'app.example.com/name': 'pay' },
};

const sourceOf = (over: Record<string, unknown> = {}): Source => webhook.parse({ ...parse(QUAYBOT), ...over });

function post(body: unknown, over: Partial<Webhook> = {}): Webhook {
  return {
    id: 'w',
    method: 'POST',
    path: '/webhooks/quaybot',
    headers: {},
    body: Buffer.from(JSON.stringify(body)),
    receivedAt: new Date('2026-03-20T10:00:00.000Z'),
    ...over,
  };
}

function recordOf(body: unknown, source = sourceOf()): ChangeRecord {
  const mapped = source.map(body, post(body));
  if (mapped.kind !== 'records') throw new Error(`ignored: ${mapped.reason}: ${mapped.detail}`);
  return ChangeRecord.parse(mapped.records[0]);
}

const issuesOf = (over: Record<string, unknown>) =>
  webhook
    .safeParse({ ...parse(QUAYBOT), ...over })
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);

describe('a tool of one’s own', () => {
  it('needs less than 20 lines of YAML', () => {
    expect(QUAYBOT.trim().split('\n').length).toBeLessThanOrEqual(20);
    expect(recordOf(EVENT)).toMatchObject({
      deployment: 'webhook:quaybot:7',
      source: 'webhook',
      instance: 'quaybot',
      reportedSource: 'quaybot',
      state: 'succeeded',
      environment: { name: 'production' },
      service: 'pay',
      commit: { sha: SHA },
      ref: 'main',
      actor: '12',
      summary: 'Quaybot moved pay to p',
      occurredAt: '2026-03-19T14:30:05.000Z',
    });
  });

  it('has one key for all signals of a deployment', () => {
    const phases = ['go', 'done', 'broke'].map((phase) => recordOf({ ...EVENT, run: { ...EVENT.run, phase } }));
    expect(new Set(phases.map(({ deployment }) => deployment)).size).toBe(1);
    expect(phases.map(({ state }) => state)).toEqual(['running', 'succeeded', 'failed']);
  });

  it('has an unknown environment if the tool names none, with advice', () => {
    const record = recordOf({ ...EVENT, run: { ...EVENT.run, where: undefined } });
    expect(record.environment).toEqual({ name: 'unknown' });
    expect(record.notes).toEqual(['environment is unknown: set fields.environment of the source quaybot']);
  });

  it.each([
    ['another event', { kind: 'lunch' }, 'not_a_deployment', 'kind is lunch'],
    ['an event without a kind', { kind: undefined }, 'not_a_deployment', 'kind is missing'],
    [
      'a word that the map does not know',
      { run: { ...EVENT.run, phase: 'melted' } },
      'unknown_status',
      'the state is melted: add it to the map of fields.state of the source quaybot',
    ],
  ])('is ignored with its reason: %s', (_, over, reason, detail) => {
    const body = { ...EVENT, ...over };
    expect(sourceOf().map(body, post(body))).toEqual({ kind: 'ignored', reason, detail });
  });

  it('is refused without an id of the deployment', () => {
    const body = { ...EVENT, run: { ...EVENT.run, id: null } };
    expect(() => sourceOf().map(body, post(body))).toThrow(/correct fields\.id of the source quaybot/);
  });

  it('shows in explain the path of each field', async () => {
    const { name } = sourceOf();
    const config = Config.parse({
      admin_token: 'an-admin-token-for-tests',
      sources: [parse(QUAYBOT)],
    });
    const [source] = config.sources;
    if (!source) throw new Error('there is no source');
    const { deployments } = await explain(source, post(EVENT), { ...config, checkSignature: false });
    const from = Object.fromEntries(deployments[0]?.origins.map((origin) => [origin.field, origin.from]) ?? []);
    expect(from).toMatchObject({
      state: ['webhook: run.phase'],
      'environment.name': ['webhook: run.where'],
      service: ['webhook: labels["app.example.com/name"]'],
      actor: ['webhook: run.by.id'],
      summary: ['webhook: run.what + run.where'],
    });
    expect(name).toBe('quaybot');
  });

  it('gives a change or a reason for any JSON, the same each time', () => {
    const source = sourceOf();
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.record({ kind: fc.constant('deploy'), run: fc.jsonValue(), labels: fc.jsonValue() }),
    );
    const outcome = (body: unknown) => {
      try {
        return source.map(body, post(body));
      } catch (error) {
        expect(error).toMatchObject({ name: 'WebhookRejected', code: 'bad_payload' });
        return 'rejected';
      }
    };
    fc.assert(
      fc.property(anything, (body) => {
        const first = outcome(body);
        if (typeof first === 'object' && first.kind === 'records')
          for (const record of first.records) ChangeRecord.parse(record);
        expect(outcome(body)).toEqual(first);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a mapping that cannot work', () => {
  it.each([
    ['no identity', { fields: { state: 'succeeded' } }, 'fields.id: say what identifies a deployment'],
    ['no state', { fields: { id: { path: 'a' } } }, 'fields.state: name the value that holds the state'],
    ['no sample', { sample: undefined }, 'sample: paste a webhook of the tool'],
    ['a sample that is ignored', { sample: { body: { kind: 'x' } } }, 'sample: it makes no change: not_a_deployment'],
    [
      'a sample without an environment',
      { sample: { body: { kind: 'deploy', run: { id: 1, phase: 'go' }, labels: { 'app.example.com/name': 'a' } } } },
      'sample: it makes no change: no path of fields.environment leads to a value',
    ],
    ['an unknown field', { fields: { colour: 'red' } }, 'fields: '],
    ['a wrong expression', { when: { kind: '/(/' } }, 'when.kind: not a valid regular expression'],
    ['a header in capitals', { when: { '$headers.X-Kind': 'deploy' } }, 'fields: write $headers.x-kind'],
    [
      'the header that proves the sender',
      { when: { '$headers.x-quay-signature': 'v1' } },
      'fields: $headers.x-quay-signature proves who sent it',
    ],
    ['events beside a preset', { preset: 'github', events: [{ fields: {} }] }, 'events: a preset has its own'],
    [
      'a preset without what it needs',
      { preset: 'github-workflow', fields: undefined },
      'fields.environment: the preset github-workflow needs it',
    ],
  ])('is refused at start: %s', (_, over, expected) => {
    const issues = issuesOf(over) ?? [];
    expect(
      issues.filter((issue) => issue.startsWith(expected)),
      issues.join('\n'),
    ).not.toEqual([]);
  });

  it('shows no secret in its message', () => {
    expect(JSON.stringify(issuesOf({ fields: {}, sample: undefined }))).not.toContain(SECRET);
  });
});

describe('the proof of the sender', () => {
  const at = new Date('2026-03-20T10:00:00.000Z');
  const WAYS: readonly (readonly [string, unknown])[] = [
    ['bearer', 'bearer'],
    ['basic', 'basic'],
    ['path', 'path'],
    ['header', { header: 'X-Quay-Token' }],
    ['hmac', { hmac: { header: 'X-Sig' } }],
    ['hmac of SHA-512 in base64', { hmac: { header: 'X-Sig', algorithm: 'sha512', encoding: 'base64' } }],
    [
      'hmac with a time',
      { hmac: { header: 'X-Sig', timestamp: { header: 'X-Time', signed: 'v0:{timestamp}:{body}' } } },
    ],
  ];
  const requestOf = (source: Source): Webhook => {
    const { path, headers, body } = source.sample(at);
    return { ...post({}), path, headers, body: Buffer.from(body) };
  };

  it.each(WAYS)('by %s accepts any of its secrets, and no other', (_, verify) => {
    const request = requestOf(sourceOf({ verify }));
    for (const secrets of [[SECRET], [OTHER, SECRET]])
      expect(() => sourceOf({ verify, secrets }).verify(request)).not.toThrow();
    const wrong = sourceOf({ verify, secrets: [OTHER] });
    expect(() => wrong.verify(request)).toThrow(expect.objectContaining({ code: 'bad_signature' }));
    expect(() => wrong.verify(request)).not.toThrow(SECRET);
    expect(wrong.isProvedBy(request, [SECRET])).toBe(true);
    const { headers: _headers, path: _path, ...rest } = request;
    expect(() => sourceOf({ verify }).verify({ ...rest, headers: {}, path: '/webhooks/quaybot' })).toThrow(/missing/);
  });

  it.each(WAYS.filter(([name]) => name.startsWith('hmac')))('by %s is over the raw bytes', (_, verify) => {
    const source = sourceOf({ verify });
    const request = requestOf(source);
    expect(() => source.verify({ ...request, body: Buffer.concat([request.body, Buffer.from(' ')]) })).toThrow(/wrong/);
  });

  it('accepts upper-case hex digits, and no signature without its prefix', () => {
    const source = sourceOf({ verify: { hmac: { header: 'X-Sig', prefix: 'sha256=' } } });
    const body = Buffer.from('{"a":1}');
    const hex = createHmac('sha256', SECRET).update(body).digest('hex');
    const sent = (value: string) => ({ ...post({}), body, headers: { 'x-sig': value } });
    expect(() => source.verify(sent(`sha256=${hex.toUpperCase()}`))).not.toThrow();
    expect(() => source.verify(sent(hex))).toThrow(/wrong/);
  });

  it('with a time rejects old signatures', () => {
    const source = sourceOf({ verify: { hmac: { header: 'X-Sig', timestamp: { header: 'X-Time' } } } });
    const old = { ...requestOf(source), receivedAt: new Date(at.getTime() + 301_000) };
    expect(() => source.verify(old)).toThrow(/300 s away from our clock/);
  });

  it('with a time is checked by explain as of that time', () => {
    const source = sourceOf({ verify: { hmac: { header: 'X-Sig', timestamp: { header: 'X-Time' } } } });
    const { headers } = source.sample(at);
    expect(receivedAt(headers, new Date('2027-01-01T00:00:00Z'), source)).toEqual(at);
  });

  it('in the path is stored nowhere', () => {
    expect(sourceOf({ verify: 'path' })).toMatchObject({ hidesPath: true, proofHeaders: [] });
    expect(sourceOf({ verify: 'bearer' }).hidesPath).toBeUndefined();
  });
});

describe('the README', () => {
  const blocks = [...readFileSync('src/sources/webhook/README.md', 'utf8').matchAll(/```yaml\n(sources:[\s\S]*?)```/g)];

  it.each(blocks.map(([, text = '']) => [text.match(/(?:preset|name): (\S+)/)?.[1] ?? '', text]))(
    'has a recipe for %s that loads',
    (_, text) => {
      const { sources } = parse(text.replace(/\$\{[^}]*\}/g, SECRET));
      for (const source of sources) expect(webhook.safeParse(source).error?.issues).toBeUndefined();
    },
  );

  it('lists every preset and every field', () => {
    const readme = readFileSync('src/sources/webhook/README.md', 'utf8');
    expect(blocks.length).toBeGreaterThan(2);
    for (const name of [...presetNames, ...FIELD_NAMES]) expect(readme).toContain(`\`${name}\``);
  });
});

describe('a webhook that is mapped again', () => {
  it('has the headers that the mapping reads, and none that authenticates the sender', () => {
    const github = webhook.parse({ type: 'webhook', preset: 'github', secrets: [SECRET] });
    expect(github.keptHeaders).toEqual(expect.arrayContaining(['x-github-event', 'x-github-delivery']));
    const own = sourceOf({ ignore: [{ when: { '$headers.x-quay-test': 'yes' }, reason: 'ping' }] });
    expect(own.keptHeaders).toEqual(['x-quay-test']);
    const body = EVENT;
    expect(own.map(body, post(body, { headers: { 'x-quay-test': 'yes' } }))).toMatchObject({ reason: 'ping' });
  });

  it('may be a list', () => {
    const source = sourceOf({
      when: { '$body.0.kind': 'deploy' },
      fields: {
        id: { path: '$body.0.run' },
        state: 'succeeded',
        environment: 'sandbox',
        service: { path: '$body.0.what' },
      },
      sample: { body: [{ kind: 'deploy', run: 1, what: 'pay' }] },
    });
    expect(recordOf([{ kind: 'deploy', run: 2, what: 'ledger' }], source)).toMatchObject({ service: 'ledger' });
  });
});

describe('several webhook sources', () => {
  it('have one address each, and only two of one tool are kept apart', () => {
    const { sources } = Config.parse({
      admin_token: 'an-admin-token-for-tests',
      sources: [
        parse(QUAYBOT),
        { type: 'webhook', preset: 'vercel', secrets: [SECRET] },
        { type: 'webhook', preset: 'vercel', name: 'vercel-quay', secrets: [OTHER] },
      ],
    });
    expect(sources.map(({ name }) => name)).toEqual(['quaybot', 'vercel', 'vercel-quay']);
    const keys = sources.map((source) => {
      const { headers, body } = source.sample(new Date('2026-03-20T10:00:00Z'));
      const mapped = source.map(JSON.parse(body), post({}, { headers }));
      return mapped.kind === 'records' ? mapped.records[0]?.deployment.replace(/\d{9,}/, 'N') : mapped.detail;
    });
    expect(keys).toEqual([
      'webhook:quaybot:7',
      'webhook:vercel:dpl_N:staging',
      'vercel-quay@webhook:vercel:dpl_N:staging',
    ]);
  });

  it('of a preset use configured fields instead of its own', () => {
    const source = webhook.parse({
      type: 'webhook',
      preset: 'jenkins',
      secrets: [SECRET],
      fields: { environment: { path: 'name', map: { 'deploy-pay': 'production' } } },
    });
    const body = { name: 'deploy-pay', build: { full_url: 'https://ci.harbor.example/1', phase: 'STARTED' } };
    expect(recordOf(body, source)).toMatchObject({ environment: { name: 'production' }, state: 'running' });
  });
});
