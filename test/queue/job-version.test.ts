import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterEach, expect, it, vi } from 'vitest';
import { JOB_VERSION, RECORD_QUEUE } from '../../src/queue/queues.ts';
import { PREFIX } from '../../src/store/key-family.ts';
import { startTestBridge } from '../support/bridge.ts';
import { aRecord } from '../support/records.ts';

let bridge: Awaited<ReturnType<typeof startTestBridge>>;
afterEach(() => bridge.stop());

it('a job of a newer version is left for a newer bridge, and the others continue', async () => {
  bridge = await startTestBridge();
  const connection = new Redis(bridge.redis.address.path);
  const queue = new Queue(RECORD_QUEUE, { connection, prefix: PREFIX });
  const event = (name: string) => ({
    webhookId: name,
    source: 'gitlab',
    records: [aRecord({ deployment: name })],
  });
  const newer = { version: JOB_VERSION + 1, events: [event('newer')] };
  const current = { version: JOB_VERSION, events: [event('current'), event('beside it')] };
  await queue.add('events', newer, { jobId: 'evt_newer' });
  await queue.add('events', current, { jobId: 'evt_current' });
  await queue.add('event', { ...event('of version 1'), version: 1 }, { jobId: 'evt_old' });
  await vi.waitFor(async () => expect(await bridge.changes()).toHaveLength(3), { timeout: 5_000 });
  expect((await bridge.changes()).map(({ deployment }) => deployment).sort()).toEqual([
    'beside it',
    'current',
    'of version 1',
  ]);
  expect(await queue.getJobState('evt_newer')).toBe('delayed');
  await queue.close();
  connection.disconnect();
});
