import { afterEach, describe, expect, it, vi } from 'vitest';
import { ADMIN_TOKEN, SECRET, startTestBridge } from '../support/bridge.ts';
import { ALERT24_KEY, startFakeAlert24 } from '../support/fake-alert24.ts';

const VIEWER_TOKEN = 'a-viewer-token-for-tests';
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function startBoth() {
  const alert24 = await startFakeAlert24();
  const bridge = await startTestBridge({
    viewer_token: VIEWER_TOKEN,
    sinks: [{ type: 'alert24', url: alert24.url, api_key: ALERT24_KEY }],
  });
  stops.push(
    () => alert24.close(),
    () => bridge.stop(),
  );
  return { alert24, bridge };
}

const text = (page: string) => page.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
const unescaped = (value: string) => value.replaceAll('&amp;', '&').replaceAll('&#39;', "'").replaceAll('&quot;', '"');

/** As much of a browser as our pages need: a cookie, links and forms. */
async function openBrowser(base: string, token: string) {
  const login = await fetch(`${base}/login`, {
    method: 'POST',
    body: new URLSearchParams({ token }),
    redirect: 'manual',
  });
  const cookie = login.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const get = async (path: string) => {
    const answer = await fetch(`${base}${path}`, { headers: { cookie } });
    return { status: answer.status, html: await answer.text() };
  };
  return {
    get,
    /** Presses the button of a form, and follows where it leads. */
    async press(html: string, button: string, over: Record<string, string> = {}) {
      const forms = [...html.matchAll(/<form class="action" method="post" action="([^"]+)">([\s\S]*?)<\/form>/g)];
      const [, action = '', body = ''] = forms.find(([, , inside]) => inside?.includes(`>${button}<`)) ?? [];
      if (!action) throw new Error(`there is no button "${button}" on the page`);
      const inputs = [...body.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)];
      const fields = Object.fromEntries(inputs.map(([, name = '', value = '']) => [name, unescaped(value)]));
      const answer = await fetch(`${base}${unescaped(action)}`, {
        method: 'POST',
        headers: { cookie },
        body: new URLSearchParams({ ...fields, ...over }),
        redirect: 'manual',
      });
      const to = answer.headers.get('location');
      return to === null ? { status: answer.status, html: await answer.text() } : get(to.split('#')[0] ?? '/');
    },
  };
}

describe('the pages of a running bridge', () => {
  it('lead from an empty bridge over a test event and a refused delivery to a delivered change', async () => {
    const { alert24, bridge } = await startBoth();
    const admin = await openBrowser(bridge.url, ADMIN_TOKEN);
    expect((await admin.get('/')).html).toContain('/webhooks/gitlab');
    const body = { error: { type: 'validation_error', message: 'no <such> service', status: 422 } };
    alert24.inject({ kind: 'status', method: 'POST', status: 422, body, times: 1 });

    const sent = await admin.press((await admin.get('/setup')).html, 'Send a test event');
    expect(sent.status).toBe(200);
    expect(text(sent.html)).toContain('The test event came in:');
    const webhookPath = /href="(\/inbox\/[^"]+)">its webhook/.exec(sent.html)?.[1] ?? '';
    const changePath = /href="(\/deployments\/[^"]+)">its change/.exec(sent.html)?.[1] ?? '';
    await vi.waitFor(async () => expect((await admin.get('/setup/last')).html).toContain('It works.'), 10_000);
    expect((await admin.get('/')).html).toContain(`href="${changePath}"`);

    await vi.waitFor(async () => expect((await admin.get(changePath)).html).toContain('given up'), 10_000);
    const change = (await admin.get(changePath)).html;
    expect(change).toContain(`<a href="${webhookPath}">`);
    expect(change).toContain('no &lt;such&gt; service');
    expect(text(change)).toContain('deployment hook gitlab ✓ succeeded');

    const deliveries = (await admin.get('/deliveries?sink=alert24&kind=refused')).html;
    expect(text(deliveries)).toContain('1 rejected by the destination, 0 failed in Shiplog');
    expect(deliveries).toContain(`href="${changePath}"`);
    const after = await admin.press(deliveries, 'Try again');
    expect(text(after.html)).toContain('1 dead letter is tried again.');
    await vi.waitFor(() => expect(alert24.changes).toHaveLength(1), 10_000);
    await vi.waitFor(
      async () => expect(text((await admin.get(changePath)).html)).toContain('Received: ✓ succeeded'),
      10_000,
    );
    expect(text((await admin.get('/deliveries')).html)).toContain('None. What a destination rejects');
    expect(text((await admin.get('/deliveries')).html)).toContain('1 delivered, 1 failed');

    const webhook = (await admin.get(webhookPath)).html;
    expect(text((await admin.press(webhook, 'Map again')).html)).toContain('1 webhook mapped again.');
    expect(text((await admin.press(change, 'Map again')).html)).toContain('1 webhook mapped again.');
    await bridge.settled();
    expect(alert24.changes).toHaveLength(1);
    expect(await bridge.changes()).toHaveLength(1);
  });

  it('retry and drop only what matches, and find webhooks by their content', async () => {
    const { alert24, bridge } = await startBoth();
    const admin = await openBrowser(bridge.url, ADMIN_TOKEN);
    alert24.inject({ kind: 'status', method: 'POST', status: 422, times: 3 });
    for (const name of ['gitlab', 'bitbucket', 'changes-api']) {
      const path = (await admin.get('/setup')).html;
      const source = bridge.config.sources.find(({ type }) => type === name)?.name ?? '';
      expect((await admin.press(path, 'Send a test event', { source })).status).toBe(200);
    }
    await vi.waitFor(
      async () => expect(text((await admin.get('/deliveries')).html)).toContain('3 rejected by the destination'),
      10_000,
    );
    const found = (await admin.get('/inbox?q=HARBOR%2Flighthouse')).html;
    expect(text(found)).toContain('Found in the newest 3 webhooks: 1.');
    expect(found).toContain('bitbucket:step:');
    expect(text((await admin.get('/inbox?source=gitlab&verdict=recorded')).html)).toContain('webhooks: 1.');
    expect(text((await admin.get('/inbox?q=nowhere')).html)).toContain('Found in the newest 3 webhooks: none.');

    const one = (await admin.get('/deliveries?reason=bitbucket%3Astep')).html;
    const dropPath = unescaped(/href="(\/actions\/drop\?reason[^"]+)"/.exec(one)?.[1] ?? '');
    const dropped = await admin.press((await admin.get(dropPath)).html, 'Drop 1 dead letter');
    expect(text(dropped.html)).toContain('1 dead letter dropped for good.');
    const rest = await admin.press((await admin.get('/deliveries')).html, 'Try all 2 again');
    expect(text(rest.html)).toContain('2 dead letters are tried again.');
    await vi.waitFor(() => expect(alert24.changes).toHaveLength(2), 10_000);
    await bridge.settled();

    const refused = await bridge.post(
      '/webhooks/changes',
      { description: 'no summary' },
      { authorization: `Bearer ${SECRET}` },
    );
    expect(refused.status).toBe(400);
    const badPath = /href="(\/inbox\/[^"]+)"/.exec((await admin.get('/inbox?verdict=rejected')).html)?.[1] ?? '';
    const bad = (await admin.get(badPath)).html;
    expect(bad).toContain('no summary');
    expect(text((await admin.press(bad, 'Map again')).html)).toContain('Nothing was mapped:');
  });

  it('show a viewer everything except secrets, and no actions', async () => {
    const { bridge } = await startBoth();
    const viewer = await openBrowser(bridge.url, VIEWER_TOKEN);
    const admin = await openBrowser(bridge.url, ADMIN_TOKEN);
    const setup = (await admin.get('/setup')).html;
    const seen = await viewer.get('/setup');
    expect(seen.status).toBe(200);
    expect(seen.html).not.toMatch(/Show the secret|Send a test event/);
    expect((await viewer.press(setup, 'Send a test event')).status).toBe(403);
    expect((await viewer.press(setup, 'Show the secret')).status).toBe(403);
    expect((await admin.press(setup, 'Send a test event', { form_token: 'f'.repeat(64) })).status).toBe(403);
    const headers = { authorization: `Bearer ${VIEWER_TOKEN}` };
    expect((await fetch(`${bridge.url}/api/inbox`, { headers })).status).toBe(200);
    expect((await fetch(`${bridge.url}/api/dead-letters`, { headers })).status).toBe(403);
    const body = JSON.stringify({ summary: 'x' });
    expect((await fetch(`${bridge.url}/api/v1/changes`, { method: 'POST', headers, body })).status).toBe(401);
    expect((await bridge.get('/api/inbox')).body.meta.total).toBe(1); // the post that was refused just now
  });
});
