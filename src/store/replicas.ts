import type { Redis } from 'ioredis';
import { z } from 'zod';
import { keys } from './keys.ts';

/** What a replica publishes of itself. */
export interface ReplicaFacts {
  readonly host: string;
  readonly roles: readonly string[];
  /** The names of its sinks. */
  readonly sinks: readonly string[];
  /** A digest of what all replicas should have in common. */
  readonly configuration: string;
}

export interface OtherReplicas {
  /** Those with a recent heartbeat. */
  readonly living: readonly ReplicaFacts[];
  /** Every sink that some replica has, or had until a moment ago: a restart must not cost it its deliveries. */
  readonly sinks: ReadonlySet<string>;
}

const Entry = z.object({
  host: z.string(),
  roles: z.array(z.string()),
  sinks: z.array(z.string()),
  configuration: z.string(),
  /** Epoch milliseconds, by the clock of Redis. */
  at: z.number(),
});

/** Each writes every 5 s (app/replica.ts): three beats may be lost. */
const LIVING_MS = 20_000;
/** One that restarts, or was cut off for a while, is still known. */
const REMEMBERED_MS = 15 * 60_000;

/** The replicas that share one Redis. Their clocks may differ: that of Redis counts. */
export function createReplicas(redis: Redis, id: string) {
  return {
    /**
     * Publishes that this replica runs.
     * @returns the others
     */
    async beat(facts: ReplicaFacts): Promise<OtherReplicas> {
      const [seconds] = await redis.time();
      const nowMs = Number(seconds) * 1000;
      await redis.hset(keys.replicas(), id, JSON.stringify({ ...facts, at: nowMs }));
      const entries = Object.entries(await redis.hgetall(keys.replicas())).map(([name, json]) => {
        const parsed = Entry.safeParse(JSON.parse(json)); // a newer release may write something else
        return { name, entry: parsed.success ? parsed.data : undefined };
      });
      const old = entries.filter(({ entry }) => entry && nowMs - entry.at > REMEMBERED_MS).map(({ name }) => name);
      if (old.length > 0) await redis.hdel(keys.replicas(), ...old);
      const others = entries.flatMap(({ name, entry }) => (entry && name !== id && !old.includes(name) ? [entry] : []));
      return {
        living: others.filter(({ at }) => nowMs - at <= LIVING_MS),
        sinks: new Set(others.flatMap(({ sinks }) => sinks)),
      };
    },
  };
}

/** Whether this replica, alone, does a piece of work for this long. */
export async function claimChore(redis: Redis, name: string, forMs: number): Promise<boolean> {
  return (await redis.set(keys.chore(name), '1', 'PX', forMs, 'NX')) === 'OK';
}

export async function releaseChore(redis: Redis, name: string): Promise<void> {
  await redis.del(keys.chore(name));
}
