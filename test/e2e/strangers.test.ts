import { createHmac } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { brotliCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ADMIN_TOKEN, gitlabDeploymentHook, gitlabHeaders, SECRET, startTestBridge } from '../support/bridge.ts';
import { exchange, rawRequest } from '../support/raw-http.ts';

let bridge: Awaited<ReturnType<typeof startTestBridge>>;
beforeAll(async () => {
  bridge = await startTestBridge({ bodies_max_mib: 16, rate_limit_per_minute: 100 });
});
afterAll(() => bridge.stop());

const newest = async () => (await bridge.get('/api/inbox?limit=1')).body.data[0];
const metrics = async () => (await fetch(`${bridge.url}/metrics`)).text();
const rejected = (source: string, reason: string) => ({
  source,
  verdict: 'rejected',
  reason,
  deployments: [],
  bytes: 0,
});
const signatureOf = (body: string) => `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;

describe('an unsigned connection test', () => {
  const ping = { 'x-event-key': 'diagnostics:ping' };

  it('is answered with 2xx, and its body is neither read nor stored', async () => {
    const answer = await bridge.post('/webhooks/bitbucket', { pad: 'x'.repeat(500_000) }, ping);
    expect(answer).toMatchObject({ status: 200, body: { status: 'unproved', reason: 'unproved' } });
    await expect.poll(newest).toMatchObject({ ...rejected('bitbucket', 'unproved'), verdict: 'unproved' });
    const { body } = await bridge.get(`/api/inbox/${answer.body.webhook}`);
    expect(JSON.stringify(body).length).toBeLessThan(1_024);
    expect(body.data.body).toBeUndefined();
  });

  it('is no problem: neither the menu nor the day of its source counts it as rejected', async () => {
    const page = await fetch(`${bridge.url}/setup`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
    const text = await page.text();
    expect(text).toContain('The address is reached.');
    expect(text).not.toMatch(/within the last hour: [^"]*bitbucket/);
    expect(text).toContain('bitbucket, the last 24 hours: 0 recorded, 1 ignored, 0 rejected');
  });

  it('does not count as activity of its source', async () => {
    await bridge.post('/webhooks/bitbucket', {}, ping);
    expect(await metrics()).not.toMatch(/last_webhook_timestamp_seconds\{source="bitbucket"\}/);
    expect(await metrics()).toMatch(/webhooks_total\{source="bitbucket",verdict="unproved",reason="unproved"\} 2/);
  });

  it('is refused with a wrong signature, and a ping with a correct one', async () => {
    const wrong = await bridge.post('/webhooks/bitbucket', {}, { ...ping, 'x-hub-signature': signatureOf('other') });
    expect(wrong).toMatchObject({ status: 401, body: { reason: 'bad_signature' } });
    const right = await bridge.post('/webhooks/bitbucket', {}, { ...ping, 'x-hub-signature': signatureOf('{}') });
    expect(right).toMatchObject({ status: 202, body: { status: 'ignored', reason: 'ping' } });
  });
});

describe('a request to an address that belongs to no source', () => {
  it.each([
    ['/webhooks/gitlb', 'did you mean /webhooks/gitlab?'],
    ['/webhook/argo-cd', 'did you mean /webhooks/argocd?'],
    ['/gitlab', 'did you mean /webhooks/gitlab?'],
    ['/webhooks/nothing-alike', 'did you mean /webhooks/gitlab?'], // its secret says so
    ['/api/webhooks/git-lab', 'did you mean /webhooks/gitlab?'],
    ['/webhooks/github', 'add { type: webhook, preset: github, secrets: ["generated"] } to sources'],
    ['/webhook/azure-devops', 'add { type: webhook, preset: azure-devops'],
    ['/api/v3/projects/harbor%2Fpay/deployments', 'no source is at /api/v3/projects', {}],
    ['/api/v1/change', 'no source is at /api/v1/change', {}],
    ['/setup', 'no source is at /setup: did you mean /webhooks/gitlab?'],
    ['/login?next=%2Fsetup', 'no source is at /login: did you mean /webhooks/gitlab?'],
    ['/inbox', 'no source is at /inbox: did you mean'],
    ['/webhooks/nothing-alike', 'the set-up page shows the address of each', {}],
  ] as [string, string, Record<string, string>?][])(
    '%s: the inbox suggests an address, the response names no source',
    async (path, advice, headers) => {
      const answer = await bridge.post(path, gitlabDeploymentHook(), headers ?? gitlabHeaders());
      expect(answer.status).toBe(404);
      expect(answer.body.error).not.toMatch(/argocd|bitbucket|\/webhooks\/gitlab/);
      await expect.poll(newest).toMatchObject(rejected('(none)', 'no_such_source'));
      expect((await newest()).detail).toContain(advice);
    },
  );
});

it('names the setting of a proxy that keeps a prefix, for an address below one', async () => {
  const answer = await bridge.post('/ops/shiplog/webhooks/gitlab', gitlabDeploymentHook(), gitlabHeaders());
  expect(answer.status).toBe(404);
  await expect
    .poll(async () => (await newest()).detail)
    .toContain('If a proxy adds /ops/shiplog for Shiplog, set SHIPLOG_PUBLIC_URL');
});

describe('an address with something at its end that was copied along', () => {
  it.each([
    ['/webhooks/gitlab%22', 'a quotation mark'],
    ['/webhooks/gitlab%E2%80%9D', 'a quotation mark'],
    ['/webhooks/gitlab%0A', 'a line break'],
    ['/webhooks/gitlab%20', 'a space'],
    ['/webhooks/gitlab,', '","'],
  ])('%s: the response names it', async (path, what) => {
    const { status, body } = await bridge.post(path, gitlabDeploymentHook(), gitlabHeaders());
    expect(status).toBe(404);
    expect(body.error).toContain(`no source at this address, which ends with ${what};`);
  });
});

describe('a webhook at the address of another source, or with a token of the pages', () => {
  const detail = async () => (await newest()).detail;

  it('is recognised in the inbox, and its sender does not learn it', async () => {
    const { status, body } = await bridge.post('/webhooks/bitbucket', gitlabDeploymentHook(), gitlabHeaders());
    expect(status).toBe(401);
    expect(body.error).not.toContain('gitlab');
    await expect
      .poll(detail)
      .toMatch(/^this looks like a webhook of the source "gitlab" .*\(answered: X-Hub-Signature/);
    const headers = { ...gitlabHeaders(), 'x-gitlab-token': ADMIN_TOKEN };
    const admin = await bridge.post('/webhooks/gitlab', gitlabDeploymentHook(), headers);
    expect(admin.status).toBe(401);
    expect(admin.body.error).not.toContain('pages');
    await expect.poll(detail).toMatch(/^this is the token "admin" of pages and API/);
  });
});

describe('a webhook by another method', () => {
  it('is in the inbox with the method, and a browser is only answered', async () => {
    const at = `${bridge.url}/webhooks/gitlab`;
    const answer = await fetch(at, { headers: gitlabHeaders() });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('POST');
    expect(await answer.json()).toMatchObject({ reason: 'wrong_method', error: expect.stringContaining('not by GET') });
    await expect.poll(newest).toMatchObject({ ...rejected('gitlab', 'wrong_method'), method: 'GET' });
    const { id } = await newest();
    expect((await fetch(at, { headers: { accept: 'text/html' } })).status).toBe(405);
    expect(await newest()).toMatchObject({ id, count: 1 });
  });
});

describe('a request to the end of the path of an API', () => {
  it.each(['/changes', '/v1/changes/', '/shiplog/api/v1/changes'])(
    '%s: the response names the whole path',
    async (path) => {
      const { status, body } = await bridge.post(path, '{"summary":"Deployed pay"}', {});
      expect(status).toBe(404);
      expect(body.error).toContain('did you mean /api/v1/changes?');
    },
  );
});

describe('a request to an imitated API below another path', () => {
  it.each(['/gitlab/api/v4/projects/harbor%2Fpay/deployments', '/projects/harbor%2Fpay/deployments'])(
    '%s: the response names the path without it',
    async (path) => {
      const { status, body } = await bridge.post(path, { environment: 'production' }, { 'private-token': 'unknown' });
      expect(status).toBe(404);
      expect(body.error).toContain('did you mean /api/v4/projects/harbor%2Fpay/deployments?');
    },
  );
});

describe('refused requests', () => {
  it('are logged once a second for each reason, with a count of the others', async () => {
    const lines = () => bridge.logged.filter(({ reason, msg }) => reason === 'bad_signature' && msg === 'webhook');
    const before = lines().length;
    for (let count = 0; count < 30; count++) await bridge.post('/webhooks/argocd', '{}', {});
    const logged = lines().slice(before);
    const suppressed = logged.reduce((sum, line) => sum + Number(line['suppressed'] ?? 0), 0);
    expect(logged.length).toBeGreaterThan(0);
    expect(logged.length + suppressed).toBeLessThanOrEqual(30);
    expect(logged.length).toBeLessThan(15);
  });
});

describe('while bodies that never end use the whole budget', () => {
  /** Their headers look as if a signature came, so that the body has to be read. */
  const signed = [['X-Hub-Signature', `sha256=${'0'.repeat(64)}`]] as const;

  async function hold(count: number): Promise<Socket[]> {
    const head = rawRequest({
      path: '/webhooks/bitbucket',
      headers: [...signed, ['Content-Length', '2000000']],
      framing: 'none',
      body: 'x'.repeat(1_900_000),
    });
    const { port } = new URL(bridge.url);
    const sockets = Array.from({ length: count }, () => connect(Number(port), '127.0.0.1').on('error', () => {}));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.write(head, () => resolve()))));
    return sockets;
  }

  it('some of them are answered with 503, and authentic webhooks are accepted, by token and by signature', async () => {
    const answers: string[] = [];
    for (const socket of await hold(60)) socket.on('data', (bytes: Buffer) => answers.push(bytes.toString()));
    await expect.poll(() => answers.length).toBeGreaterThan(0);
    const byToken = await bridge.post(
      '/webhooks/gitlab',
      gitlabDeploymentHook({ pad: 'x'.repeat(900_000) }),
      gitlabHeaders(),
    );
    expect(byToken.status).toBe(202);
    const step = JSON.stringify({ type: 'nothing', pad: 'x'.repeat(300_000) });
    const bySignature = await bridge.post('/webhooks/bitbucket', step, {
      'x-hub-signature': signatureOf(step),
      'x-event-key': 'repo:push',
    });
    expect(bySignature).toMatchObject({ status: 202, body: { status: 'ignored' } });
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1.1 503 .*retry-after: 5.*"reason":"busy"/is);
    expect(await metrics()).toMatch(/verdict="not_kept",reason="busy"/);
  });

  it('a small body that decompresses to megabytes is not decompressed for an unauthenticated sender', async () => {
    const bomb = brotliCompressSync(Buffer.alloc(1_900_000, ' '));
    const headers = [...signed, ['Content-Encoding', 'br']] as const;
    const { answers } = await exchange(bridge.url, rawRequest({ path: '/webhooks/bitbucket', headers, body: bomb }));
    expect(answers[0]?.status).toBe(413);
  });

  it('no body is read if the token is wrong', async () => {
    const head = rawRequest({
      path: '/webhooks/gitlab',
      headers: [
        ['X-Gitlab-Token', 'wrong'],
        ['Content-Length', '20000000'],
      ],
      framing: 'none',
    });
    const { answers } = await exchange(bridge.url, head);
    expect(answers[0]?.status).toBe(401);
  });
});

describe('refusals of one sender', () => {
  it('are distinguished by cause: a mistyped secret differs from that of another source', async () => {
    const secretOfBitbucket = 'the-secret-of-bitbucket-24';
    await bridge.reload({
      sources: [
        { type: 'gitlab', secrets: [SECRET] },
        { type: 'bitbucket', secrets: [secretOfBitbucket] },
      ],
    });
    const idOf = async (token: string) =>
      (await bridge.post('/webhooks/gitlab', gitlabDeploymentHook({}), { ...gitlabHeaders(), 'x-gitlab-token': token }))
        .body.webhook;
    const details = async (ids: readonly string[]) =>
      Promise.all(ids.map(async (id) => (await bridge.get(`/api/inbox/${id}`)).body.data.detail));
    const [mistyped, swapped, again] = [await idOf('mistyped'), await idOf(secretOfBitbucket), await idOf('mistypes')];
    expect(again).toBe(mistyped);
    const [ofMistyped, ofSwapped] = await details([mistyped, swapped]);
    expect(ofSwapped).toBe(`this is the secret of the source "bitbucket" (answered: ${ofMistyped})`);
    expect(ofMistyped).not.toContain('bitbucket');
  });
});
