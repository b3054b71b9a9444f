import { afterEach, describe, expect, it, vi } from 'vitest';
import { gitlabDeploymentHook, gitlabHeaders, startTestBridge } from '../support/bridge.ts';
import { duration, expectWithin } from '../support/time.ts';

type TestBridge = Awaited<ReturnType<typeof startTestBridge>>;
let bridge: TestBridge;
afterEach(() => bridge.stop());

const send = (job: number) =>
  bridge.post('/webhooks/gitlab', gitlabDeploymentHook({ deployable_id: job }), gitlabHeaders());

/** All at once, as a pipeline's hooks come. Every answer within the promised two seconds, and some for the machine. */
async function sendAll(jobs: readonly number[]) {
  const startedMs = performance.now();
  const answers = await Promise.all(jobs.map(send));
  expectWithin(performance.now() - startedMs, 2_500);
  return answers;
}

const recordedJobs = async () =>
  (await bridge.changes()).map(({ deployment }) => Number(deployment.split(':').at(-1))).sort((a, b) => a - b);

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('while Redis is unreachable', () => {
  it.each([
    ['frozen', () => bridge.redis.freeze(), () => bridge.redis.thaw()],
    ['killed', () => bridge.redis.kill9(), () => bridge.redis.restart()],
  ])('(%s) webhooks are stored on disk, acknowledged, and recorded once when it is back', async (_, away, back) => {
    bridge = await startTestBridge();
    expect((await send(1)).status).toBe(202);
    await bridge.settled();

    await away();
    for (const { status } of await sendAll(range(2, 30))) expect(status).toBe(202);
    for (const { status } of await sendAll(range(25, 40))) expect(status).toBe(202);
    const { status, body } = await bridge.get('/readyz');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'degraded',
      reasons: [expect.stringContaining('Redis'), expect.stringContaining('spool')],
    });
    expect(body.spool).toMatchObject({ entries: expect.any(Number), since: expect.any(String) });
    expect(await (await fetch(`${bridge.url}/metrics`)).text()).toMatch(/shiplog_spool_entries \d\d/);

    expect(await bridge.get('/api/v1/changes')).toMatchObject({
      status: 503,
      body: { error: expect.stringContaining('Redis') },
    });

    await back();
    await vi.waitFor(
      async () => expect((await bridge.get('/readyz')).body).toMatchObject({ status: 'ready', spool: { entries: 0 } }),
      { interval: 100 },
    );
    await bridge.settled();
    expect(await recordedJobs()).toEqual(range(1, 40));
  });

  it('a full spool is answered with 503 and a time to retry', async () => {
    bridge = await startTestBridge({ spool_max_mib: 0.000_001 });
    bridge.redis.freeze();
    for (const { status, headers } of await sendAll([1, 2, 3])) {
      expect(status).toBe(503);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(await bridge.get('/readyz')).toMatchObject({
      status: 503,
      body: { status: 'not ready', reasons: expect.arrayContaining([expect.stringContaining('the spool is full')]) },
    });
    const metrics = await (await fetch(`${bridge.url}/metrics`)).text();
    expect(metrics).toContain('shiplog_degraded{reason="redis_refuses"} 1');
    expect(metrics).toContain('shiplog_degraded{reason="spool_refuses"} 1');
    bridge.redis.thaw();
    await vi.waitFor(async () => expect((await send(4)).status).toBe(202));
    expect((await bridge.get('/readyz')).status).toBe(200);
  });

  it('the bridge can be stopped', async () => {
    bridge = await startTestBridge();
    await send(1);
    await bridge.redis.freeze();
    const stopping = vi.fn(bridge.stop);
    expectWithin(await duration(stopping), 4_000);
    expect(stopping).toHaveResolved();
  });
});
