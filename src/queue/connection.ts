import type { Writable } from 'node:stream';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { PREFIX } from '../store/keys.ts';
import { within } from '../values/within.ts';
import type { Access, RedisAddress } from './address.ts';
import { createLoadMeter } from './load.ts';

/**
 * How long a webhook's write to Redis may take before it goes into the spool, milliseconds. Its sender is answered
 * within 2 s.
 */
export const KEEP_WITHIN_MS = 1_200;

const MAX_RECONNECT_MS = 1_000; // a Redis that comes back is used within a second
const retryStrategy = (times: number) => Math.min(times * 50, MAX_RECONNECT_MS);
/** A machine that is gone answers nothing: the next one is asked soon. */
const CONNECT_WITHIN_MS = 3_000;

type RetryBehavior = Pick<
  RedisOptions,
  'enableOfflineQueue' | 'maxRetriesPerRequest' | 'commandTimeout' | 'retryStrategy'
>;

/**
 * For receivers and pages: fails at once when Redis is away, and soon when it hangs. The caller decides what to do
 * then.
 */
export const failFast: RetryBehavior = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  commandTimeout: KEEP_WITHIN_MS,
  retryStrategy,
};

/** For workers: waits for Redis as long as it takes. */
export const waitForRedis: RetryBehavior = { maxRetriesPerRequest: null, retryStrategy };

export type { Redis };

/** A Cluster goes by the type of a single Redis: all that is used here, both have, and all keys lie in one slot. */
export function connect(address: RedisAddress, options: RetryBehavior): Redis {
  const redis = 'cluster' in address ? (toCluster(address, options) as unknown as Redis) : toRedis(address, options);
  redis.on('error', (error: Error) => {
    // What follows from a wrong database says less than that it is wrong.
    if (!isWrongDatabase(lastErrorOf(redis) ?? '')) lastErrors.set(redis, error.message);
    // It would go on in database 0, among the keys of another program.
    if (isWrongDatabase(error.message)) redis.disconnect(true);
  });
  redis.on('ready', () => {
    if (!isWrongDatabase(lastErrorOf(redis) ?? '')) lastErrors.delete(redis);
  });
  return redis;
}

/** What each connection last complained of: a command that fails meanwhile only says that there is no connection. */
const lastErrors = new WeakMap<Redis, string>();
export const lastErrorOf = (redis: Redis): string | undefined => lastErrors.get(redis);

export const isWrongDatabase = (message: string): boolean => /DB index is out of range|invalid DB index/i.test(message);

function toRedis(address: Exclude<RedisAddress, { readonly cluster: unknown }>, options: RetryBehavior): Redis {
  const common = { connectTimeout: CONNECT_WITHIN_MS, ...options };
  const redis =
    'url' in address ? new Redis(address.url, { ...common, ...accessOf(address) }) : toSingle(address, common);
  redis.on('connect', () => batchWrites(redis.stream));
  return redis;
}

type DirectAddress = Exclude<RedisAddress, { readonly cluster: unknown } | { readonly url: string }>;

function toSingle(address: DirectAddress, common: RetryBehavior): Redis {
  if (!('sentinels' in address)) return new Redis({ ...common, ...address });
  const { sentinels, tls, ...rest } = address;
  return new Redis({
    ...common,
    ...rest,
    sentinels: [...sentinels],
    role: 'master',
    // Sentinels report a failover at once; the connection to the old primary may never notice.
    failoverDetector: true,
    sentinelRetryStrategy: retryStrategy,
    ...(tls && { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }),
  });
}

const accessOf = ({ username, password, db, tls }: Access): Access => ({
  ...(username && { username }),
  ...(password && { password }),
  ...(db !== undefined && { db }),
  ...(tls && { tls }),
});

const REFRESH_SLOTS_MS = 2_000;
const REDIRECT_AGAIN_MS = 100;
/** A failover takes seconds: a connection that waits for Redis waits for the end of it. */
const MOST_REDIRECTIONS = 300;

function toCluster(address: Extract<RedisAddress, { readonly cluster: unknown }>, options: RetryBehavior): Cluster {
  const { enableOfflineQueue = true, commandTimeout, maxRetriesPerRequest } = options;
  const cluster = new Cluster([...address.cluster], {
    enableOfflineQueue,
    clusterRetryStrategy: retryStrategy,
    slotsRefreshTimeout: REFRESH_SLOTS_MS,
    slotsRefreshInterval: REFRESH_SLOTS_MS,
    maxRedirections: maxRetriesPerRequest === null ? MOST_REDIRECTIONS : 16,
    retryDelayOnFailover: REDIRECT_AGAIN_MS,
    retryDelayOnClusterDown: REDIRECT_AGAIN_MS,
    retryDelayOnTryAgain: REDIRECT_AGAIN_MS,
    redisOptions: {
      connectTimeout: CONNECT_WITHIN_MS,
      maxRetriesPerRequest: maxRetriesPerRequest ?? null,
      ...(commandTimeout !== undefined && { commandTimeout }),
      ...accessOf(address),
    },
  });
  cluster.on('+node', (node: Redis) => node.on('connect', () => batchWrites(node.stream)));
  return cluster;
}

/**
 * The server that holds our keys: of a Cluster, the primary of their slot. What is asked of a server and not of a key
 * (INFO, CONFIG, ROLE, WAIT) must go there. @throws Error while a Cluster does not know it.
 */
export function ownerOf(redis: Redis): Redis {
  const cluster: unknown = redis;
  if (!(cluster instanceof Cluster)) return redis;
  const [name] = cluster.slots[slotOf(PREFIX)] ?? [];
  const node = cluster.nodes('master').find(({ options }) => `${options.host}:${options.port}` === name);
  if (!node) throw new Error('the Redis Cluster has no primary for our keys just now');
  return node;
}

/** CRC16 (XMODEM) of what stands in the braces: redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec */
function slotOf(key: string): number {
  const open = key.indexOf('{');
  const close = open === -1 ? -1 : key.indexOf('}', open);
  const tag = close > open + 1 ? key.slice(open + 1, close) : key;
  let crc = 0;
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  }
  return (crc & 0xffff) % 16_384;
}

/** Commands wait so long for others when there is no moment to spare. */
const GATHER_MS = 1;

/**
 * All commands of one turn of the event loop leave in one system call, which costs as much as a command does; under
 * full
 * load, all of a millisecond.
 */
function batchWrites(stream: Writable): void {
  const write: (chunk: unknown) => boolean = stream.write.bind(stream);
  const isBusy = createLoadMeter();
  const flush = () => stream.uncork();
  stream.write = (chunk: unknown) => {
    if (stream.writableCorked === 0) {
      stream.cork();
      if (isBusy()) setTimeout(flush, GATHER_MS);
      else setImmediate(flush);
    }
    return write(chunk);
  };
}

/** Resolves when Redis can be used, or after `limitMs`: a bridge whose Redis is late starts all the same. */
export function readyWithin(redis: Redis, limitMs: number): Promise<boolean> {
  if (redis.status === 'ready') return Promise.resolve(true);
  const ready = new Promise<boolean>((resolve) => redis.once('ready', () => resolve(true)));
  return within(limitMs, ready, () => false);
}

/** ioredis has a class for one of these, and plain errors for the others. */
const UNREACHABLE = [
  /MaxRetriesPerRequest|Command timed out|Connection is closed|Stream isn't writeable/,
  /(?:connect|read|write) E[A-Z]+|LOADING|CLUSTERDOWN|has no primary/,
  /All sentinels are unreachable|Failed to refresh slots|None of startup nodes/,
];

export function isAway(error: unknown): boolean {
  const description = error instanceof Error ? `${error.name} ${error.message}` : '';
  return UNREACHABLE.some((pattern) => pattern.test(description));
}
