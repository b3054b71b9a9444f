import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ctoai } from '../../../src/sinks/ctoai/index.ts';
import type { Sink } from '../../../src/sinks/sink.ts';
import { failed } from '../../support/delivery-failed.ts';
import { aDeployment } from '../../support/deployment.ts';
import { CtoaiEvent } from '../../support/destination-schemas.ts';
import { type FakeServer, startFakeServer } from '../../support/fake-server.ts';
import { createMemoryLedger, type MemoryLedger } from '../../support/ledger.ts';

const TOKEN = 'ctoai-token-of-24-letters';
const TEAM = '5e2c77aa-0000-4000-8000-000000000000';

let fake: FakeServer;
let events: CtoaiEvent[];
let ledger: MemoryLedger;
let sink: Sink;

const makeSink = (over: Record<string, unknown> = {}): Sink => {
  const made = ctoai.parse({
    type: 'ctoai',
    url: fake.url,
    token: TOKEN,
    team_id: TEAM,
    timeout_seconds: 60,
    ...over,
  });
  if (!made) throw new Error('the sink is off');
  return made;
};

beforeEach(async () => {
  events = [];
  fake = await startFakeServer(({ method, path, headers, text }) => {
    if (method === 'GET') return { status: 404, body: 'Not found' };
    if (method !== 'POST' || path !== '/') return { status: 404, body: 'Cannot POST' };
    if (headers.authorization !== `Bearer ${TOKEN}`) return { status: 401, body: { message: 'Unauthorized' } };
    if (!headers['content-type']?.startsWith('application/json')) return { status: 400 };
    const event = CtoaiEvent.safeParse(JSON.parse(text));
    if (!event.success) return { status: 400, body: event.error.message };
    events.push(event.data);
    return { status: 200, body: { message: 'event written', data: {} } };
  });
  ledger = createMemoryLedger();
  sink = makeSink();
});
afterEach(() => fake.close());

describe('the configuration of ctoai', () => {
  it('is off without token and team, and names the one that is missing', () => {
    expect(ctoai.parse({ type: 'ctoai' })).toBeUndefined();
    expect(ctoai.safeParse({ type: 'ctoai', token: TOKEN }).error?.message).toContain('team_id is not');
    expect(ctoai.safeParse({ type: 'ctoai', team_id: TEAM }).error?.message).toContain('token is not');
  });

  it('refuses a token with a line break and names the cause, not the token', () => {
    const { error } = ctoai.safeParse({ type: 'ctoai', token: `${TOKEN}\n`, team_id: TEAM });
    expect(error?.message).toContain('white space');
    expect(error?.message).not.toContain(TOKEN);
  });

  it('refuses a state that CTO.ai does not have', () => {
    expect(ctoai.safeParse({ type: 'ctoai', states: ['canceled'] }).success).toBe(false);
  });
});

describe('the event that CTO.ai receives', () => {
  it('is the end of a deployment, with a reason for other states', () => {
    expect(sink.wants(aDeployment())).toEqual({ wanted: true });
    expect(sink.wants(aDeployment({ state: 'failed' }))).toEqual({ wanted: true });
    expect(sink.wants(aDeployment({ state: 'running' }))).toEqual({
      wanted: false,
      why: 'ctoai only accepts: succeeded, failed; this one is running',
    });
    expect(sink.wants(aDeployment({ state: 'canceled' }))).toMatchObject({
      why: expect.stringContaining('no word for it'),
    });
  });

  it('contains all known fields', async () => {
    const image = 'registry.harbor.example/lighthouse-api:3.14.0';
    await ledger.deliver(sink, aDeployment({ artifacts: ['chart:beacon@4.2.1', image] }));
    await expect(`${JSON.stringify(events[0], null, 2)}\n`).toMatchFileSnapshot('event.expected.json');
  });

  it('leaves out unknown fields, but never the environment', async () => {
    const { ref: _, commit: __, actor: ___, repository: ____, ...bare } = aDeployment();
    await ledger.deliver(sink, { ...bare, environment: { name: 'unknown' }, artifacts: ['chart:beacon@4.2.1'] });
    expect(events).toEqual([
      {
        team_id: TEAM,
        event_name: 'deployment',
        event_action: 'success',
        repo: 'lighthouse-api',
        environment: 'unknown',
      },
    ]);
  });

  it('does not send a tag as a branch', async () => {
    await ledger.deliver(sink, aDeployment({ ref: 'v3.14.0', tag: true }));
    expect(events[0]).not.toHaveProperty('branch');
  });

  it.each([
    ['pending', 'blocked'],
    ['running', 'started'],
    ['succeeded', 'success'],
    ['failed', 'failure'],
  ] as const)('calls %s "%s"', async (state, action) => {
    await ledger.deliver(makeSink({ states: ['pending', 'running', 'succeeded', 'failed'] }), aDeployment({ state }));
    expect(events[0]?.event_action).toBe(action);
  });

  it('is previewed as it is sent, without the token', async () => {
    const preview = sink.preview(aDeployment());
    expect(fake.requests).toEqual([]);
    expect(preview.headers['authorization']).toBe('Bearer [secret]');
    await ledger.deliver(sink, aDeployment());
    expect(preview.body).toEqual(events[0]);
    expect(preview.url).toBe(`${fake.url}/`);
  });
});

describe('a delivery to CTO.ai', () => {
  it('is one event, even if it is repeated', async () => {
    expect(await ledger.deliver(sink, aDeployment())).toEqual({ message: '200 accepted', status: 200 });
    expect(await ledger.deliver(sink, aDeployment())).toBe('known');
    expect(events).toHaveLength(1);
  });

  it.each([
    [302, 'never', 'Redirects'],
    [400, 'never', '400'],
    [401, { afterMs: 10_000, hold: 'sink' }, 'valid token'],
    [403, { afterMs: 10_000, hold: 'sink' }, 'valid token'],
    [404, 'never', 'check url'],
    [408, 'backoff', '408'],
    [422, 'never', '422'],
    [429, 'backoff', '429'],
    [500, 'backoff', '500'],
    [502, 'backoff', '502'],
    [503, 'backoff', '503'],
  ] as const)('maps status %i to the right retry', async (status, retry, words) => {
    fake.inject({ kind: 'status', status });
    const error = await failed(ledger.attempt(sink, aDeployment()));
    expect(error).toMatchObject({ retry, status });
    expect(error.message).toContain(words);
    const uncertain = [408, 500, 502].includes(status);
    expect(ledger.of(aDeployment().key).known.attemptedAt !== undefined).toBe(uncertain);
  });

  it("shows the response's message, and no token even if the response repeats it", async () => {
    fake.inject({ kind: 'status', status: 422, body: `no: Bearer ${TOKEN}` });
    const { message } = await failed(ledger.attempt(sink, aDeployment()));
    expect(message).toContain('no: Bearer [secret]');
    expect(message).not.toContain(TOKEN);
  });

  it('reports a possible duplicate if a response was lost', async () => {
    fake.inject({ kind: 'lost-reply', method: 'POST' });
    const delivered = await ledger.deliver(sink, aDeployment());
    expect(delivered).toMatchObject({ message: expect.stringContaining('perhaps twice') });
    expect(events).toHaveLength(2);
  });

  it('reports no duplicate if nothing was sent', async () => {
    await fake.down();
    expect((await failed(ledger.attempt(sink, aDeployment()))).retry).toBe('backoff');
    await fake.up();
    expect(await ledger.deliver(sink, aDeployment())).toMatchObject({ message: '200 accepted' });
  });
});

describe('the check of ctoai', () => {
  it('sends nothing, and states what it cannot check', async () => {
    expect(await sink.check(new AbortController().signal)).toContain('shows only when a deployment is sent');
    expect(events).toEqual([]);
    expect(fake.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('fails when nothing answers', async () => {
    await fake.down();
    await failed(sink.check(new AbortController().signal));
  });
});
