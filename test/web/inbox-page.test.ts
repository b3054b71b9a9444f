import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { prettyJson } from '../../src/web/parts/pretty-json.ts';
import { aRecord } from '../support/records.ts';
import { memoryDeployments, memoryInbox, webhook } from './stores.ts';
import { app, glance, notes, see, sessionCookie, submit } from './support.ts';

const text = (page: string) => page.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');

describe('the inbox', () => {
  it('shows verdict, reason, detail, source and size, and links to the deployments', async () => {
    const refused = webhook({
      id: 'w/1',
      verdict: 'rejected',
      reason: 'bad_signature',
      detail: 'X-Gitlab-Token is not one of our secrets',
      bytes: 2048,
    });
    const page = await see('/inbox', { inbox: memoryInbox([refused, webhook({ deployments: ['changes:a/b'] })]) });
    expect(text(page)).toContain('rejected gitlab bad_signature X-Gitlab-Token is not one of our secrets 2.0 KiB');
    expect(page).toContain('href="/inbox/w%2F1"');
    expect(page).toContain('href="/deployments/changes:a%2Fb"');
  });

  it('shows a command that a detail names as code', async () => {
    const detail = 'set the token to the one that `npx shiplog secrets` shows, not to `<b>`';
    const inbox = memoryInbox([webhook({ id: 'w1', verdict: 'rejected', reason: 'bad_signature', detail })]);
    for (const path of ['/inbox', '/inbox/w1'])
      expect(await see(path, { inbox })).toContain(
        'the one that <code>npx shiplog secrets</code> shows, not to <code>&lt;b&gt;</code>',
      );
  });

  it('names a deployment by its service and environment', async () => {
    const deployment = 'gitlab:1:job:7';
    const lamp = aRecord({ deployment, service: 'lamp<', environment: { name: 'production' } });
    const inbox = memoryInbox([webhook({ id: 'w1', deployments: [deployment, 'gone:1'] })]);
    const parts = { inbox, deployments: memoryDeployments([lamp]) };
    const page = await see('/inbox', parts);
    expect(page).toContain('title="gitlab:1:job:7"><bdi>lamp&lt;</bdi> → <bdi>production</bdi></a>');
    expect(text(page)).toContain('gone:1');
    expect(text(page)).not.toContain('gitlab:1:job:7');
    expect(text(await see('/inbox/w1', parts))).toContain('lamp&lt; → production gitlab:1:job:7 gone:1');
  });

  it('links a webhook to the alerts that it reported', async () => {
    const inbox = memoryInbox([
      webhook({ id: 'w1', alerts: ['alt_1'] }),
      webhook({ id: 'w2', alerts: ['alt_2', 'alt_3'] }),
    ]);
    for (const path of ['/inbox', '/inbox/w1'])
      expect(await see(path, { inbox })).toContain('<a href="/alerts/alt_1" title="alt_1">the alert</a>');
    expect(text(await see('/inbox', { inbox }))).toContain('alert 1 alert 2');
  });

  it('shows that a webhook belongs to no source, and finds those', async () => {
    const refused = webhook({ id: 'w1', source: '(none)', verdict: 'rejected', address: '203.0.113.7' });
    const inbox = memoryInbox([{ ...refused, receivedAt: new Date().toISOString() }, webhook({ id: 'w2' })]);
    for (const path of ['/inbox', '/inbox/w1']) expect(text(await see(path, { inbox }))).not.toContain('(none)');
    const page = await see('/inbox?source=(none)', { inbox });
    expect(page).toContain('<td class="source">no source</td>');
    expect(page).toContain('title="rejected within the last hour: no source"');
    expect(page).not.toContain('/inbox/w2');
  });

  it('shows the address of a rejected webhook, and marks its source in the menu of every page', async () => {
    const refused = { verdict: 'rejected', reason: 'bad_signature', address: '203.0.113.7', count: 12 } as const;
    const inbox = memoryInbox([webhook({ id: 'w1', ...refused, receivedAt: new Date().toISOString() })]);
    expect(text(await see('/inbox', { inbox }))).toContain('bad_signature from 203.0.113.7, 12 times');
    expect(text(await see('/inbox/w1', { inbox }))).toContain('Sender from 203.0.113.7, 12 times');
    expect(await see('/running', { inbox })).toContain('title="rejected within the last hour: gitlab"');
    const old = memoryInbox([webhook({ ...refused, receivedAt: '2026-01-01T00:00:00.000Z' })]);
    expect(await see('/running', { inbox: old })).not.toContain('rejected within the last hour');
  });

  it('continues over several pages', async () => {
    const inbox = memoryInbox(Array.from({ length: 101 }, (_, index) => webhook({ id: `hook-${index}-` })));
    expect(await see('/inbox', { inbox })).not.toContain('hook-100-');
    expect(await see('/inbox?page=2', { inbox })).toContain('hook-100-');
  });

  it('shows one webhook with its headers and its body', async () => {
    const page = await see('/inbox/w1', {
      inbox: memoryInbox([webhook({ id: 'w1', body: '{"a":"</pre><script>"}' })]),
    });
    expect(text(page)).toContain('x-gitlab-event Deployment Hook');
    expect(page).toContain('{\n  &quot;a&quot;: &quot;&lt;/pre&gt;&lt;script&gt;&quot;\n}</pre>');
  });

  it('shows a body that is not JSON unchanged, and the beginning of a long one', async () => {
    expect(await see('/inbox/w1', { inbox: memoryInbox([webhook({ id: 'w1', body: 'not {json' })]) })).toContain(
      '>not {json</pre>',
    );
    const long = await see('/inbox/w1', { inbox: memoryInbox([webhook({ id: 'w1', body: 'x'.repeat(300_000) })]) });
    expect(long).toContain('The first 200 KB of 293.0 KiB');
    expect(long).not.toContain('x'.repeat(200_001));
  });

  it.each([
    ['the id of the delivery', '5D1C-delivery'],
    ['our own id', 'hook-7-'],
    ['a sha', '4f0c9e1d'],
    ['a project', 'harbor/light'],
    ['a deployment', 'job:77'],
    ['a reason', 'no_environment'],
  ])('finds a webhook by %s', async (_what, q) => {
    const wanted = webhook({
      id: 'hook-7-',
      headers: { 'idempotency-key': '5d1c-delivery' },
      deployments: ['gitlab:git.harbor.example:1:job:77'],
      reason: 'no_environment',
      body: '{"project":"Harbor/lighthouse-api","sha":"4f0c9e1d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d"}',
    });
    const others = Array.from({ length: 300 }, (_, index) => webhook({ id: `other-${index}`, body: '{}' }));
    const page = await see(`/inbox?q=${encodeURIComponent(q)}`, { inbox: memoryInbox([...others, wanted]) });
    expect(page).toContain('/inbox/hook-7-');
    expect(page).not.toContain('/inbox/other-');
    expect(page).toContain(`value="${q}"`);
    expect(text(page)).toContain('Found in the newest 301 webhooks: 1.');
  });

  it('keeps the filter by source and verdict in every link, and continues a search', async () => {
    const many = Array.from({ length: 120 }, (_, index) => [
      webhook({ id: `bad-${index}-`, verdict: 'rejected', source: 'argocd' }),
      webhook({ id: `good-${index}-`, source: 'argocd' }),
    ]).flat();
    const parts = { inbox: memoryInbox(many) };
    const first = await see('/inbox?source=argocd&verdict=rejected', parts);
    expect(first).toContain('<option selected>rejected</option>');
    expect(first).toContain('/inbox/bad-99-');
    expect(first).not.toMatch(/bad-100-|good-/);
    const next = /rel="next" href="([^"]+)"/.exec(first)?.[1]?.replaceAll('&amp;', '&') ?? '';
    expect(next).toBe('/inbox?source=argocd&verdict=rejected&from=199');
    const second = await see(next, parts);
    expect(second).toContain('/inbox/bad-119-');
    expect(second).not.toMatch(/bad-99-|good-|rel="next"/);
  });

  it('shows all for an invalid filter, which is shown as text', async () => {
    const page = await see('/inbox?verdict=lovely&source=a&source=b&page=-1', { inbox: memoryInbox([webhook()]) }, 400);
    expect(text(page)).toContain('1 webhook ');
    expect(text(page)).toContain('verdict was left out');
    expect(await see('/inbox?q=%3Cscript%3E')).not.toContain('<script>');
  });

  it('shows what a reason means and what to do, and offers to map a kept body again', async () => {
    const kept = webhook({ id: 'w1', verdict: 'ignored', reason: 'no_environment', body: '{}' });
    const page = await see('/inbox/w1', { inbox: memoryInbox([kept]) });
    expect(text(page)).toContain('What to do If it deploys, set the environment of the job or step ');
    expect(page).toContain('Map again');
    expect(await glance('/inbox/w1', { inbox: memoryInbox([kept]) })).not.toContain('Map again');
    const lost = memoryInbox([webhook({ id: 'w1', verdict: 'rejected', reason: 'bad_signature' })]);
    expect(await see('/inbox/w1', { inbox: lost })).not.toContain('Map again');
  });

  it('maps it again, and shows the result', async () => {
    const { done, actions } = notes();
    const sent = submit('/actions/map-webhook', { webhook: 'w1', back: '/inbox/w1' }, { actions });
    await sent.expect(303).expect('location', '/inbox/w1?did=mapped&count=1');
    expect(done).toEqual([['mapWebhook', 'w1']]);
    const inbox = memoryInbox([webhook({ id: 'w1' })]);
    expect(text(await see('/inbox/w1?did=mapped&count=1', { inbox }))).toContain('1 webhook mapped again.');
    expect(text(await see('/inbox/w1?did=mapped&count=0', { inbox }))).toContain('Nothing was mapped:');
    expect(text(await see('/inbox/w1?did=won&count=1', { inbox }))).not.toContain('won');
  });

  it('shows what is in the spool, and what came from it', async () => {
    const spool = () => ({ entries: 1, bytes: 90, since: '2026-05-04T10:00:00.000Z' });
    const page = text(await see('/inbox', { spool, inbox: memoryInbox([webhook({ spooled: true })]) }));
    expect(page).toContain('1 webhook is spooled: safe on disk since 2026-05-04 10:00:00 UTC');
    expect(page).toContain('recorded spooled gitlab');
  });

  it('shows why there is no body, and 404 for an unknown webhook', async () => {
    expect(await see('/inbox/w1', { inbox: memoryInbox([webhook({ id: 'w1' })]) })).toContain('Not stored');
    await request(app()).get('/inbox/none').set('cookie', sessionCookie()).expect(404);
  });
});

describe('prettyJson', () => {
  it('indents and changes nothing else', () => {
    const text =
      '{"big":12345678901234567890,"twice":1,"twice":2,"s":"a: {[,\\"]","none":[],"empty":{ },"list":[1,[true,null]]}';
    expect(prettyJson(text)).toBe(
      '{\n  "big": 12345678901234567890,\n  "twice": 1,\n  "twice": 2,\n  "s": "a: {[,\\"]",\n  "none": [],\n  "empty": {},\n  "list": [\n    1,\n    [\n      true,\n      null\n    ]\n  ]\n}',
    );
  });

  it('limits the output for deep nesting', () => {
    const deep = '['.repeat(5_000) + ']'.repeat(5_000);
    expect(prettyJson(deep)?.length).toBeLessThan(1_000_000);
  });

  it('does not change what is not JSON', () => {
    expect(prettyJson('{"a":')).toBeUndefined();
  });
});
