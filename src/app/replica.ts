import { createHash, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Config } from '../config/config.ts';
import type { Redis } from '../queue/connection.ts';
import type { CatchUp } from '../recording/redeliver.ts';
import { createReplicas, type OtherReplicas, type ReplicaFacts } from '../store/replicas.ts';
import type { OnError } from '../telemetry/lines.ts';
import type { Logger } from '../telemetry/logger.ts';

/** Each is one write to Redis. */
const BEAT_EVERY_MS = 5_000;
/** By then every other replica has read the names of our sinks. */
const KNOWN_TO_ALL_MS = 2 * BEAT_EVERY_MS;
/** The clocks of replicas differ. */
const CLOCKS_DIFFER_MS = 60_000;

export interface ReplicaParts {
  readonly config: Config;
  readonly redis: Redis;
  readonly log: Logger;
  readonly onError: OnError;
  /**
   * Delivers to these sinks of ours what was received since then: replicas without them did not know yet that another
   * replica has them.
   */
  readonly catchUp: CatchUp;
}

/** This bridge among the replicas that share its Redis. */
export interface Replica {
  /** Sinks that others have and we have not: their deliveries are left to them. Waits until Redis has answered once. */
  sinksElsewhere(): Promise<readonly string[]>;
  /** The sinks of the other replicas that run now. */
  livingSinks(): readonly string[];
  /** How the configurations differ, as a sentence. Undefined: they are the same. */
  difference(): string | undefined;
  stop(): void;
}

export function joinReplicas({ config, redis, log, onError, catchUp }: ReplicaParts): Replica {
  const facts = factsOf(config);
  const startedMs = Date.now();
  let isCaughtUp = false;
  const replicas = createReplicas(redis, randomUUID());
  let others: OtherReplicas | undefined;
  let lastDifference: string | undefined;
  const beat = async () => {
    others = await replicas.beat(facts);
    const difference = differenceOf(facts, others);
    if (difference !== undefined && difference !== lastDifference)
      log.warn({ difference }, 'the configurations of the replicas differ');
    lastDifference = difference;
    if (!isCaughtUp && Date.now() - startedMs >= KNOWN_TO_ALL_MS) {
      isCaughtUp = true;
      const lacking = facts.sinks.filter((name) => others?.living.some(({ sinks }) => !sinks.includes(name)));
      const since = new Date(startedMs - CLOCKS_DIFFER_MS);
      if (lacking.length > 0)
        await catchUp(lacking, since).catch((error: unknown) => {
          isCaughtUp = false; // with the next heartbeat
          throw error;
        });
    }
    return others;
  };
  let first = beat();
  first.catch((error: unknown) => onError('replicas', error));
  const beating = setInterval(() => void beat().catch((error: unknown) => onError('replicas', error)), BEAT_EVERY_MS);
  return {
    async sinksElsewhere() {
      if (!others) {
        first = first.catch(beat); // the queue retries the job that asked
        await first;
      }
      return [...(others?.sinks ?? [])].filter((name) => !facts.sinks.includes(name));
    },
    livingSinks: () => (others?.living ?? []).flatMap(({ sinks }) => sinks),
    difference: () => lastDifference,
    stop: () => clearInterval(beating),
  };
}

function factsOf({ roles, sinks, sources, rules, routing }: Config): ReplicaFacts {
  const common = {
    sinks: sinks.map(({ name }) => name).sort(),
    sources: sources.map(({ name, type }) => `${name} ${type}`).sort(),
    rules,
    routing,
  };
  return {
    host: hostname(),
    roles,
    sinks: common.sinks,
    configuration: createHash('sha256').update(JSON.stringify(common)).digest('hex').slice(0, 16),
  };
}

function differenceOf(own: ReplicaFacts, { living }: OtherReplicas): string | undefined {
  const unlike = living.find(({ configuration }) => configuration !== own.configuration);
  if (!unlike) return undefined;
  const lacking = unlike.sinks.filter((name) => !own.sinks.includes(name));
  const extra = own.sinks.filter((name) => !unlike.sinks.includes(name));
  const differences = [
    ...(lacking.length > 0 ? [`has ${lacking.join(', ')}, which this one lacks`] : []),
    ...(extra.length > 0 ? [`lacks ${extra.join(', ')}`] : []),
  ];
  const what = differences.length > 0 ? differences.join(' and ') : 'has other sources or rules';
  return `the replica on ${unlike.host} ${what}: give all replicas the same configuration`;
}
