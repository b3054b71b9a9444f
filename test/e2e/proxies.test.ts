import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, startTestBridge } from '../support/bridge.ts';

const METRICS = 'a-metrics-token-for-tests';
const READ = 'a-read-token-for-tests';
const auth = (...trusted: readonly string[]) => ({ proxy_header: 'X-Forwarded-User', trusted });

let bridge: Awaited<ReturnType<typeof startTestBridge>>;
beforeAll(async () => {
  bridge = await startTestBridge({
    auth: auth('127.0.0.0/8'),
    metrics_token: METRICS,
    tokens: [{ name: 'dashboard', token: READ, may: 'read' }],
  });
});
afterAll(() => bridge.stop());

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const ask = (path: string, headers: Record<string, string> = {}) => fetch(`${bridge.url}${path}`, { headers });
const dropNothing = (headers: Record<string, string>) =>
  bridge.post('/api/dead-letters/drop', { id: 'no-such-dead-letter' }, headers);
const actions = () => bridge.logged.filter(({ msg }) => msg === 'action');

describe('the log of actions', () => {
  it('names the person that a trusted proxy names, else the token', async () => {
    await dropNothing({ ...bearer(ADMIN_TOKEN), 'x-forwarded-user': 'ada' });
    await dropNothing(bearer(ADMIN_TOKEN));
    await expect.poll(() => actions().map(({ by }) => by)).toEqual(['ada', 'admin']);
    expect(actions()[0]).toMatchObject({ action: '/api/dead-letters/drop', to: { id: 'no-such-dead-letter' } });
    expect(JSON.stringify(bridge.logged)).not.toContain(ADMIN_TOKEN);
  });

  it('ignores the header from other addresses', async () => {
    const before = actions().length;
    expect((await dropNothing({ 'x-forwarded-user': 'ada' })).status).toBe(401);
    await bridge.reload({ auth: auth('203.0.113.7', '2001:db8::/32') });
    await dropNothing({ ...bearer(ADMIN_TOKEN), 'x-forwarded-user': 'ada' });
    await expect.poll(() => actions().slice(before)).toMatchObject([{ by: 'admin' }]);
  });
});

describe('a metrics token', () => {
  it('is required for metrics and the details of readiness, and nowhere else', async () => {
    const statuses = async (path: string) =>
      Promise.all(
        [undefined, 'wrong', METRICS, READ, ADMIN_TOKEN].map(
          async (token) => (await ask(path, token === undefined ? {} : bearer(token))).status,
        ),
      );
    expect(await statuses('/metrics')).toEqual([401, 401, 200, 200, 200]);
    expect(await statuses('/livez')).toEqual([200, 200, 200, 200, 200]);
    const open = await (await ask('/readyz')).json();
    expect(Object.keys(open as object)).toEqual(['status']);
    expect(await (await ask('/readyz', bearer(METRICS))).json()).toHaveProperty('reasons');
    expect((await ask('/api/v1/changes', bearer(METRICS))).status).toBe(401);
  });
});

it('an unconfigured proxy is reported once a request has a proxy header', async () => {
  const hint = async () => ((await (await ask('/readyz', bearer(METRICS))).json()) as { hint?: string }).hint;
  expect(await hint()).toBeUndefined();
  await ask('/livez', { 'x-forwarded-for': '203.0.113.9' });
  expect(await hint()).toMatch(/X-Forwarded-For.*SHIPLOG_TRUST_PROXY/);
  await bridge.reload({ trust_proxy: 1 });
  await ask('/livez', { 'x-forwarded-for': '203.0.113.9' });
  expect(await hint()).toBeUndefined();
});
