import { Redis } from 'ioredis';
import { afterEach, expect, it, vi } from 'vitest';
import { gitlabDeploymentHook, gitlabHeaders, startTestBridge } from '../support/bridge.ts';
import { startFakeServer } from '../support/fake-server.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A bridge that Redis knows as a user of its own, with these rights. */
async function startAs(...rights: readonly string[]) {
  let root: Redis | undefined;
  const bridge = await startTestBridge({}, async ({ address, port }) => {
    root = new Redis(address.path);
    await root.call('ACL', 'SETUSER', 'shiplog', 'on', '>a-password-of-redis', '~{shiplog}:*', ...rights);
    return { url: `redis://shiplog:a-password-of-redis@127.0.0.1:${port}/0` };
  });
  cleanups.push(
    () => bridge.stop(),
    () => root?.disconnect(),
  );
  const allow = (...more: readonly string[]) => root?.call('ACL', 'SETUSER', 'shiplog', ...more);
  const send = async (job: number) =>
    (await bridge.post('/webhooks/gitlab', gitlabDeploymentHook({ deployable_id: job }), gitlabHeaders())).status;
  return { ...bridge, allow, send };
}

it('workers that Redis refuses at start are reported on /readyz, and start by themselves when Redis allows it', async () => {
  const { get, url, allow, send, changes } = await startAs('+@all', '-info');
  expect(await send(1)).toBe(202);
  await vi.waitFor(async () =>
    expect(await get('/readyz')).toMatchObject({
      status: 503,
      body: { reasons: expect.arrayContaining([expect.stringMatching(/worker of \S+ does not run: NOPERM/)]) },
    }),
  );
  expect(await (await fetch(`${url}/metrics`)).text()).toContain('shiplog_degraded{reason="workers_stopped"} 1');
  expect((await get('/livez')).status).toBe(200);
  await allow('+info');
  await vi.waitFor(async () => expect((await get('/readyz')).status).toBe(200));
  await vi.waitFor(async () => expect(await changes()).toHaveLength(1));
});

it('a read-only Redis does not count as available, and its error message is shown', async () => {
  const { get, allow, send } = await startAs('+@all');
  await vi.waitFor(async () => expect((await get('/readyz')).body).toMatchObject({ status: 'ready', reasons: [] }));
  await allow('-@write', '-eval', '-evalsha');
  const { status, body } = await get('/readyz');
  expect(status).toBe(200); // the spool takes them
  expect(body).toMatchObject({
    status: 'degraded',
    reasons: expect.arrayContaining([expect.stringMatching(/NOPERM/)]),
  });
  expect(await send(1)).toBe(202);
  await allow('+@all');
  await vi.waitFor(async () => expect((await get('/readyz')).body).toMatchObject({ status: 'ready', reasons: [] }));
});

it('a user without administrative commands is enough, also to move the spool to Redis', async () => {
  const { get, allow, send, changes } = await startAs('+@all', '-@admin', '-@dangerous', '+info', '-eval', '-evalsha');
  for (const job of [1, 2, 3]) expect(await send(job)).toBe(202);
  await vi.waitFor(async () => expect((await get('/readyz')).body.spool.entries).toBe(3));
  await allow('-info', '+eval', '+evalsha');
  await vi.waitFor(async () =>
    expect((await get('/readyz')).body.reasons).toContainEqual(
      expect.stringMatching(/^3 webhooks have been in the spool since .*: NOPERM .*'info'/),
    ),
  );
  await allow('+info');
  await vi.waitFor(async () => expect((await get('/readyz')).body).toMatchObject({ status: 'ready', reasons: [] }));
  await vi.waitFor(async () => expect(await changes()).toHaveLength(3));
});

it('a database that Redis does not have is refused at the start, and no other is used', async () => {
  const started = startTestBridge({}, ({ port }) => ({ url: `redis://127.0.0.1:${port}/99` }));
  await expect(started).rejects.toThrow(/does not have the database.*choose a lower number/);
});

it("Redis's message about a wrong password is shown on /readyz", async () => {
  const bridge = await startTestBridge({}, async ({ address, port }) => {
    const root = new Redis(address.path);
    await root.call('ACL', 'SETUSER', 'shiplog', 'on', '>a-password-of-redis', '~*', '+@all');
    root.disconnect();
    return { url: `redis://shiplog:another-password@127.0.0.1:${port}/0` };
  });
  cleanups.push(() => bridge.stop());
  expect((await bridge.get('/readyz')).body).toMatchObject({
    status: 'degraded',
    reasons: expect.arrayContaining([expect.stringContaining('WRONGPASS')]),
  });
});

it('settings are checked even if CONFIG is forbidden', async () => {
  const { get } = await startAs('+@all', '-config');
  await vi.waitFor(async () => expect((await get('/readyz')).body).toMatchObject({ status: 'ready', reasons: [] }));
});

it('names deliveries that are left for a sink that no replica has, until one has it again', async () => {
  const refusing = await startFakeServer(() => ({ status: 422, body: { error: 'no such team' } }));
  const sinkCalled = (name: string) => ({
    sinks: [{ type: 'http', name, url: refusing.url, body: { service: { path: 'service' } } }],
  });
  const bridge = await startTestBridge(sinkCalled('pager'));
  cleanups.push(refusing.close, () => bridge.stop());
  const reasons = async () => (await bridge.get('/readyz')).body.reasons as string[];
  expect((await bridge.post('/webhooks/gitlab', gitlabDeploymentHook(), gitlabHeaders())).status).toBe(202);
  const deadLetters = async () => (await bridge.get('/api/dead-letters')).body.meta.total;
  await vi.waitFor(async () => expect(await deadLetters()).toBe(1), { timeout: 10_000 });
  expect(await reasons()).toEqual([]);
  await bridge.reload(sinkCalled('pages'));
  const redis = new Redis(bridge.redis.address.path);
  cleanups.push(() => redis.disconnect());
  await redis.del('{shiplog}:replicas'); // otherwise the former process is known for 20 s
  const left = expect.stringMatching(
    /^deliveries to the sink pager are left \(waiting: 0, dead letters: 1\), and no replica/,
  );
  await vi.waitFor(async () => expect(await reasons()).toEqual([left]), { timeout: 20_000 });
  await bridge.reload(sinkCalled('pager'));
  await vi.waitFor(async () => expect(await reasons()).toEqual([]), { timeout: 10_000 });
});
