import { EventEmitter } from 'node:events';
import { Redis as Client } from 'ioredis';
import { afterEach, expect, it, vi } from 'vitest';
import { migrateFormat } from '../../src/app/migrate-format.ts';
import type { Redis } from '../../src/queue/connection.ts';
import { keys } from '../../src/store/keys.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { startTestRedis } from '../support/redis.ts';

afterEach(() => vi.useRealTimers());

it('is tried again after a command that timed out, as long as Redis is connected', async () => {
  vi.useFakeTimers();
  const get = vi.fn(async () => Promise.reject(new Error('Command timed out')));
  const redis = Object.assign(new EventEmitter(), { status: 'ready', get });
  const errors: unknown[] = [];
  const onError = (_where: string, error: unknown) => void errors.push(error);
  // The parts of a client that the check uses.
  const parts = { log: createLogger('silent'), onError, stop: async () => {}, isStopping: () => false };
  migrateFormat(redis as unknown as Redis, parts);
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

it('reports once that a Redis was emptied while the bridge runs', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const server = await startTestRedis();
  const redis = new Client(server.address.path);
  const lines: string[] = [];
  const log = createLogger('warn', { write: (line) => void lines.push(line) });
  let isStopping = false;
  const parts = { log, onError: () => {}, stop: async () => {}, isStopping: () => isStopping };
  try {
    migrateFormat(redis, parts);
    const isThere = () =>
      vi.waitFor(async () => expect(await redis.exists(keys.format())).toBe(1), { timeout: 10_000 });
    await isThere();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(lines).toEqual([]);
    await redis.flushall();
    await vi.waitFor(
      async () => {
        await vi.advanceTimersByTimeAsync(15_000);
        expect(lines).toEqual([expect.stringContaining('Redis has lost its data')]);
      },
      { timeout: 10_000 },
    );
    await isThere();
    await vi.advanceTimersByTimeAsync(60_000);
    await redis.ping();
    expect(lines).toHaveLength(1);
    isStopping = true;
    await vi.advanceTimersByTimeAsync(15_000);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    redis.disconnect();
    await server.stop();
  }
});
