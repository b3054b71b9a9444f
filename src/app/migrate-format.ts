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

/**
 * Checks the storage format of every Redis that answers, since another one may answer after an outage, and migrates it
 * while webhooks come in.
 */
export function migrateFormat(redis: Redis, parts: FormatParts): void {
  let isRunning = false;
  const look = () => {
    if (isRunning) return;
    isRunning = true;
    void migrateOnce(redis, parts).finally(() => {
      isRunning = false;
    });
  };
  redis.on('ready', look);
  if (redis.status === 'ready') look();
}

async function migrateOnce(redis: Redis, { log, onError, stop }: FormatParts): Promise<void> {
  try {
    const { from, to, isNew } = await migrate(redis);
    if (to > from && !isNew) log.info({ from, to }, 'the data in Redis was migrated');
  } catch (error) {
    if (!(error instanceof FormatRefused)) return onError('format', error);
    log.fatal({ why: error.message }, 'the bridge stops: it cannot read the data in Redis');
    process.exitCode = 1;
    await stop();
  }
}
