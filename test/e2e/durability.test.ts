import { afterEach, describe, expect, it, vi } from 'vitest';
import { gitlabDeploymentHook, gitlabHeaders, startTestBridge } from '../support/bridge.ts';

let bridge: Awaited<ReturnType<typeof startTestBridge>>;
afterEach(() => bridge.stop());

const send = (job: number) =>
  bridge.post('/webhooks/gitlab', gitlabDeploymentHook({ deployable_id: job }), gitlabHeaders());
const jobs = async () => (await bridge.changes()).map(({ deployment }) => Number(deployment.split(':').at(-1))).sort();

describe('the durability level fsync', () => {
  it('acknowledges webhooks that are on disk, in a Redis that fsyncs every write', async () => {
    bridge = await startTestBridge({ durability: 'fsync' });
    await bridge.redis.set('appendfsync', 'always');
    expect((await bridge.get('/readyz')).body).toMatchObject({ durability: 'fsync', status: 'ready', reasons: [] });
    expect((await send(1)).status).toBe(202);
    await bridge.redis.kill9();
    await bridge.redis.restart();
    await vi.waitFor(async () => expect(await jobs()).toEqual([1]), { timeout: 10_000, interval: 100 });
  });

  it('keeps webhooks in the spool, and reports why, while Redis cannot guarantee it', async () => {
    bridge = await startTestBridge({ durability: 'fsync' });
    expect((await send(1)).status).toBe(202);
    const { body } = await bridge.get('/readyz');
    const canPromise = body.redis.knowsWaitAof; // Redis 7.2 and later waits for its disk: test/queue/flush.test.ts
    expect(body.spool.entries).toBe(canPromise ? 0 : 1);
    expect(body.reasons.join().includes('set "appendfsync always"')).toBe(!canPromise);
    await bridge.redis.set('appendfsync', 'always');
    await vi.waitFor(async () => expect(await jobs()).toEqual([1]), { timeout: 10_000, interval: 100 });
  });
});
