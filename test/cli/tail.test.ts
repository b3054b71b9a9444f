import { afterEach, describe, expect, it, vi } from 'vitest';
import { tail } from '../../src/cli/tail.ts';
import type { FeedItem } from '../../src/http/answers/feed.ts';
import { gitlabDeploymentHook, gitlabHeaders, startTestBridge } from '../support/bridge.ts';
import { paper, reaching } from '../support/command.ts';
import { ALERT24_KEY, startFakeAlert24 } from '../support/fake-alert24.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function start() {
  const alert24 = await startFakeAlert24();
  stops.push(() => alert24.close());
  const bridge = await startTestBridge({ sinks: [{ type: 'alert24', url: alert24.url, api_key: ALERT24_KEY }] });
  stops.push(() => bridge.stop());
  const hook = (job: number) =>
    bridge.post('/webhooks/gitlab', gitlabDeploymentHook({ deployable_id: job, deployment_id: job }), gitlabHeaders());
  return { bridge, hook };
}

function follow(bridge: Awaited<ReturnType<typeof startTestBridge>>, options: { last: number; json?: boolean }) {
  const page = paper();
  const ended = new AbortController();
  const done = tail(reaching(bridge), options, { signal: ended.signal, output: page.output });
  const end = () => {
    ended.abort();
    return done;
  };
  stops.push(end);
  return { ...page, end, lines: () => page.out().split('\n').filter(Boolean) };
}

describe('shiplog tail', () => {
  it('writes one line for each webhook and delivery, without a gap or repeat, and ends at a signal', async () => {
    const { bridge, hook } = await start();
    await hook(1);
    await bridge.settled();
    const followed = follow(bridge, { last: 10, json: true });
    await Promise.all(Array.from({ length: 60 }, (_, index) => hook(index + 2)));
    await vi.waitFor(() => expect(followed.lines()).toHaveLength(122), { timeout: 10_000 });
    await followed.end();
    const items = followed.lines().map((line) => JSON.parse(line) as FeedItem);
    const webhooks = items.flatMap((item) => (item.kind === 'webhook' ? item.webhook.id : []));
    const deliveries = items.flatMap((item) => (item.kind === 'delivery' ? item.deployment : []));
    expect(new Set(webhooks).size).toBe(61);
    expect(new Set(deliveries).size).toBe(61);
  });

  it('shows when, what, where and why, and begins with the most recent events', async () => {
    const { bridge, hook } = await start();
    const { body } = await hook(1);
    await bridge.post('/webhooks/gitlab', '{', gitlabHeaders());
    await bridge.settled();
    const followed = follow(bridge, { last: 10 });
    await vi.waitFor(() => expect(followed.lines()).toHaveLength(3), { timeout: 5_000 });
    const lines = followed.lines().join('\n');
    expect(lines).toMatch(new RegExp(`^\\S+ \\S+  webhook   gitlab +recorded   ${body.webhook}  gitlab:`, 'm'));
    expect(lines).toMatch(/^\S+ \S+ {2}webhook {3}gitlab +rejected {3}\S+ {2}not_json/m);
    expect(lines).toMatch(/^\S+ \S+ {2}delivery {2}alert24 +delivered {2}gitlab:\S+ {2}succeeded {2}201 created/m);
  });

  it('shows a webhook from the spool, although it was received earlier', async () => {
    const { bridge, hook } = await start();
    const followed = follow(bridge, { last: 0, json: true });
    await vi.waitFor(async () => expect((await bridge.get('/api/feed')).status).toBe(200));
    bridge.redis.freeze();
    const { body, status } = await hook(1);
    bridge.redis.thaw();
    await hook(2);
    expect(status).toBe(202);
    await vi.waitFor(() => expect(followed.out()).toContain(body.webhook), { timeout: 10_000 });
    await vi.waitFor(() => expect(followed.lines()).toHaveLength(4), { timeout: 10_000 });
  });

  it('waits while Redis is unreachable, and continues at its position', async () => {
    const { bridge, hook } = await start();
    const followed = follow(bridge, { last: 0 });
    await vi.waitFor(async () => expect((await bridge.get('/api/feed')).status).toBe(200));
    await bridge.redis.kill9();
    await vi.waitFor(() => expect(followed.err()).toContain('waiting for it'), { timeout: 10_000 });
    const { body } = await hook(1);
    await bridge.redis.restart();
    await vi.waitFor(() => expect(followed.out()).toContain(body.webhook), { timeout: 10_000 });
    expect(followed.err().match(/waiting for it|is back/g)).toEqual(['waiting for it', 'is back']);
  });

  it('ends at once if no bridge runs', async () => {
    const { bridge } = await start();
    const stopped = { ...reaching(bridge), port: 9 };
    const signal = AbortSignal.timeout(60_000);
    await expect(tail(stopped, { last: 1 }, { signal, output: paper().output })).rejects.toThrow('npm start');
  });
});
