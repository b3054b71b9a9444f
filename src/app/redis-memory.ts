import type { Redis } from '../queue/connection.ts';

/**
 * The part of Redis' memory that draining the spool leaves free. Otherwise the spool would fill at once what retention
 * frees, while the deliveries that would empty Redis stand still: they need memory, too.
 */
const LEFT_FREE = 0.05;

export interface RedisMemory {
  /** False from a refusal for want of memory until there is room again: webhooks then go into the spool. */
  hasSpace(): boolean;
  /** Takes note of the error with which Redis refused a write. */
  note(failure: unknown): void;
  /** Asks Redis how much memory is left. */
  check(): Promise<boolean>;
}

export function createRedisMemory(redis: Redis): RedisMemory {
  let isFull = false;
  return {
    hasSpace: () => !isFull,
    note(failure) {
      if (textOf(failure).includes('OOM ')) isFull = true;
    },
    async check() {
      const info = await redis.info('memory');
      const fact = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
      const max = fact('maxmemory');
      isFull = max > 0 && fact('used_memory') > max * (1 - LEFT_FREE);
      return !isFull;
    },
  };
}

/** The error and its causes. */
function textOf(failure: unknown): string {
  const { message, cause } = failure instanceof Error ? failure : new Error(String(failure));
  return cause === undefined ? message : `${message}: ${textOf(cause)}`;
}
