import { describe, expect, it } from 'vitest';
import { shareHolds } from '../../src/app/shared-holds.ts';
import { createSinkGates, failuresOf } from '../../src/queue/sink-gate.ts';
import { createHolds } from '../../src/store/holds.ts';
import { keys } from '../../src/store/keys.ts';
import { useRedis } from '../support/use-redis.ts';

const redis = useRedis();

function replica(sinks = ['harbor', 'beacon']) {
  const gates = createSinkGates(sinks.map((name) => ({ name, concurrency: 1 })));
  const holds = createHolds(redis);
  const hide = (text: string) => text.replaceAll('hunter2', '***');
  const onError = (_where: string, error: unknown) => {
    throw error;
  };
  const failures = createHolds(redis, keys.failing);
  const { sync, stop } = shareHolds({ gates, holds, failures, hide, clock: () => new Date(), onError });
  stop();
  const holdOf = (sink: string) => gates.get(sink)?.hold;
  const set = (sink: string, why?: string) => {
    const gate = gates.get(sink);
    if (gate) gate.hold = why === undefined ? undefined : { why, until: new Date(Date.now() + 60_000) };
  };
  const failuresNow = () => failuresOf(gates);
  const fail = (sink: string, why?: string) => {
    const gate = gates.get(sink);
    if (gate) gate.streak.why = why;
  };
  return { sync, holdOf, set, failures: failuresNow, fail };
}

describe('holds of sinks', () => {
  it('are known to the other replicas and to the next start, until one of them delivers', async () => {
    const [one, other] = [replica(), replica()];
    one.set('harbor', '429 slow down, hunter2');
    await one.sync();
    await other.sync();
    expect(other.holdOf('harbor')).toMatchObject({ why: '429 slow down, ***', until: one.holdOf('harbor')?.until });
    expect(other.holdOf('beacon')).toBeUndefined();
    expect(await redis.pttl(keys.hold('harbor'))).toBeGreaterThan(50_000);
    const next = replica();
    await next.sync();
    expect(next.holdOf('harbor')?.why).toContain('slow down');

    other.set('harbor'); // it has delivered
    await other.sync();
    for (const each of [one, next]) {
      await each.sync();
      expect(each.holdOf('harbor')).toBeUndefined();
    }
  });

  it('are replaced by a later one of any replica', async () => {
    const [one, other] = [replica(), replica()];
    one.set('harbor', '503');
    await one.sync();
    await other.sync();
    other.set('harbor', '401 no such key');
    await other.sync();
    await one.sync();
    expect(one.holdOf('harbor')?.why).toBe('401 no such key');
    await other.sync();
    expect(other.holdOf('harbor')?.why).toBe('401 no such key');
  });

  it('are none where Redis has something else', async () => {
    await redis.set(keys.hold('harbor'), '{"why":1}');
    const one = replica();
    await one.sync();
    expect(one.holdOf('harbor')).toBeUndefined();
    await replica([]).sync();
  });
});

describe('failures of sinks that are not on hold', () => {
  it('are shown by all replicas until one of them delivers', async () => {
    const [one, other] = [replica(), replica()];
    one.fail('harbor', '500 hunter2');
    await one.sync();
    await other.sync();
    expect(other.failures()).toEqual({ harbor: '500 ***' });
    await one.sync();
    expect(one.failures()).toEqual({ harbor: '500 ***' });

    other.fail('harbor'); // it has delivered
    await other.sync();
    await one.sync();
    for (const each of [one, other]) expect(each.failures()).toEqual({});
  });

  it('are forgotten some time after the replica that met them has ended', async () => {
    const [one, other] = [replica(), replica()];
    one.fail('harbor', '500');
    await one.sync();
    await other.sync();
    await redis.pexpire(keys.failing('harbor'), 1_000);
    await other.sync(); // only the one that met it renews it
    expect(await redis.pttl(keys.failing('harbor'))).toBeLessThanOrEqual(1_000);
    await one.sync();
    expect(await redis.pttl(keys.failing('harbor'))).toBeGreaterThan(1_000);
    await redis.del(keys.failing('harbor'));
    await other.sync();
    expect(other.failures()).toEqual({});
  });
});
