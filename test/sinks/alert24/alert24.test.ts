import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alert24 } from '../../../src/sinks/alert24/index.ts';
import { toChange } from '../../../src/sinks/alert24/request.ts';
import type { Sink } from '../../../src/sinks/sink.ts';
import { failed } from '../../support/delivery-failed.ts';
import { aDeployment } from '../../support/deployment.ts';
import { ALERT24_KEY, type FakeAlert24, startFakeAlert24 } from '../../support/fake-alert24.ts';
import { createMemoryLedger, type MemoryLedger } from '../../support/ledger.ts';

const NOW = new Date('2026-03-19T14:31:00.000Z');
const IN_TIME = { now: NOW, lateAfterMs: 300_000, possibleDuplicate: false, sourceName: 'argocd' };

let fake: FakeAlert24;
let ledger: MemoryLedger;
let sink: Sink;

const makeSink = (over: Record<string, unknown> = {}): Sink => {
  const made = alert24.parse({ type: 'alert24', url: fake.url, api_key: ALERT24_KEY, timeout_seconds: 60, ...over });
  if (!made) throw new Error('the sink is off');
  return made;
};

beforeEach(async () => {
  fake = await startFakeAlert24();
  ledger = createMemoryLedger();
  sink = makeSink();
});
afterEach(() => fake.close());

describe('the configuration of alert24', () => {
  it('is off without a key', () => {
    expect(alert24.parse({ type: 'alert24' })).toBeUndefined();
    expect(alert24.parse({ type: 'alert24', url: undefined, api_key: undefined })).toBeUndefined();
  });

  it('refuses a key with a line break and names the cause, not the key', () => {
    const { error } = alert24.safeParse({ type: 'alert24', api_key: 'ak_live_abc\n' });
    expect(error?.message).toContain('white space');
    expect(error?.message).not.toContain('ak_live_abc');
  });

  it('accepts only the configured states, and names them', () => {
    expect(sink.wants(aDeployment())).toEqual({ wanted: true });
    expect(sink.wants(aDeployment({ state: 'failed' }))).toMatchObject({
      wanted: false,
      why: expect.stringContaining('succeeded'),
    });
    expect(makeSink({ states: ['failed'] }).wants(aDeployment({ state: 'failed' }))).toEqual({ wanted: true });
  });
});

describe('a change for Alert24', () => {
  it('contains only known fields', async () => {
    const change = toChange(
      aDeployment({
        description: 'Faster lamp',
        pullRequest: { number: '93', url: 'https://git.example.com/harbor/lighthouse-api/-/merge_requests/93' },
        commit: { sha: 'ab'.repeat(20), message: 'Turn the lamp faster\n\nCloses #8\n\n' },
        pipelineUrl: 'https://argo.example.com/applications/beacon',
        notes: ['the environment was taken from the namespace'],
      }),
      IN_TIME,
    );
    await expect(`${JSON.stringify(change, null, 2)}\n`).toMatchFileSnapshot('change.expected.json');
  });

  it('leaves out unknown fields, but never the environment', () => {
    const { ref: _, commit: __, actor: ___, ...bare } = aDeployment({ environment: { name: 'unknown' }, tags: [] });
    const change = toChange({ ...bare, artifacts: [] }, { ...IN_TIME, sourceName: undefined });
    expect(Object.keys(change).sort()).toEqual(
      ['change_type', 'description', 'environment', 'external_id', 'summary', 'tags'].sort(),
    );
    expect(change.environment).toBe('unknown');
  });

  it('marks a failure in summary, tags and risk', () => {
    const change = toChange(aDeployment({ state: 'failed', summary: 'Release 4' }), IN_TIME);
    expect(change.summary).toBe('FAILED: Release 4');
    expect(change.risk_level).toBe('high');
    expect(change.tags).toContain('status:failed');
    expect(toChange(aDeployment({ state: 'failed', riskLevel: 'low' }), IN_TIME).risk_level).toBe('low');
    expect(toChange(aDeployment({ state: 'failed' }), IN_TIME).summary).toMatch(/^FAILED: deploying/);
  });

  it('contains the true time if it is delivered late', () => {
    const late = toChange(aDeployment(), { ...IN_TIME, now: new Date('2026-03-19T15:12:30.000Z') });
    expect(late.description).toContain('Sent late: it happened at 2026-03-19T14:30:07.000Z, 42 minutes before');
    expect(late.tags).toContain('late');
    const inTime = toChange(aDeployment(), IN_TIME);
    expect(inTime.description).not.toContain('late');
    expect(inTime.tags).not.toContain('late');
  });

  it('cuts a long commit message between characters, not inside one', () => {
    const change = toChange(aDeployment({ commit: { message: '🚢'.repeat(3000) } }), IN_TIME);
    expect([...(change.commit_message ?? '')]).toHaveLength(2000);
    expect(change.commit_message).not.toMatch(/\p{Surrogate}/u);
  });

  it('carries the sender’s own id and tool', () => {
    const change = toChange(aDeployment({ externalId: 'release-7', reportedSource: 'jenkins' }), IN_TIME);
    expect(change).toMatchObject({ external_id: 'release-7', source: 'jenkins' });
  });
});

describe('a delivery to Alert24', () => {
  it('is one change, with the id that Alert24 gave', async () => {
    const delivered = await ledger.deliver(sink, aDeployment());
    expect(delivered).toEqual({ message: '201 created', status: 201, remoteId: fake.changes[0]?.id });
    expect(fake.changes).toHaveLength(1);
    expect(fake.refused).toEqual([]);
  });

  it('is one change if it is repeated', async () => {
    await ledger.deliver(sink, aDeployment());
    expect(await ledger.deliver(sink, aDeployment())).toBe('known');
    expect(fake.changes).toHaveLength(1);
  });

  it.each(['data', 'change', 'id'] as const)('finds the id in a response of the layout "%s"', async (createdAs) => {
    fake.options.createdAs = createdAs;
    expect(await ledger.deliver(sink, aDeployment())).toMatchObject({ remoteId: fake.changes[0]?.id });
  });

  it.each([
    ['empty', 204],
    ['empty', 201],
  ] as const)('accepts a response that is %s with status %i as success', async (createdAs, createdStatus) => {
    Object.assign(fake.options, { createdAs, createdStatus });
    expect(await ledger.deliver(sink, aDeployment())).toEqual({
      message: `${createdStatus} created`,
      status: createdStatus,
    });
  });

  it('takes a web page for no answer of Alert24, and looks for the change before it sends it again', async () => {
    Object.assign(fake.options, { createdAs: 'html', createdStatus: 200 });
    expect(await ledger.deliver(sink, aDeployment())).toMatchObject({ message: 'already there' });
    expect(fake.changes).toHaveLength(1);
  });

  it('goes to the service, and names an unknown one', async () => {
    fake.options.services = ['svc/lamp 1'];
    await ledger.deliver(sink, aDeployment({ serviceId: 'svc/lamp 1' }));
    expect(fake.changes[0]?.service_id).toBe('svc/lamp 1');
    const error = await failed(ledger.deliver(sink, aDeployment({ key: 'other', serviceId: 'svc-2' })));
    expect(error.retry).toBe('never');
    expect(error.message).toContain('svc-2');
  });

  it.each([
    [302, 'never'],
    [400, 'never'],
    [401, { afterMs: 10_000, hold: 'sink' }],
    [403, { afterMs: 10_000, hold: 'sink' }],
    [404, 'never'],
    [408, 'backoff'],
    [409, 'never'],
    [413, 'never'],
    [422, 'never'],
    [425, 'backoff'],
    [429, 'backoff'],
    [500, 'backoff'],
    [502, 'backoff'],
    [503, 'backoff'],
    [504, 'backoff'],
  ] as const)('maps status %i to the right retry', async (status, retry) => {
    fake.inject({ kind: 'status', status });
    const error = await failed(ledger.attempt(sink, aDeployment()));
    expect(error).toMatchObject({ retry, status });
    const uncertain = [408, 500, 502, 504].includes(status);
    expect(ledger.of(aDeployment().key).known.attemptedAt !== undefined).toBe(uncertain);
  });

  it('waits as long as a 429 asks', async () => {
    fake.inject({ kind: 'status', status: 429, headers: { 'retry-after': '30' }, body: 'Retry later' });
    expect((await failed(ledger.attempt(sink, aDeployment()))).retry).toEqual({ afterMs: 30_000, hold: 'sink' });
  });

  it("shows Alert24's message and the id of the request, and no secret even if the response repeats it", async () => {
    fake.inject({
      kind: 'status',
      status: 422,
      body: `no: Bearer ${ALERT24_KEY}`,
      headers: { 'x-request-id': 'req_9' },
    });
    const { message } = await failed(ledger.attempt(sink, aDeployment()));
    expect(message).toContain('no: Bearer [secret]');
    expect(message).toContain('X-Request-Id: req_9');
    expect(message).not.toContain(ALERT24_KEY);
  });
});

describe('a lost answer of Alert24', () => {
  it.each(['lost-reply', 'silent', 'cut'] as const)('leaves one change: %s', async (kind) => {
    fake.inject({ kind, method: 'POST' });
    const impatient = makeSink({ timeout_seconds: kind === 'silent' ? 0.5 : 60 });
    await failed(ledger.attempt(impatient, aDeployment()));
    await ledger.deliver(sink, aDeployment());
    expect(fake.changes).toHaveLength(1);
    expect(fake.changes[0]?.tags).not.toContain('possible-duplicate');
  });

  it('is not searched for if nothing was sent', async () => {
    await fake.down();
    expect((await failed(ledger.attempt(sink, aDeployment()))).retry).toBe('backoff');
    await fake.up();
    await ledger.deliver(sink, aDeployment());
    expect(fake.requests.map(({ method }) => method)).toEqual(['POST']);
  });

  it('leaves one change if a gateway answered 502 after the change was created', async () => {
    fake.inject({ kind: 'wrong-reply', status: 502 });
    expect(await ledger.deliver(sink, aDeployment())).toEqual({
      message: 'already there',
      remoteId: fake.changes[0]?.id,
    });
    expect(fake.changes).toHaveLength(1);
  });

  it.each([
    ['ignored', 'newest-first'],
    ['refused', 'newest-first'],
    ['ignored', 'oldest-first'],
  ] as const)('is found among 250 newer changes when the filter is %s and the list %s', async (filter, order) => {
    Object.assign(fake.options, { filterByExternalId: filter, order });
    for (let old = 0; old < 120; old += 1)
      fake.changes.push(stranger(old, new Date(1_577_836_800_000 + old).toISOString()));
    fake.inject({ kind: 'lost-reply', method: 'POST' });
    await failed(ledger.attempt(sink, aDeployment()));
    for (let newer = 0; newer < 250; newer += 1) fake.changes.push(stranger(1000 + newer, new Date().toISOString()));
    expect(await ledger.deliver(sink, aDeployment())).toMatchObject({ message: 'already there' });
  });

  it('is posted again if the list does not contain it, without reading the whole list', async () => {
    fake.options.filterByExternalId = 'ignored';
    for (let old = 0; old < 900; old += 1)
      fake.changes.push(stranger(old, new Date(1_577_836_800_000 + old).toISOString()));
    fake.inject({ kind: 'cut', method: 'POST' });
    await ledger.deliver(sink, aDeployment());
    expect(fake.requests.filter(({ method }) => method === 'GET')).toHaveLength(1);
    expect(fake.changes).toHaveLength(901);
  });

  it('is posted again and marked if the key cannot list', async () => {
    fake.options.scope = 'write-only';
    fake.inject({ kind: 'lost-reply', method: 'POST' });
    const delivered = await ledger.deliver(sink, aDeployment());
    expect(delivered).toMatchObject({ message: '201 created, perhaps twice: the list cannot be read' });
    expect(fake.changes.map(({ tags }) => tags?.includes('possible-duplicate'))).toEqual([false, true]);
  });

  it('stays marked if the second post is refused temporarily', async () => {
    fake.options.list = 'off';
    fake.inject({ kind: 'lost-reply', method: 'POST' }, { kind: 'status', status: 429, method: 'POST' });
    await failed(ledger.attempt(sink, aDeployment()));
    const { attemptedAt } = ledger.of(aDeployment().key).known;
    await wait(5);
    await failed(ledger.attempt(sink, aDeployment()));
    expect(ledger.of(aDeployment().key).known.attemptedAt).toBe(attemptedAt);
    await ledger.deliver(sink, aDeployment());
    expect(fake.changes.at(-1)?.tags).toContain('possible-duplicate');
  });

  it.each([500, 503, 429])('is searched for later if the list answers %i', async (status) => {
    fake.inject({ kind: 'lost-reply', method: 'POST' }, { kind: 'status', status, method: 'GET' });
    await failed(ledger.attempt(sink, aDeployment()));
    expect((await failed(ledger.attempt(sink, aDeployment()))).retry).toBe('backoff');
    expect(fake.changes).toHaveLength(1);
    await ledger.deliver(sink, aDeployment());
    expect(fake.changes).toHaveLength(1);
  });

  it('is not confused with an earlier state with the same external id', async () => {
    sink = makeSink({ states: ['running', 'succeeded'] });
    await ledger.deliver(sink, aDeployment({ state: 'running', externalId: 'release-7' }));
    fake.inject({ kind: 'cut', method: 'POST' });
    await ledger.deliver(sink, aDeployment({ externalId: 'release-7' }));
    expect(fake.changes).toHaveLength(2);
  });
});

describe('the check of alert24', () => {
  it('reports that the key works', async () => {
    expect(await sink.check(new AbortController().signal)).toContain('takes the API key');
  });

  it('reports what to do about a wrong key, without the key', async () => {
    const wrong = makeSink({ api_key: 'ak_live_wrong' });
    const error = await failed(wrong.check(new AbortController().signal));
    expect(error.message).toMatch(/401.*valid api_key/);
    expect(error.message).not.toContain('ak_live_wrong');
  });
});

const stranger = (number: number, created_at: string) => ({
  id: `stranger-${number}`,
  summary: 'Deployed something else',
  external_id: `other:${number}`,
  created_at,
});
