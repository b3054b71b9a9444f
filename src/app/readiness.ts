import type { Readiness } from '../http/health.ts';
import { KEEP_WITHIN_MS, type Redis } from '../queue/connection.ts';
import { cannot } from '../queue/flush.ts';
import { inspectRedis } from '../queue/inspect.ts';
import { within } from '../queue/queues.ts';
import type { Workers } from '../queue/workers.ts';
import type { Spool } from '../spool/spool.ts';

export interface Examined {
  readonly quick: Redis;
  readonly workers: Workers;
  readonly sinkNames: readonly string[];
  readonly spool: Spool;
  readonly durability: 'redis' | 'fsync';
  /** What Redis said when it did not take a webhook. */
  readonly whySpooled: () => string | undefined;
}

/** Ready means: a webhook that comes now is kept. Without Redis it still is, in the spool; whoever sends it elsewhere then loses it. */
export async function examine({
  quick,
  workers,
  sinkNames,
  spool,
  durability,
  whySpooled,
}: Examined): Promise<Readiness> {
  const failure = await within(KEEP_WITHIN_MS, quick.ping()).then(
    () => undefined,
    (error: Error) => error,
  );
  const holds = workers.holds();
  const redis = failure ? null : await inspectRedis(quick).catch(() => null);
  const lying = spool.state();
  const why = whySpooled();
  const isWeak = durability === 'fsync' && redis && !redis.fsyncsAlways && !redis.knowsWaitAof;
  const reasons = [
    ...(isWeak ? [cannot(redis)] : []),
    ...(redis?.warnings ?? []),
    ...(failure ? [`Redis does not answer (${failure.message}): webhooks go into the spool`] : []),
    ...(lying.entries > 0
      ? [`${lying.entries} webhooks lie in the spool since ${lying.since}${why ? `: ${why}` : ''}`]
      : []),
    ...(workers.isRunning() ? [] : ['the workers do not run']),
    ...Object.entries(holds).map(([sink, hold]) => `sink ${sink} waits until ${hold.until.toISOString()}: ${hold.why}`),
  ];
  return {
    ready: true,
    reasons,
    details: {
      durability,
      redis,
      spool: lying,
      sinks: Object.fromEntries(sinkNames.map((name) => [name, holds[name] ?? 'healthy'])),
    },
  };
}
