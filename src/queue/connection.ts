import type { Writable } from 'node:stream';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { PREFIX } from '../store/key-family.ts';
import { within } from '../values/within.ts';
import type { Access, RedisAddress } from './address.ts';
import { SentinelRedis } from './sentinel-redis.ts';

/**
 * How long a webhook's write to Redis may take before it goes into the spool, milliseconds. Its sender is answered
 * within 2 s.
 */
export const KEEP_WITHIN_MS = 1_200;

const MAX_RECONNECT_MS = 1_000; // so that Redis is used within a second of coming back
const retryStrategy = (times: number) => Math.min(times * 50, MAX_RECONNECT_MS);
/** A machine that has failed does not answer: try the next one soon. */
const CONNECT_WITHIN_MS = 3_000;

type RetryBehavior = Pick<
  RedisOptions,
  'enableOfflineQueue' | 'maxRetriesPerRequest' | 'commandTimeout' | 'retryStrategy'
>;

/**
 * For receivers and pages: fails immediately when Redis is unreachable, and after a short time-out when it hangs. The
 * caller decides what to do then.
 */
export const failFast: RetryBehavior = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  commandTimeout: KEEP_WITHIN_MS,
  retryStrategy,
};

/** For workers: waits for Redis without a time limit. */
export const waitForRedis: RetryBehavior = { maxRetriesPerRequest: null, retryStrategy };

export type { Redis };

/** A Cluster is typed as a single Redis: both have every command used here, and all keys are in one slot. */
export function connect(address: RedisAddress, options: RetryBehavior): Redis {
  const redis = 'cluster' in address ? (toCluster(address, options) as unknown as Redis) : toRedis(address, options);
  redis.on('error', (error: Error) => {
    // The wrong database is the cause: report it rather than the errors that follow from it.
    if (!isWrongDatabase(lastErrorOf(redis) ?? '')) lastErrors.set(redis, error.message);
    // ioredis would continue in database 0, which may hold the keys of another program.
    if (isWrongDatabase(error.message)) redis.disconnect(true);
  });
  redis.on('ready', () => {
    if (!isWrongDatabase(lastErrorOf(redis) ?? '')) lastErrors.delete(redis);
  });
  return redis;
}

/** The last error of each connection. A command that fails meanwhile only reports that there is no connection. */
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
  return new SentinelRedis({
    ...common,
    ...rest,
    sentinels: [...sentinels],
    role: 'master',
    // Sentinels report a failover at once, while the connection to the old primary may stay open unnoticed.
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

/** In a Cluster: how soon a node that became primary, or received slots, is used. */
const REFRESH_SLOTS_MS = 2_000;
const REDIRECT_AGAIN_MS = 100;
/** A failover takes seconds: a connection that waits for Redis keeps retrying until it is over. */
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
 * The server that holds our keys; in a Cluster, the primary of their slot. Commands without a key (INFO, CONFIG, ROLE,
 * WAIT) must be sent there. @throws Error while the Cluster does not know it.
 */
export function ownerOf(redis: Redis): Redis {
  const cluster: unknown = redis;
  if (!(cluster instanceof Cluster)) return redis;
  const [name] = cluster.slots[slotOf(PREFIX)] ?? [];
  const node = cluster.nodes('master').find(({ options }) => `${options.host}:${options.port}` === name);
  if (!node) throw new Error('the Redis Cluster has no primary for our keys just now');
  return node;
}

/** CRC16 (XMODEM) of the text in the braces: redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec */
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

/** The function that sends what was written to a stream. */
const senders = new WeakMap<Writable, () => void>();

/** Sends what was written in this turn of the event loop now, and not at its end. */
export function sendNow(redis: Redis): void {
  const stream = connectionOf(redis);
  if (stream) senders.get(stream)?.();
}

/** The socket to the server that holds our keys; undefined when there is none. */
export function connectionOf(redis: Redis): Writable | undefined {
  try {
    const owner = ownerOf(redis);
    return owner.status === 'ready' ? owner.stream : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Tells whether the connection is still the same: if so, all that was written meanwhile is on one server. After a crash
 * or a failover the next one may lack what the server before had confirmed.
 */
export function watchConnection(redis: Redis): () => boolean {
  const before = connectionOf(redis);
  return () => before !== undefined && connectionOf(redis) === before;
}

/** Redis works on the commands of a turn while the rest of that turn goes on. */
const LONG_TURN_MS = 0.3;

/**
 * Sends all commands of one turn of the event loop in one system call, as a call costs as much as a command; those of a
 * long turn in several, as otherwise this process and Redis would wait for each other in turns.
 */
function batchWrites(stream: Writable): void {
  const write: (chunk: unknown) => boolean = stream.write.bind(stream);
  let openedMs = 0;
  let flushing: NodeJS.Immediate | undefined;
  const flush = () => {
    clearImmediate(flushing);
    flushing = undefined;
    stream.uncork();
  };
  senders.set(stream, () => flushing && flush());
  stream.write = (chunk: unknown) => {
    if (flushing && performance.now() - openedMs > LONG_TURN_MS) flush();
    if (!flushing) {
      stream.cork();
      openedMs = performance.now();
      flushing = setImmediate(flush);
    }
    return write(chunk);
  };
}

/** Resolves when Redis can be used, or after `limitMs`: the bridge starts even if Redis does not. */
export function readyWithin(redis: Redis, limitMs: number): Promise<boolean> {
  if (redis.status === 'ready') return Promise.resolve(true);
  const ready = new Promise<boolean>((resolve) => redis.once('ready', () => resolve(true)));
  return within(limitMs, ready, () => false);
}

/** Compares by text, as ioredis has a class for only one of these errors. */
const UNREACHABLE = [
  /MaxRetriesPerRequest|Command timed out|Connection is closed|Stream isn't writeable/,
  /(?:connect|read|write) E[A-Z]+|LOADING|CLUSTERDOWN|has no primary/,
  /All sentinels are unreachable|Failed to refresh slots|None of startup nodes/,
];

export function isAway(error: unknown): boolean {
  const description = error instanceof Error ? `${error.name} ${error.message}` : '';
  return UNREACHABLE.some((pattern) => pattern.test(description));
}
