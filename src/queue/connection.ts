import type { Writable } from 'node:stream';
import { Redis, type RedisOptions } from 'ioredis';
import { createLoadMeter } from './load.ts';

/** Where Redis is: the private server's unix socket or port, or what REDIS_URL says. */
export type RedisAddress =
  | { readonly path: string }
  | { readonly host: string; readonly port: number }
  | { readonly url: string };

/** How long a webhook's write to Redis may take before it goes into the spool, milliseconds. Its sender is answered within 2 s. */
export const KEEP_WITHIN_MS = 1_200;

const MAX_RECONNECT_MS = 1_000; // a Redis that comes back is used within a second
const retryStrategy = (times: number) => Math.min(times * 50, MAX_RECONNECT_MS);

type Patience = Pick<RedisOptions, 'enableOfflineQueue' | 'maxRetriesPerRequest' | 'commandTimeout' | 'retryStrategy'>;

/** For receivers and pages: fails at once when Redis is away, and soon when it hangs. Whoever asks decides what then. */
export const impatient: Patience = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  commandTimeout: KEEP_WITHIN_MS,
  retryStrategy,
};

/** For workers: waits for Redis as long as it takes. */
export const patient: Patience = { maxRetriesPerRequest: null, retryStrategy };

export type { Redis };

export function connect(address: RedisAddress, options: Patience): Redis {
  const redis = 'url' in address ? new Redis(address.url, options) : new Redis({ ...options, ...address });
  redis.on('connect', () => writeByTurn(redis.stream));
  return redis;
}

/** Commands wait so long for others when there is no moment to spare. */
const GATHER_MS = 1;

/**
 * All commands of one turn of the event loop leave in one system call, which costs as much as a command does; under full
 * load, all of a millisecond.
 */
function writeByTurn(stream: Writable): void {
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
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), limitMs);
    redis.once('ready', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

/** ioredis has one class for one of these, and plain errors for the others. */
export function isAway(error: unknown): boolean {
  const words = error instanceof Error ? `${error.name} ${error.message}` : '';
  return /MaxRetriesPerRequest|Command timed out|Connection is closed|Stream isn't writeable|(?:connect|read|write) E[A-Z]+|LOADING/.test(
    words,
  );
}
