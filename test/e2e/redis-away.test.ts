import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { gitlabDeploymentHook, gitlabHeaders, startTestBridge } from '../support/bridge.ts';

let bridge: Awaited<ReturnType<typeof startTestBridge>>;
beforeAll(async () => {
  bridge = await startTestBridge();
});
afterAll(() => bridge.stop());

const send = (job: number) =>
  bridge.post('/webhooks/gitlab', gitlabDeploymentHook({ deployable_id: job }), gitlabHeaders());
const recordedJobs = async () =>
  (await bridge.changes()).map(({ deployment }) => Number(deployment.split(':').at(-1))).sort((a, b) => a - b);

/** Nothing is acknowledged, every answer comes within the promised two seconds (and some for the machine), and says when to come again. */
async function expectRefusal(jobs: readonly number[]) {
  const startedMs = performance.now();
  const answers = await Promise.all(jobs.map(send));
  expect(performance.now() - startedMs).toBeLessThan(3_000);
  for (const { status, headers } of answers) {
    expect(status).toBe(503);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  }
}

describe('while Redis is away', () => {
  it('nothing is acknowledged that is not kept, and what was kept is there when it is back', {
    timeout: 60_000,
  }, async () => {
    expect((await send(1)).status).toBe(202);
    await bridge.settled();

    bridge.redis.freeze();
    await expectRefusal([2, 3, 4]);
    expect((await bridge.get('/readyz')).status).toBe(503);
    bridge.redis.thaw();
    await vi.waitFor(async () => expect((await send(5)).status).toBe(202), { timeout: 10_000 });

    await bridge.redis.kill9();
    await expectRefusal([6, 7]);
    await bridge.redis.restart();
    await vi.waitFor(async () => expect((await send(8)).status).toBe(202), { timeout: 10_000 });
    await bridge.settled();
    // 2, 3 and 4 were refused, and may have landed all the same once Redis thawed: more than promised is allowed.
    expect((await recordedJobs()).filter((job) => ![2, 3, 4].includes(job))).toEqual([1, 5, 8]);
  });
});
