import { Redis } from 'ioredis';
import { afterEach, expect, it, vi } from 'vitest';
import { gitlabDeploymentHook, gitlabHeaders, startTestBridge } from '../support/bridge.ts';

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
      expect.stringMatching(/^3 webhooks lie in the spool since .*: NOPERM .*'info'/),
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
