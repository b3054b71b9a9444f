import { afterEach, describe, expect, it, vi } from 'vitest';
import { ADMIN_TOKEN, gitlabDeploymentHook, gitlabHeaders, startTestBridge } from '../support/bridge.ts';
import { ALERT24_KEY, startFakeAlert24 } from '../support/fake-alert24.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function startBoth(said: Record<string, unknown> = {}) {
  const alert24 = await startFakeAlert24();
  const bridge = await startTestBridge({
    sinks: [{ type: 'alert24', url: alert24.url, api_key: ALERT24_KEY }],
    ...said,
  });
  stops.push(
    () => alert24.close(),
    () => bridge.stop(),
  );
  const order = async (path: string, body: unknown) => {
    const answer = await bridge.post(`/api/dead-letters/${path}`, body, { authorization: `Bearer ${ADMIN_TOKEN}` });
    return answer.body;
  };
  const letters = async (query = '') => (await bridge.get(`/api/dead-letters?${query}`)).body.data;
  return { alert24, bridge, order, letters };
}

const hook = (job: number, said: Record<string, unknown> = {}) =>
  gitlabDeploymentHook({ deployable_id: job, deployment_id: job, ...said });

describe('dead letters', () => {
  it('keep what a destination rejected, with its message, and are delivered once when they are replayed', async () => {
    const { alert24, bridge, order, letters } = await startBoth();
    const body = { error: { type: 'validation_error', message: 'no such thing', status: 422 } };
    alert24.inject({ kind: 'status', method: 'POST', status: 422, body, times: 3 });
    for (const job of [1, 2, 3]) await bridge.post('/webhooks/gitlab', hook(job), gitlabHeaders());
    await vi.waitFor(async () => expect(await letters()).toHaveLength(3), { timeout: 10_000 });
    const [letter] = await letters('reason=NO+SUCH&sink=alert24&source=gitlab&kind=refused');
    expect(letter).toMatchObject({ sink: 'alert24', kind: 'refused', source: 'gitlab' });
    expect(letter.why).toContain('no such thing');
    expect(await letters('sink=record')).toEqual([]);

    expect((await order('replay', { sink: 'alert24', dry_run: true })).data).toEqual({
      matched: 3,
      replayed: 0,
      dry_run: true,
    });
    expect((await order('replay', { id: letter.id })).data).toMatchObject({ matched: 1, replayed: 1 });
    expect((await order('replay', { all: true })).data).toMatchObject({ matched: 2, replayed: 2 });
    expect((await order('replay', { all: true })).data).toMatchObject({ matched: 0, replayed: 0 });
    await vi.waitFor(() => expect(alert24.changes).toHaveLength(3), { timeout: 10_000 });
    await bridge.settled();
    expect(alert24.duplicates()).toEqual([]);
    expect(await letters()).toEqual([]);
  });

  it('are evaluated by the current rules before they are delivered', async () => {
    const { alert24, bridge, order, letters } = await startBoth();
    alert24.inject({ kind: 'status', method: 'POST', status: 400 });
    await bridge.post('/webhooks/gitlab', hook(1), gitlabHeaders());
    await vi.waitFor(async () => expect(await letters()).toHaveLength(1), { timeout: 10_000 });
    await bridge.reload({ rules: [{ set: { service_id: 'svc_lamp' } }] });
    expect((await order('replay', { all: true, remap: true })).data).toMatchObject({ replayed: 1 });
    await vi.waitFor(() => expect(alert24.changes).toHaveLength(1), { timeout: 10_000 });
    expect(alert24.requests.at(-1)?.path).toContain('/services/svc_lamp/');
  });

  it('are dropped only with a filter', async () => {
    const { alert24, bridge, order, letters } = await startBoth();
    alert24.inject({ kind: 'status', method: 'POST', status: 400 });
    await bridge.post('/webhooks/gitlab', hook(1), gitlabHeaders());
    await vi.waitFor(async () => expect(await letters()).toHaveLength(1), { timeout: 10_000 });
    expect((await order('drop', {})).error.message).toContain('select dead letters with');
    expect((await order('drop', { reason: 'something else' })).data).toMatchObject({ dropped: 0 });
    expect((await order('drop', { sink: 'alert24' })).data).toMatchObject({ matched: 1, dropped: 1 });
    expect(await letters()).toEqual([]);
  });

  it('need the admin token', async () => {
    const { bridge } = await startBoth();
    expect((await fetch(`${bridge.url}/api/dead-letters`)).status).toBe(401);
    expect((await bridge.post('/api/dead-letters/drop', { all: true })).status).toBe(401);
  });
});

describe('a webhook in the inbox', () => {
  it('is mapped again on demand, and changes nothing when nothing is new', async () => {
    const { bridge } = await startBoth();
    const { body } = await bridge.post('/webhooks/gitlab', hook(7), gitlabHeaders());
    await bridge.settled();
    const again = await bridge.post(
      `/api/inbox/${body.webhook}/replay`,
      {},
      { authorization: `Bearer ${ADMIN_TOKEN}` },
    );
    expect(again).toMatchObject({ status: 202, body: { data: { webhook: body.webhook, records: 1 } } });
    await bridge.settled();
    expect(await bridge.changes()).toHaveLength(1);
    expect((await bridge.get(`/api/inbox/${body.webhook}`)).body.data.verdict).toBe('recorded');
  });
});
