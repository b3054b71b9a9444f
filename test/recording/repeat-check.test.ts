import { describe, expect, it } from 'vitest';
import type { ChangeRecord, State } from '../../src/domain/change-record.ts';
import { createRepeatCheck } from '../../src/recording/repeat-check.ts';
import { createRecentPosts } from '../../src/store/changes/recent-posts.ts';
import type { InboxEntry } from '../../src/store/inbox/entry.ts';
import { createInbox } from '../../src/store/inbox/inbox.ts';
import { sha } from '../support/deployment.ts';
import { aRecord } from '../support/records.ts';
import { useRedis } from '../support/use-redis.ts';

const redis = useRedis();
const START = Date.parse('2026-03-14T08:00:00.000Z');
const at = (ms: number) => new Date(START + ms).toISOString();

const post = (commit: string, ms: number, state: State = 'succeeded'): ChangeRecord =>
  aRecord({
    deployment: `words:${commit}`,
    repeatable: true,
    state,
    commit: { sha: sha(commit) },
    repository: { name: 'harbor/pay' },
    occurredAt: at(ms),
    receivedAt: at(ms),
    webhook: `${commit} ${state} at ${ms}`,
  });

/** A bridge whose worker has recorded what is in `recorded`, and is behind with all the rest. */
function open() {
  const recorded = new Set<string>();
  const inbox = createInbox(redis, { days: 7, count: 100, maxBytes: 1_000_000 });
  const isRepeat = createRepeatCheck({
    repeats: { isRepeat: async ({ deployment }) => recorded.has(deployment) },
    posts: createRecentPosts(redis),
    inbox,
    keptWithinMs: 2_000,
  });
  const keep = async (record: ChangeRecord) => {
    const entry = { id: record.webhook ?? '', receivedAt: record.receivedAt, source: 'changes', method: 'POST' };
    const more = { path: '/', headers: {}, deployments: [], bytes: 0, verdict: 'accepted' } as const;
    await inbox.add({ ...entry, ...more } satisfies InboxEntry);
  };
  const conclude = (record: ChangeRecord) => inbox.conclude(record.webhook ?? '', { verdict: 'recorded' });
  /** Posted and acknowledged. */
  const acknowledge = async (record: ChangeRecord) => {
    const isKnown = await isRepeat(record);
    await keep(record);
    return isKnown;
  };
  return { recorded, isRepeat, acknowledge, conclude };
}

describe('a post that comes before the one it repeats is recorded', () => {
  it('is a repeat once the first is acknowledged', async () => {
    const { acknowledge } = open();
    expect(await acknowledge(post('A', 0))).toBe(false);
    expect(await acknowledge(post('A', 1))).toBe(true);
    expect(await acknowledge(post('A', 50_000))).toBe(true);
  });

  it('is no repeat after another deployment in between: that is a roll-back', async () => {
    const { acknowledge } = open();
    for (const commit of ['A', 'B', 'A', 'B']) expect(await acknowledge(post(commit, 0))).toBe(false);
    expect(await acknowledge(post('B', 1))).toBe(true);
  });

  it('is new if the state moves forward, and a repeat if it is older', async () => {
    const { acknowledge } = open();
    expect(await acknowledge(post('A', 0, 'running'))).toBe(false);
    expect(await acknowledge(post('A', 1))).toBe(false);
    expect(await acknowledge(post('A', 2, 'running'))).toBe(true);
  });

  it('is new if a job posts another end than its last attempt', async () => {
    const { acknowledge } = open();
    const ended = (ms: number, state: State) => ({ ...post('A', ms, state), endsOnce: true as const });
    expect(await acknowledge(ended(0, 'failed'))).toBe(false);
    expect(await acknowledge(ended(1, 'succeeded'))).toBe(false);
    expect(await acknowledge(ended(2, 'succeeded'))).toBe(true);
  });

  it('with an external id is a repeat in the same state, whatever came in between', async () => {
    const { acknowledge } = open();
    const named = (ms: number, state: State = 'succeeded') => {
      const { repeatable: _, ...one } = post('A', ms, state);
      return { ...one, deployment: 'changes:release-7' };
    };
    expect(await acknowledge(named(0))).toBe(false);
    expect(await acknowledge(post('B', 1))).toBe(false);
    expect(await acknowledge(named(2))).toBe(true);
    expect(await acknowledge(named(3, 'failed'))).toBe(false);
  });

  it('of another environment, service or source is a new one', async () => {
    const { acknowledge } = open();
    expect(await acknowledge(post('A', 0))).toBe(false);
    const others: Partial<ChangeRecord>[] = [
      { environment: { name: 'staging' }, deployment: 'words:A staging' },
      { service: 'cart', deployment: 'words:A cart' },
      { instance: 'changes-2', deployment: 'words:A changes-2' },
    ];
    for (const other of others) expect(await acknowledge({ ...post('A', 1), ...other })).toBe(false);
    expect(await acknowledge(post('A', 2))).toBe(true);
  });
});

describe('of two posts at the same time', () => {
  it('one is a repeat', async () => {
    const { isRepeat } = open();
    const answers = await Promise.all([isRepeat(post('A', 0)), isRepeat(post('A', 0)), isRepeat(post('A', 0))]);
    expect(answers.toSorted()).toEqual([false, true, true]);
  });
});

describe('a recorded post', () => {
  it('is compared with the change log', async () => {
    const { acknowledge, conclude, recorded } = open();
    await acknowledge(post('A', 0));
    await conclude(post('A', 0));
    expect(await acknowledge(post('A', 1))).toBe(false); // recorded, and the log says that it is none
    recorded.add('words:A');
    expect(await acknowledge(post('A', 2))).toBe(true);
  });
});

it('a request that was not stored has no repeats', async () => {
  const { isRepeat } = open();
  expect(await isRepeat(post('A', 0))).toBe(false);
  expect(await isRepeat(post('A', 2_500))).toBe(false);
});

it('an hour later, by its own time, is a new deployment', async () => {
  const { acknowledge } = open();
  await acknowledge({ ...post('A', 0), occurredAt: at(-3_601_000) });
  expect(await acknowledge(post('A', 1))).toBe(false);
});
