import { describe, expect, it } from 'vitest';
import { createBuildView } from '../../src/record.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { timeDelivery, timeRecording } from '../../src/telemetry/timing.ts';
import { aRecord } from '../support/records.ts';
import { sink } from '../web/stores.ts';

const now = new Date('2026-03-14T21:00:00.000Z');
const clock = () => now;
const metrics = () =>
  createMetrics({
    backlog: async () => ({}),
    spool: () => ({ entries: 0, bytes: 0 }),
    holds: () => ({}),
    lastWebhooks: async () => ({}),
    expiries: () => ({}),
    degraded: async () => new Set<never>(),
    stale: async () => 0,
    lostLines: () => 0,
  });
const sample = async ({ registry }: ReturnType<typeof metrics>, name: string) =>
  (await registry.metrics())
    .split('\n')
    .find((line) => line.startsWith(`${name}{`))
    ?.split(' ')[1];

const running = aRecord({
  state: 'running',
  occurredAt: '2026-03-14T20:50:00.000Z',
  receivedAt: '2026-03-14T20:50:00.000Z',
});
const succeeded = aRecord({ occurredAt: '2026-03-14T20:59:50.000Z', receivedAt: '2026-03-14T20:59:57.000Z' });

describe('the time to a delivery', () => {
  it('counts from the webhook that decided the state, not from the first of the deployment', async () => {
    const measured = metrics();
    const judge = createBuildView({ rules: [], routing: {}, before: async () => [] });
    timeDelivery(measured, clock)(sink('alert24'), (await judge(running.deployment, [running, succeeded])).view);
    expect(await sample(measured, 'shiplog_received_to_delivered_seconds_sum')).toBe('3');
  });
});

describe('the time to the change log', () => {
  const event = { webhookId: 'w', source: 'gitlab', records: [succeeded] };

  it('is measured when all is recorded, and not after a failure', async () => {
    const measured = metrics();
    await timeRecording(async () => {}, measured, clock)(event);
    const failing = timeRecording(() => Promise.reject(new Error('Redis is away')), measured, clock);
    await expect(failing(event)).rejects.toThrow('Redis is away');
    expect(await sample(measured, 'shiplog_received_to_recorded_seconds_count')).toBe('1');
    expect(await sample(measured, 'shiplog_received_to_recorded_seconds_sum')).toBe('3');
  });

  it('is not measured for a replay', async () => {
    const measured = metrics();
    await timeRecording(async () => {}, measured, clock)({ ...event, replayedAtMs: 1 });
    expect(await sample(measured, 'shiplog_received_to_recorded_seconds_count')).toBeUndefined();
  });
});
