import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { gitlabDeploymentHook, gitlabHeaders, startTestBridge } from '../support/bridge.ts';
import { ALERT24_KEY, startFakeAlert24 } from '../support/fake-alert24.ts';
import { startFakeCollector } from '../support/fake-collector.ts';
import { duration, expectWithin } from '../support/time.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SENDER = 'b7ad6b7169203331';
const SECRET_IN_NAME = 'another-secret-of-ours-32-characters';

let alert24: Awaited<ReturnType<typeof startFakeAlert24>>;
let collector: Awaited<ReturnType<typeof startFakeCollector>>;
let bridge: Awaited<ReturnType<typeof startTestBridge>> | undefined;

beforeEach(async () => {
  alert24 = await startFakeAlert24();
  collector = await startFakeCollector();
  vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'http/json');
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '50');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await bridge?.stop();
  bridge = undefined;
  await alert24.close();
  await collector.close();
});

async function start() {
  const sinks = [{ type: 'alert24', url: alert24.url, api_key: ALERT24_KEY }];
  bridge = await startTestBridge({ sinks, viewer_token: SECRET_IN_NAME });
  return bridge;
}
async function startTraced() {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
  return start();
}
type TestBridge = Awaited<ReturnType<typeof start>>;

const hook = (to: TestBridge, headers: Record<string, string> = {}, said = {}) =>
  to.post('/webhooks/gitlab', gitlabDeploymentHook(said), { ...gitlabHeaders(), ...headers });
const traceparent = `00-${TRACE}-${SENDER}-01`;
const collected = (count: number) =>
  vi.waitFor(
    () => {
      const spans = collector.spans();
      expect(spans.map(({ name }) => name)).toHaveLength(count);
      return spans;
    },
    { interval: 20 },
  );
const named = (spans: ReturnType<typeof collector.spans>, name: string) => {
  const span = spans.find((candidate) => candidate.name === name);
  if (!span) throw new Error(`no span ${name}`);
  return span;
};
/** The writes, which is what a destination would trace. */
const told = () =>
  alert24.requests.filter(({ method }) => method === 'POST').map(({ headers }) => headers['traceparent']);

describe('a trace', () => {
  it("goes from the sender's span to the request that reaches the sink, each span the parent of the next", async () => {
    const running = await startTraced();
    expect((await hook(running, { traceparent })).status).toBe(202);
    const spans = await collected(3);
    const [receive, record, forward] = ['receive', 'record', 'forward'].map((name) => named(spans, name));
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]));
    expect(receive?.parentSpanId).toBe(SENDER);
    expect(record?.parentSpanId).toBe(receive?.spanId);
    expect(forward?.parentSpanId).toBe(record?.spanId);
    expect(told()).toEqual([`00-${TRACE}-${forward?.spanId}-01`]);
  });

  it('has the results of the webhook and the delivery, and the service name', async () => {
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment.name=harbor');
    await hook(await startTraced());
    const spans = await collected(3);
    const key = 'gitlab:git.harbor.example:77:job:15664214926';
    expect(named(spans, 'receive').attributes).toMatchObject({
      'shiplog.source': 'gitlab',
      'shiplog.verdict': 'accepted',
      'shiplog.deployments': [key],
    });
    expect(named(spans, 'record').attributes).toMatchObject({
      'shiplog.source': 'gitlab',
      'shiplog.verdict': 'recorded',
      'shiplog.deployments': [key],
    });
    expect(named(spans, 'forward').attributes).toEqual({
      'shiplog.sink': 'alert24',
      'shiplog.deployment': key,
      'shiplog.state': 'succeeded',
      'shiplog.outcome': 'delivered',
    });
    expect(collector.resources()[0]).toMatchObject({
      'service.name': 'shiplog',
      'deployment.environment.name': 'harbor',
    });
  });

  it('has a span with the reason for each failed attempt, and no secret', async () => {
    const running = await startTraced();
    alert24.inject({ kind: 'status', method: 'POST', status: 500, body: `broken by ${SECRET_IN_NAME}` });
    await hook(running, { traceparent }, { environment: SECRET_IN_NAME });
    const spans = await collected(4);
    const attempts = spans.filter(({ name }) => name === 'forward');
    expect(attempts.map(({ attributes }) => attributes['shiplog.outcome'])).toEqual(['failed', 'delivered']);
    expect(attempts[0]?.status).toMatchObject({ code: 2, message: expect.stringContaining('500 broken by [secret]') });
    expect(new Set(attempts.map(({ parentSpanId }) => parentSpanId))).toEqual(new Set([named(spans, 'record').spanId]));
    expect(collector.requests.map(({ text }) => text).join()).not.toContain(SECRET_IN_NAME);
  });

  it('starts anew if the header is invalid; an unauthenticated request is not traced', async () => {
    const running = await startTraced();
    await hook(running, { traceparent: `00-${'0'.repeat(32)}-${SENDER}-01` });
    expect((await hook(running, { 'x-gitlab-token': 'wrong' })).status).toBe(401);
    const spans = await collected(3);
    const receipts = spans.filter(({ name }) => name === 'receive');
    expect(receipts.map(({ parentSpanId }) => parentSpanId)).toEqual([undefined]);
  });

  it('continues after the spool', async () => {
    const running = await startTraced();
    await running.redis.kill9();
    expect((await hook(running, { traceparent })).status).toBe(202);
    await running.redis.restart();
    await expect.poll(told).toEqual([expect.stringMatching(`^00-${TRACE}-`)]);
  });

  it('is not sampled if the sender did not sample it, and continues', async () => {
    const running = await startTraced();
    await hook(running, { traceparent: `00-${TRACE}-${SENDER}-00` });
    await running.settled();
    expect(told()).toEqual([expect.stringMatching(`^00-${TRACE}-.{16}-00$`)]);
    expect(collector.spans()).toEqual([]);
  });
});

describe('without a collector', () => {
  it('nothing is traced and no traceparent forwarded without OTEL_* variables, or with OTEL_SDK_DISABLED', async () => {
    const running = await start();
    await hook(running, { traceparent });
    await running.settled();
    expect(told()).toEqual([undefined]);
    await running.stop();
    vi.stubEnv('OTEL_SDK_DISABLED', 'true');
    const disabled = await startTraced();
    await hook(disabled, { traceparent }, { deployable_id: 2, deployment_id: 2 });
    await disabled.settled();
    expect(told()).toEqual([undefined, undefined]);
    expect(collector.requests).toEqual([]);
  });

  it('deliveries continue and the log reports once that the collector is down, and stopping does not wait for it', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '200');
    const running = await startTraced();
    await collector.down();
    for (const job of [1, 2, 3, 4, 5]) await hook(running, {}, { deployable_id: job, deployment_id: job });
    await running.settled();
    expect(told()).toHaveLength(5);
    const complaints = () => running.logged.filter(({ msg }) => msg === 'traces are not taken');
    await expect.poll(complaints).toHaveLength(1);
    await hook(running, {}, { deployable_id: 6, deployment_id: 6 });
    await running.settled();
    expectWithin(await duration(running.stop), 4_000);
    bridge = undefined;
    expect(complaints()).toHaveLength(1);
  });

  it('a bridge with unknown values in OTEL_* starts without traces, and reports it', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc');
    const running = await startTraced();
    const said = JSON.stringify(running.logged.filter(({ msg }) => msg === 'no traces are written'));
    expect(said).toContain('write http/protobuf or http/json');
    expect((await hook(running)).status).toBe(202);
  });
});
