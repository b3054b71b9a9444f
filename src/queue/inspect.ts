import { ownerOf, type Redis } from './connection.ts';

export interface RedisFacts {
  readonly version: string;
  /** Every write is on disk before it is answered. */
  readonly fsyncsAlways: boolean;
  /** WAITAOF, which waits until writes are on disk: Redis 7.2 and later. */
  readonly knowsWaitAof: boolean;
  /** Settings that could lose an acknowledged webhook, each with the remedy. */
  readonly warnings: readonly string[];
}

const OLDEST_VERSION = [6, 2] as const;

/** Reads version and settings of Redis. Uses INFO for most of it, as managed servers forbid CONFIG. */
export async function inspectRedis(redis: Redis): Promise<RedisFacts> {
  const owner = ownerOf(redis);
  const info = await owner.info();
  const fact = (name: string) => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1];
  const version = fact('redis_version') ?? 'unknown';
  const appendonly = { '1': 'yes', '0': 'no' }[fact('aof_enabled') ?? ''];
  const policy = fact('maxmemory_policy');
  const appendfsync = await setting(owner, 'appendfsync');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < OLDEST_VERSION[0] || (major === OLDEST_VERSION[0] && minor < OLDEST_VERSION[1]);
  return {
    version,
    fsyncsAlways: appendonly === 'yes' && appendfsync === 'always',
    knowsWaitAof: major > 7 || (major === 7 && minor >= 2),
    warnings: [
      ...(isOld ? [`Redis ${version} is too old; 6.2 is the minimum`] : []),
      ...(appendonly === 'no' ? ['appendonly is off: a restart of Redis loses webhooks; set "appendonly yes"'] : []),
      ...(policy !== undefined && policy !== 'noeviction'
        ? [`maxmemory-policy is ${policy}: Redis may drop webhooks; set "maxmemory-policy noeviction"`]
        : []),
    ],
  };
}

async function setting(redis: Redis, name: string): Promise<string | undefined> {
  const reply = await redis.config('GET', name).catch(() => undefined);
  return Array.isArray(reply) && typeof reply[1] === 'string' ? reply[1] : undefined;
}
