import { describe, expect, it, vi } from 'vitest';
import { createRecentlyKept } from '../../src/app/recently-kept.ts';
import { gitlabDeploymentHook, gitlabHeaders, startTestBridge } from '../support/bridge.ts';

it('an acknowledged webhook is recorded even if Redis comes back without its last seconds', async () => {
  const bridge = await startTestBridge();
  try {
    const send = async (job: number) =>
      (await bridge.post('/webhooks/gitlab', gitlabDeploymentHook({ deployable_id: job }), gitlabHeaders())).status;
    expect(await send(1)).toBe(202);
    await vi.waitFor(async () => expect(await bridge.changes()).toHaveLength(1));
    expect(await send(2)).toBe(202);
    await bridge.redis.kill9();
    bridge.redis.loseData();
    await bridge.redis.restart();
    await vi.waitFor(async () => expect(await bridge.changes()).toHaveLength(2));
  } finally {
    await bridge.stop();
  }
});

const NO_BODY = Buffer.alloc(0);

describe('the webhooks that were kept last', () => {
  function start() {
    const state = { server: 'a', nowMs: 1_000_000, again: [] as string[] };
    const recent = createRecentlyKept({
      serverId: async () => state.server,
      keepAgain: async (json) => void state.again.push(json),
      clock: () => new Date(state.nowMs),
    });
    return { state, recent };
  }

  it('are written to another server, and only to that one', async () => {
    const { state, recent } = start();
    recent.add('before anybody was asked', NO_BODY);
    await recent.check();
    recent.add('one', NO_BODY);
    await recent.check();
    expect(state.again).toEqual([]);
    state.server = 'b';
    await recent.check();
    expect(state.again).toEqual(['before anybody was asked', 'one']);
    await recent.check();
    expect(state.again).toHaveLength(2);
  });

  it('are dropped when they are safe, and not while Redis is unreachable', async () => {
    const { state, recent } = start();
    await recent.check();
    recent.add('old', NO_BODY);
    state.nowMs += 4_000;
    recent.add('new', NO_BODY);
    state.nowMs += 4_000;
    await recent.check(); // the same server answers
    state.server = 'b';
    await recent.check();
    expect(state.again).toEqual(['new']);
  });

  it('are written again until the server has accepted them', async () => {
    const { state } = start();
    let refuses = 2;
    const recent = createRecentlyKept({
      serverId: async () => state.server,
      keepAgain: async (item) => {
        if (refuses-- > 0) throw new Error('not now');
        state.again.push(item);
      },
      clock: () => new Date(state.nowMs),
    });
    await recent.check();
    recent.add('one', NO_BODY);
    state.server = 'b';
    await expect(recent.check()).rejects.toThrow('not now');
    await expect(recent.check()).rejects.toThrow('not now');
    await recent.check();
    expect(state.again).toEqual(['one']);
  });

  it('are limited: above the limit the newest are kept', async () => {
    const { state, recent } = start();
    await recent.check();
    for (let at = 0; at < 100; at++) recent.add(`item ${at}`, Buffer.alloc(1024 * 1024));
    state.server = 'b';
    await recent.check();
    expect(state.again.length).toBeGreaterThan(8);
    expect(state.again.length).toBeLessThanOrEqual(16);
    expect(state.again.at(-1)).toBe('item 99');
  });
});
