import { afterEach, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, gitlabDeploymentHook, gitlabHeaders, startTestBridge } from '../support/bridge.ts';

let bridge: Awaited<ReturnType<typeof startTestBridge>>;
afterEach(() => bridge.stop());

const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, accept: 'text/html' };
const look = async (path: string, more: Record<string, string> = {}) => {
  const answer = await fetch(bridge.url + path, { headers: { ...headers, ...more }, redirect: 'manual' });
  return { status: answer.status, location: answer.headers.get('location'), text: await answer.text() };
};
/** Addresses in a page that begin at the root of the host. */
const addresses = (text: string) =>
  [...text.matchAll(/(?:href|src|action|data-live)="(\/[^"]*)"/g)].map(([, address = '']) => address);

describe('below a path', () => {
  it('pages, assets, redirects and webhooks work whether the proxy keeps or removes the prefix', async () => {
    bridge = await startTestBridge({ public_url: 'https://tools.example.com/shiplog/' });
    for (const at of ['/shiplog', '']) {
      const { status, text } = await look(`${at}/`);
      expect(status).toBe(200);
      expect(addresses(text).length).toBeGreaterThan(5);
      expect(addresses(text).filter((address) => !address.startsWith('/shiplog/'))).toEqual([]);
      for (const address of addresses(text).filter((path) => /\.(?:css|js|svg)/.test(path)))
        expect((await look(address)).status, address).toBe(200);
      const posted = await bridge.post(`${at}/webhooks/gitlab`, gitlabDeploymentHook(), gitlabHeaders());
      expect(posted.status).toBe(202);
    }
    const login = await fetch(`${bridge.url}/shiplog/inbox`, { headers: { accept: 'text/html' }, redirect: 'manual' });
    expect(login.headers.get('location') ?? (await login.text())).toContain('/shiplog/login');
    expect((await look('/shiplogger')).status).toBe(404);
  });

  it('a trusted proxy reports the prefix that it has removed; other senders are not trusted', async () => {
    bridge = await startTestBridge({ trust_proxy: 1 });
    const { text } = await look('/', { 'x-forwarded-prefix': '/tools/shiplog' });
    expect(addresses(text).filter((address) => !address.startsWith('/tools/shiplog/'))).toEqual([]);
    const { text: setup } = await look('/setup', { 'x-forwarded-prefix': '/tools/shiplog' });
    expect(setup.match(/https?:\/\/[^\s"<]*\/webhooks\/gitlab/)?.[0]).toBe(
      `${bridge.url}/tools/shiplog/webhooks/gitlab`,
    );
    for (const prefix of ['//evil.example', '/a"><script>', 'x'.repeat(300)])
      expect((await look('/', { 'x-forwarded-prefix': prefix })).text).not.toContain(prefix);
    await bridge.stop();
    bridge = await startTestBridge();
    expect((await look('/', { 'x-forwarded-prefix': '/tools' })).text).not.toContain('/tools');
  });
});
