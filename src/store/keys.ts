/** One prefix with a hash tag: all keys, BullMQ's too, lie in one slot of a Redis Cluster. */
export const PREFIX = '{shiplog}';

export const key = (...parts: readonly string[]): string => [PREFIX, ...parts].join(':');
