import { afterEach, expect, it, vi } from 'vitest';
import { RedisSettings } from '../../src/config/redis.ts';
import { addressOf } from '../../src/queue/address.ts';
import { gitlabDeploymentHook, gitlabHeaders, startTestBridge } from '../support/bridge.ts';
import { startCluster, startSentinels } from '../support/topologies.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** F43 and F44 of `npm run faults` do the same under load, and bring the old primary back. */
it.each([
  ['Sentinel', () => startSentinels({ replicas: 2, sentinels: 1 })],
  ['a Cluster', startCluster],
])('%s: an acknowledged webhook is recorded, whichever server fails', async (_, start) => {
  const topology = await start();
  cleanups.push(topology.stop);
  const redis = RedisSettings.parse(topology.settings);
  const bridge = await startTestBridge(
    { durability: 'replicated', redis: topology.settings, redis_url: 'redis://unused.example' },
    () => addressOf(undefined, redis),
  );
  cleanups.push(bridge.stop);
  const send = async (job: number) =>
    (await bridge.post('/webhooks/gitlab', gitlabDeploymentHook({ deployable_id: job }), gitlabHeaders())).status;
  const isReady = async () =>
    expect((await bridge.get('/readyz')).body).toMatchObject({
      status: 'ready',
      reasons: [],
      durability: 'replicated',
    });
  await vi.waitFor(isReady);
  for (const job of [1, 2, 3]) expect(await send(job)).toBe(202);
  const before = await topology.killPrimary();
  for (const job of [4, 5, 6]) expect(await send(job)).toBe(202);
  await vi.waitFor(async () => expect(await topology.primaryPort()).not.toBe(before));
  // Three primaries with a replica each have none to spare: until it is back, the spool takes what comes.
  await topology.restart(before);
  await vi.waitFor(isReady);
  for (const job of [7, 8, 9]) expect(await send(job)).toBe(202);
  await vi.waitFor(async () => expect(await bridge.changes()).toHaveLength(9));
});
