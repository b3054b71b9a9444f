import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { createRedisMemory } from '../../src/app/redis-memory.ts';
import { gitlabDeploymentHook, gitlabHeaders, startTestBridge } from '../support/bridge.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function start() {
  const bridge = await startTestBridge();
  const redis = new Redis(bridge.redis.address.path);
  stops.push(bridge.stop, async () => redis.disconnect());
  const used = Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
  return { bridge, redis, used };
}

describe('a Redis that is full', () => {
  it('keeps a twentieth of its memory free for deliveries while the spool is drained', async () => {
    const { bridge, redis, used } = await start();
    const room = createRedisMemory(redis);
    expect(await room.check()).toBe(true); // no limit
    await bridge.redis.set('maxmemory', String(Math.round(used * 1.02)));
    expect(await room.check()).toBe(false);
    expect(room.hasSpace()).toBe(false);
    await bridge.redis.set('maxmemory', String(used * 2));
    expect(await room.check()).toBe(true);
    room.note(new Error('not kept', { cause: new Error("OOM command not allowed when used memory > 'maxmemory'.") }));
    expect(room.hasSpace()).toBe(false);
    await room.check();
    expect(room.hasSpace()).toBe(true);
  });

  it('loses no webhook: they wait in the spool, and are recorded when there is memory again', async () => {
    const { bridge } = await start();
    await bridge.redis.set('maxmemory', '1');
    for (const job of [1, 2, 3]) {
      const hook = gitlabDeploymentHook({ deployable_id: job, deployment_id: job });
      expect((await bridge.post('/webhooks/gitlab', hook, gitlabHeaders())).status).toBe(202);
    }
    await bridge.redis.set('maxmemory', '0');
    await expect.poll(async () => (await bridge.changes()).length).toBe(3);
  });
});
