import type { Readiness } from '../http/health.ts';
import { KEEP_WITHIN_MS, lastErrorOf, type Redis } from '../queue/connection.ts';
import { type Durability, type Flush, unsupportedMessage } from '../queue/flush.ts';
import { inspectRedis, type RedisFacts } from '../queue/inspect.ts';
import { keptWithin } from '../queue/queues.ts';
import type { Workers } from '../queue/workers.ts';
import type { Spool } from '../spool/spool.ts';
import { keys } from '../store/keys.ts';
import type { LeftDeliveries } from '../store/left-deliveries.ts';
import type { Condition } from '../telemetry/conditions.ts';
import { within } from '../values/within.ts';

interface Finding {
  readonly condition: Condition;
  readonly sentence: string;
}

export interface ReadinessParts {
  readonly quick: Redis;
  /** Resolves when what was written is as durable as configured: a webhook waits for it. */
  readonly flush: Flush;
  readonly workers: Workers;
  readonly sinkNames: readonly string[];
  readonly spool: Spool;
  readonly durability: Durability;
  /** The error with which Redis refused a webhook. */
  readonly whySpooled: () => string | undefined;
  /** Deliveries to sinks that no replica has. */
  readonly leftDeliveries: () => Promise<readonly LeftDeliveries[]>;
  /** Whether this replica has the role `receive`. */
  readonly receives: boolean;
  /** How the configuration of another replica differs. */
  readonly difference: () => string | undefined;
  readonly isStopping: () => boolean;
  /** What looks wrong although any sender may have caused it: shown as a hint. */
  readonly hint: () => string | undefined;
}

export interface ReadinessReport extends Readiness {
  readonly conditions: ReadonlySet<Condition>;
}

/** The key that the trial write leaves behind goes by itself. */
const PROBE_SECONDS = 60;
/** A Redis that refuses writes may still give the reason; one that is away gives none. */
const FACTS_WITHIN_MS = 300;

/**
 * Ready means: a webhook that comes now is kept, and becomes a change. While Redis is away it is kept in the spool, and
 * the workers wait: a load balancer that sent it elsewhere would lose it. This is tried by a write, not guessed.
 */
export async function examine(examined: ReadinessParts): Promise<ReadinessReport> {
  const { quick, flush, workers, sinkNames, spool, durability, hint } = examined;
  const write = async () => {
    const flushed = flush.begin();
    await quick.set(keys.probe(), new Date().toISOString(), 'EX', PROBE_SECONDS);
    await flushed();
  };
  const failure = await keptWithin(KEEP_WITHIN_MS, write()).then(
    () => undefined,
    (error: unknown) => lastErrorOf(quick) ?? reasonOf(error),
  );
  const [redis, left] = await Promise.all([soon(inspectRedis(quick), null), soon(examined.leftDeliveries(), [])]);
  const unspooled = failure === undefined ? undefined : await spool.whyNot();
  const whyStopped = workers.whyStopped();
  const holds = workers.holds();
  const difference = examined.difference();
  const findings: Finding[] = [
    ...(examined.isStopping() ? [{ condition: 'stopping', sentence: 'the bridge is stopping' } as const] : []),
    ...ofRedis({ failure, redis, durability }),
    ...ofSpool(examined, { unspooled, failure }),
    ...(whyStopped === undefined ? [] : [{ condition: 'workers_stopped', sentence: whyStopped } as const]),
    ...(difference === undefined ? [] : [{ condition: 'configurations_differ', sentence: difference } as const]),
    ...Object.entries(holds).map(([sink, hold]) => ({
      condition: 'sink_on_hold' as const,
      sentence: `sink ${sink} waits until ${hold.until.toISOString()}: ${hold.why}`,
    })),
    ...left.map(ofLeft),
  ];
  const isKept = !examined.receives || failure === undefined || unspooled === undefined;
  // Without Redis no replica can work, and a receiver is needed all the more.
  const isWorking = failure === undefined ? whyStopped === undefined : examined.receives;
  return {
    ready: isKept && isWorking && !examined.isStopping(),
    reasons: findings.map(({ sentence }) => sentence),
    conditions: new Set(findings.map(({ condition }) => condition)),
    details: {
      durability,
      ...(hint() && { hint: hint() }),
      redis,
      spool: spool.state(),
      sinks: statesOf(sinkNames, workers),
    },
  };
}

const soon = <Fact, Unknown>(fact: Promise<Fact>, unknown: Unknown): Promise<Fact | Unknown> =>
  within<Fact | Unknown, Unknown>(
    FACTS_WITHIN_MS,
    fact.catch(() => unknown),
    () => unknown,
  );

const ofLeft = ({ sink, waiting, dead }: LeftDeliveries): Finding => ({
  condition: 'deliveries_left',
  sentence:
    `deliveries to the sink ${sink} are left (waiting: ${waiting}, dead letters: ${dead}), and no replica has a sink ` +
    'of this name: give a sink this name again to send them',
});

/** A failure of single deliveries is no reason for an alert: they are retried. */
function statesOf(sinkNames: readonly string[], workers: Workers): Readonly<Record<string, unknown>> {
  const holds = workers.holds();
  const failures = workers.failures();
  const stateOf = (name: string) => (name in failures ? { failing: failures[name] } : 'healthy');
  return Object.fromEntries(sinkNames.map((name) => [name, holds[name] ?? stateOf(name)]));
}

interface OfRedis extends Pick<ReadinessParts, 'durability'> {
  readonly failure: string | undefined;
  readonly redis: RedisFacts | null;
}

function ofRedis({ failure, redis, durability }: OfRedis): Finding[] {
  const isWeak = durability === 'fsync' && redis && !redis.fsyncsAlways && !redis.knowsWaitAof;
  const sentence = `Redis does not accept webhooks (${failure}): they are stored in the spool`;
  return [
    ...(failure === undefined ? [] : [{ condition: 'redis_refuses', sentence } as const]),
    ...(isWeak ? [{ condition: 'not_durable', sentence: unsupportedMessage(redis) } as const] : []),
    ...(redis?.warnings ?? []).map((warning) => ({ condition: 'redis_unsafe' as const, sentence: warning })),
  ];
}

interface OfSpool {
  /** Why the spool takes no webhooks. */
  readonly unspooled: string | undefined;
  /** Why Redis takes none: said before, in Redis' words. */
  readonly failure: string | undefined;
}

function ofSpool({ spool, whySpooled }: ReadinessParts, { unspooled, failure }: OfSpool): Finding[] {
  const { entries, since } = spool.state();
  const why = failure === undefined ? whySpooled() : undefined;
  const sentence = `${entries} webhooks have been in the spool since ${since}${why ? `: ${why}` : ''}`;
  return [
    ...(unspooled === undefined
      ? []
      : [{ condition: 'spool_refuses', sentence: `${unspooled}: webhooks are refused` } as const]),
    ...(entries === 0 ? [] : [{ condition: 'spool_in_use', sentence } as const]),
  ];
}

/** Redis's own message, where there is one. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
