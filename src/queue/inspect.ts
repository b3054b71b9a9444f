import { ownerOf, type Redis } from './connection.ts';

export interface RedisFacts {
  readonly version: string;
  /** Every write is on disk before it is answered. */
  readonly fsyncsAlways: boolean;
  /** Redis 7.2 and later can be asked to wait until what was written is on disk. */
  readonly knowsWaitAof: boolean;
  /** Settings under which an acknowledged webhook could be lost, each with what to do. */
  readonly warnings: readonly string[];
}

const OLDEST_VERSION = [6, 2] as const;

/** What Redis says of itself. Managed servers forbid CONFIG: INFO knows most of it as well. */
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
      ...(isOld ? [`Redis ${version} is too old; 6.2 is the least`] : []),
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
