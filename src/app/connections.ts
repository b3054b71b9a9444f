import type { RedisAddress } from '../queue/address.ts';
import {
  connect,
  failFast,
  isWrongDatabase,
  lastErrorOf,
  type Redis,
  readyWithin,
  waitForRedis,
} from '../queue/connection.ts';
import { inspectRedis } from '../queue/inspect.ts';
import { FormatRefused, openFormat } from '../store/format.ts';
import type { OnError } from '../telemetry/lines.ts';
import type { Logger } from '../telemetry/logger.ts';

/** How long the start waits for a Redis that starts together with the bridge. */
const REDIS_START_MS = 5_000;

export interface Connections {
  /** For receivers and pages: commands fail soon. */
  readonly quick: Redis;
  /** For workers: commands wait. */
  readonly steady: Redis;
  /** Whether Redis answers, known soon after the start. */
  opened(): Promise<boolean>;
  close(): void;
}

interface Options {
  /** The private Redis, which is started together with the bridge and needs a moment to be ready. */
  readonly isOwn: boolean;
  readonly onError: OnError;
}

export function openConnections(address: RedisAddress, { isOwn, onError }: Options): Connections {
  let hasStarted = !isOwn;
  const onRedisError: OnError = (where, error) => (hasStarted ? onError(where, error) : undefined);
  const quick = openRedis(address, failFast, onRedisError);
  const steady = openRedis(address, waitForRedis, onRedisError);
  return {
    quick,
    steady,
    async opened() {
      const isThere = await readyWithin(quick, REDIS_START_MS);
      hasStarted = true;
      return isThere;
    },
    close() {
      quick.disconnect();
      steady.disconnect();
    },
  };
}

function openRedis(address: RedisAddress, patience: typeof failFast, onError: OnError): Redis {
  const redis = connect(address, patience);
  redis.on('error', (error) => onError('redis', error));
  return redis;
}

interface Reports {
  readonly log: Logger;
  readonly onError: OnError;
}

/**
 * Checks that Redis is fit for the bridge, and waits for a Redis that is away.
 * @throws Error when it can never be used
 */
export async function examineRedis({ quick, opened }: Connections, { log, onError }: Reports): Promise<void> {
  const isThere = await opened();
  const complaint = lastErrorOf(quick);
  if (complaint !== undefined && isWrongDatabase(complaint))
    throw new Error(
      `Redis does not have the database that the configuration names (${complaint}): choose a lower number`,
    );
  if (!isThere)
    return log.error({ why: complaint }, 'Redis does not answer yet; webhooks go into the spool until it does');
  await warnOfRedis(quick, log);
  await openFormat(quick).catch((error: unknown) => {
    if (error instanceof FormatRefused) throw error;
    onError('format', error);
  });
}

/** Logs settings with which Redis may lose acknowledged webhooks; /readyz shows them until they are corrected. */
async function warnOfRedis(redis: Redis, log: Logger): Promise<void> {
  const { warnings } = await inspectRedis(redis).catch(() => ({ warnings: [] }));
  for (const warning of warnings) log.error({ warning }, 'this Redis can lose webhooks');
}

/** Without Redis no job can be finished or handed back: the next start takes it up. */
export const answers = (redis: Redis): Promise<boolean> =>
  redis.ping().then(
    () => true,
    () => false,
  );
