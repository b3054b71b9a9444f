import type { Redis } from '../queue/connection.ts';
import { FormatRefused, migrate } from '../store/format.ts';
import type { OnError } from '../telemetry/lines.ts';
import type { Logger } from '../telemetry/logger.ts';

export interface FormatParts {
  readonly log: Logger;
  readonly isStopping: () => boolean;
  readonly onError: OnError;
  /** Ends the bridge: it must not work on data that it cannot read. */
  readonly stop: () => Promise<void>;
}

/** After an error, such as the time-out of a command. While Redis is away, its next connection is waited for. */
const AGAIN_MS = 10_000;

const LOSS =
  'Redis has lost its data: it was emptied, or another one answers now; what was received before is gone, and what ' +
  'comes from now on is kept: restore a backup if you have one';

/** Nothing else tells of an emptied Redis: it answers, and takes new webhooks. */
const LOOK_FOR_LOSS_MS = 15_000;

/**
 * Checks the storage format of every Redis that answers, since another one may answer after an outage, and migrates it
 * while webhooks come in. Reports a Redis that has lost its data.
 */
export function migrateFormat(redis: Redis, parts: FormatParts): void {
  let isRunning = false;
  let isKnown = false;
  const look = () => {
    if (isRunning) return;
    isRunning = true;
    void migrateOnce(redis, { ...parts, isKnown }).then((isDone) => {
      isRunning = false;
      isKnown ||= isDone;
      if (!isDone) setTimeout(() => redis.status === 'ready' && look(), AGAIN_MS).unref();
    });
  };
  redis.on('ready', look);
  if (redis.status === 'ready') look();
  const looking = setInterval(() => {
    if (parts.isStopping()) clearInterval(looking);
    else if (isKnown && redis.status === 'ready') look();
  }, LOOK_FOR_LOSS_MS).unref();
}

/** Whether nothing is left to do. */
async function migrateOnce(
  redis: Redis,
  { log, onError, stop, isKnown }: FormatParts & { readonly isKnown: boolean },
): Promise<boolean> {
  try {
    const { from, to, isNew, wasMissing } = await migrate(redis);
    if (isKnown && wasMissing) log.error({}, LOSS);
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
