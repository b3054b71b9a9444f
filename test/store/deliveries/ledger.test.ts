import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Moment } from '../../../src/domain/deployment.ts';
import { noFlush } from '../../../src/queue/flush.ts';
import { createEchoes, type Echoes } from '../../../src/store/deliveries/echoes.ts';
import { createLedger, type Ledger } from '../../../src/store/deliveries/ledger.ts';
import { keys } from '../../../src/store/keys.ts';
import { startTestRedis } from '../../support/redis.ts';

let server: Awaited<ReturnType<typeof startTestRedis>>;
let redis: Redis;
let ledger: Ledger;
let echoes: Echoes;
beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.address.path);
  echoes = createEchoes(redis, 3600);
  ledger = createLedger(redis, {
    echoes,
    clock: () => new Date('2026-03-19T15:00:00.000Z'),
    keepSeconds: 3600,
    safety: noFlush,
  });
});
beforeEach(() => redis.flushall());
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const FAILED: Moment = { state: 'failed', at: '2026-03-19T14:30:00.000Z' };
const EARLIER: Moment = { state: 'succeeded', at: '2026-03-19T14:20:00.000Z' };

interface Place {
  readonly deployment: string;
  readonly sink?: string;
  readonly lane?: string;
}

const tell = ({ sink = 'alertops', ...place }: Place, moment: Moment) =>
  ledger.exclusive({ sink, ...place }, (entry) => entry.delivered(moment, { message: '200 accepted' }));
const toldIn = ({ sink = 'alertops', ...place }: Place) =>
  ledger.exclusive({ sink, ...place }, async ({ known }) => known.deliveredInLane);

describe('the latest moment in a lane', () => {
  it('is known to the next deployment in it', async () => {
    await tell({ deployment: 'a', lane: 'lamp:production' }, FAILED);
    expect(await toldIn({ deployment: 'b', lane: 'lamp:production' })).toEqual(FAILED);
  });

  it('stays the latest moment, whatever is delivered after it', async () => {
    await tell({ deployment: 'a', lane: 'lamp:production' }, FAILED);
    await tell({ deployment: 'b', lane: 'lamp:production' }, EARLIER);
    expect(await toldIn({ deployment: 'c', lane: 'lamp:production' })).toEqual(FAILED);
  });

  it('is unknown for another lane, another sink, or a sink without lanes', async () => {
    await tell({ deployment: 'a', lane: 'lamp:production' }, FAILED);
    expect(await toldIn({ deployment: 'b', lane: 'lamp:staging' })).toBeUndefined();
    expect(await toldIn({ deployment: 'b', lane: 'lamp:production', sink: 'other' })).toBeUndefined();
    expect(await toldIn({ deployment: 'a' })).toBeUndefined();
  });
});

it('stops a worker that was paused for longer than its lease, and the next one checks first', async () => {
  const place = { sink: 'alertops', deployment: 'a' };
  const runningStatus = ledger.exclusive(place, async (entry) => {
    const nowMs = performance.now();
    const clock = vi.spyOn(performance, 'now').mockReturnValue(nowMs + 13_000);
    try {
      await entry.attempting();
    } finally {
      clock.mockRestore();
    }
  });
  await expect(runningStatus).rejects.toMatchObject({ name: 'DeliveryFailed', retry: { hold: 'job' } });
  expect(await ledger.exclusive(place, async ({ known }) => known.attemptedAt)).toBe('2026-03-19T15:00:00.000Z');
});

describe('the time of a first attempt', () => {
  const place = { sink: 'alertops', deployment: 'a' };
  const timeOf = () => ledger.exclusive(place, async ({ known }) => known.attemptedAt);

  it('is stored with the leases, and kept if the answer is lost', async () => {
    const first = ledger.exclusive(place, async (entry) => {
      expect(await redis.hget(keys.ledger('alertops', 'a'), 'attempted_at')).toBe('2026-03-19T15:00:00.000Z');
      await entry.attempting();
      throw new Error('killed before the answer');
    });
    await expect(first).rejects.toThrow('killed');
    expect(await timeOf()).toBe('2026-03-19T15:00:00.000Z');
  });

  it('is deleted if no request was sent', async () => {
    await ledger.exclusive(place, async () => 'unwanted');
    expect(await timeOf()).toBeUndefined();
    await expect(ledger.exclusive(place, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
    expect(await timeOf()).toBeUndefined();
  });

  it('is not stored while another delivery of the deployment is under way', async () => {
    await ledger.exclusive(place, async (entry) => {
      await expect(ledger.exclusive(place, async () => 'other')).rejects.toMatchObject({ retry: { hold: 'job' } });
      await entry.attempting();
      await entry.delivered(FAILED, { message: '200 accepted' });
    });
    expect(await timeOf()).toBeUndefined();
  });
});

describe('an attempt without a response', () => {
  const echo = { project: 'harbor/lighthouse-api', environment: 'production', sha: 'c'.repeat(40) };
  const place = { sink: 'gitlab', deployment: 'a', echo };
  const made = { projects: ['77', echo.project], deploymentId: '101', environment: 'production', shortSha: 'cccccccc' };
  const attemptedAt = () => ledger.exclusive(place, async ({ known }) => known.attemptedAt);

  it('stays unknown, with its expected echo, if the next one certainly had no effect', async () => {
    await ledger.exclusive(place, (entry) => entry.attempting());
    await ledger.exclusive(place, async (entry) => {
      await entry.attempting();
      await entry.notAttempted();
    });
    expect(await attemptedAt()).toBe('2026-03-19T15:00:00.000Z');
    expect(await echoes.isOurs(made)).toBe(true);
  });

  it('is cleared if it was the first one, and had no effect', async () => {
    await ledger.exclusive(place, async (entry) => {
      await entry.attempting();
      await entry.notAttempted();
    });
    expect(await attemptedAt()).toBeUndefined();
    expect(await echoes.isOurs(made)).toBe(false);
  });
});

it('is recognised by id and commit, as a restored forge assigns its ids again', async () => {
  const echo = { project: 'harbor/lighthouse-api', environment: 'production', sha: 'c'.repeat(40) };
  const made = { projects: ['77', echo.project], deploymentId: '101', environment: 'production' };
  await ledger.exclusive({ sink: 'gitlab', deployment: 'a', echo }, async (entry) => {
    await entry.attempting();
    await entry.claim('101');
  });
  expect(await echoes.isOurs({ ...made, shortSha: 'cccccccc' })).toBe(true);
  expect(await echoes.isOurs({ ...made, shortSha: 'dddddddd' })).toBe(false);
  expect(await echoes.isOurs({ ...made, deploymentId: '102', shortSha: 'cccccccc' })).toBe(false);
});
