import { EventEmitter } from 'node:events';
import { afterEach, expect, it, vi } from 'vitest';
import { migrateFormat } from '../../src/app/migrate-format.ts';
import type { Redis } from '../../src/queue/connection.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

afterEach(() => vi.useRealTimers());

it('is tried again after a command that timed out, as long as Redis is connected', async () => {
  vi.useFakeTimers();
  const get = vi.fn(async () => Promise.reject(new Error('Command timed out')));
  const redis = Object.assign(new EventEmitter(), { status: 'ready', get });
  const errors: unknown[] = [];
  const onError = (_where: string, error: unknown) => void errors.push(error);
  // The parts of a client that the check uses.
  migrateFormat(redis as unknown as Redis, { log: createLogger('silent'), onError, stop: async () => {} });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(errors.length).toBeGreaterThan(3);
  expect(get).toHaveBeenCalledTimes(errors.length);

  redis.status = 'reconnecting';
  await vi.advanceTimersByTimeAsync(60_000);
  expect(get).toHaveBeenCalledTimes(errors.length);
  const before = errors.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(errors).toHaveLength(before);
  redis.status = 'ready';
  redis.emit('ready');
  await vi.advanceTimersByTimeAsync(0);
  expect(errors).toHaveLength(before + 1);
});
