import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { gitlabDeploymentHook, gitlabHeaders, startTestBridge } from '../support/bridge.ts';
import { expectWithin } from '../support/time.ts';

let bridge: Awaited<ReturnType<typeof startTestBridge>>;
afterEach(() => bridge.stop());

const send = (headers: Record<string, string>) => bridge.post('/webhooks/gitlab', gitlabDeploymentHook(), headers);

describe('limits', () => {
  it('throttle an address that is refused repeatedly, and never a burst of authentic webhooks', async () => {
    bridge = await startTestBridge({ rate_limit_per_minute: 5 });
    for (let count = 0; count < 20; count++) expect((await send(gitlabHeaders())).status).toBe(202);
    const refused = [];
    for (let count = 0; count < 8; count++) refused.push((await send({ 'x-gitlab-token': 'wrong' })).status);
    expect(refused).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
    expect((await send(gitlabHeaders())).status, 'a right one of the same address').toBe(202);
  });

  it('close a connection that sends nothing, and one that never ends its headers', async () => {
    bridge = await startTestBridge();
    const closed = (first: string) =>
      new Promise<number>((resolve) => {
        const startedMs = performance.now();
        const socket = connect(Number(new URL(bridge.url).port), '127.0.0.1', () => socket.write(first));
        socket.resume().on('close', () => resolve(performance.now() - startedMs));
      });
    const waited = await Promise.all([closed(''), closed('POST /webhooks/gitlab HTTP/1.1\r\nx-slow: ')]);
    expect(waited).toHaveLength(2); // or it waits for ever
    for (const ms of waited) expectWithin(ms, 10_000);
  });
});
