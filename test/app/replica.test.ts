import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { joinReplicas, type Replica } from '../../src/app/replica.ts';
import type { Config } from '../../src/config/config.ts';
import { useRedis } from '../support/use-redis.ts';

const redis = useRedis();
const open: Replica[] = [];
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] }));
afterEach(async () => {
  for (const replica of open.splice(0)) replica.stop();
  vi.useRealTimers();
  for (let trip = 0; trip < 5; trip++) await redis.ping(); // a beat under way takes four
});

/** A replica that has these sinks, and what it has been asked to deliver again. */
function join(...sinks: string[]) {
  const caughtUp: { readonly sinks: readonly string[]; readonly since: Date }[] = [];
  const config = { roles: ['receive', 'work'], sources: [], rules: [], routing: {} };
  const replica = joinReplicas({
    config: { ...config, sinks: sinks.map((name) => ({ name })) } as unknown as Config, // what it reads of one
    redis,
    log: { warn() {} } as never,
    onError(where, error) {
      throw new Error(where, { cause: error });
    },
    catchUp: async (names, since) => void caughtUp.push({ sinks: names, since }),
  });
  open.push(replica);
  return { replica, caughtUp };
}

it('delivers nothing again where all have the same sinks', async () => {
  const [one, other] = [join('alert24'), join('alert24')];
  vi.advanceTimersByTime(15_000);
  await vi.waitFor(async () => expect(await redis.hlen('{shiplog}:replicas')).toBe(2));
  vi.advanceTimersByTime(15_000);
  await Promise.all([one.replica.sinksElsewhere(), other.replica.sinksElsewhere()]);
  expect([...one.caughtUp, ...other.caughtUp]).toEqual([]);
});

it('delivers to its sinks what other replicas recorded before they knew of these sinks', async () => {
  const startedAt = new Date();
  const without = join('gitlab');
  await without.replica.sinksElsewhere(); // it has looked, and found nobody
  const having = join('alert24', 'gitlab');
  await having.replica.sinksElsewhere();
  expect(await without.replica.sinksElsewhere()).toEqual([]);
  vi.advanceTimersByTime(5_000);
  await vi.waitFor(async () => expect(await without.replica.sinksElsewhere()).toEqual(['alert24']));
  expect(having.caughtUp).toEqual([]);
  vi.advanceTimersByTime(5_000);
  await vi.waitFor(() => expect(having.caughtUp.map(({ sinks }) => sinks)).toEqual([['alert24']]));
  expect(having.caughtUp[0]?.since.getTime()).toBeLessThanOrEqual(startedAt.getTime());
  vi.advanceTimersByTime(60_000);
  await having.replica.sinksElsewhere();
  expect(having.caughtUp).toHaveLength(1);
  expect(without.caughtUp).toEqual([]);
});
