import type { Config } from '../config/config.ts';
import { readSecrets, replaceSecrets } from '../config/generated-secrets.ts';
import { addressOf } from '../queue/address.ts';
import { connect, readyWithin, waitForRedis } from '../queue/connection.ts';
import { nameKeys } from '../store/key-family.ts';
import { agreeOnSecrets } from '../store/secrets.ts';
import type { Logger } from '../telemetry/logger.ts';

/** Redis may start at the same time; without it the start must not fail. */
const WAIT_MS = 5_000;

/**
 * Replicas that share a Redis share their generated secrets: a webhook may come to any of them.
 * @returns true when the data directory has other secrets now, so that the configuration must be read again
 */
export async function shareSecrets(config: Config, log: Logger): Promise<boolean> {
  const own = readSecrets(config.data_dir);
  if (Object.keys(own).length === 0) return false; // the configuration gives all of them
  nameKeys(config.redis.key_prefix);
  const redis = connect(addressOf(config.redis_url, config.redis), waitForRedis);
  redis.on('error', () => {}); // logged below
  try {
    if (!(await readyWithin(redis, WAIT_MS))) {
      log.warn(
        'Redis does not answer: generated secrets may differ from those of other replicas; set them, or restart',
      );
      return false;
    }
    const agreed = await agreeOnSecrets(redis, own);
    if (Object.entries(agreed).every(([name, secret]) => own[name] === secret)) return false;
    replaceSecrets(config.data_dir, agreed);
    return true;
  } finally {
    redis.disconnect();
  }
}
