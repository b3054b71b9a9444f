import type { Redis } from '../queue/connection.ts';
import { FormatRefused, migrate } from '../store/format.ts';
import type { OnError } from '../telemetry/lines.ts';
import type { Logger } from '../telemetry/logger.ts';

export interface FormatParts {
  readonly log: Logger;
  readonly onError: OnError;
  /** Ends the bridge: it must not work on data that it cannot read. */
  readonly stop: () => Promise<void>;
}

/** After an error, such as the time-out of a command. While Redis is away, its next connection is waited for. */
const AGAIN_MS = 10_000;

/**
 * Checks the storage format of every Redis that answers, since another one may answer after an outage, and migrates it
 * while webhooks come in.
 */
export function migrateFormat(redis: Redis, parts: FormatParts): void {
  let isRunning = false;
  const look = () => {
    if (isRunning) return;
    isRunning = true;
    void migrateOnce(redis, parts).then((isDone) => {
      isRunning = false;
      if (!isDone) setTimeout(() => redis.status === 'ready' && look(), AGAIN_MS).unref();
    });
  };
  redis.on('ready', look);
  if (redis.status === 'ready') look();
}

/** Whether nothing is left to do. */
async function migrateOnce(redis: Redis, { log, onError, stop }: FormatParts): Promise<boolean> {
  try {
    const { from, to, isNew } = await migrate(redis);
    if (to > from && !isNew) log.info({ from, to }, 'the data in Redis was migrated');
  } catch (error) {
    if (!(error instanceof FormatRefused)) {
      onError('format', error);
      return false;
    }
    log.fatal({ why: error.message }, 'the bridge stops: it cannot read the data in Redis');
    process.exitCode = 1;
    await stop();
  }
  return true;
}
