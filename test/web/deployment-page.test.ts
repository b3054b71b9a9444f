import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { Rule } from '../../src/domain/rules/routing.ts';
import { memoryDeployments, memoryInbox, memoryLedger, sink, step, webhook } from './stores.ts';
import { app, glance, letter, memoryDeadLetters, see, sessionCookie } from './support.ts';

const text = (page: string) => page.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
const key = 'changes:eu/shop:42 100%';
const path = `/deployments/${encodeURIComponent(key)}`;
const running = step({
  deployment: key,
  state: 'running',
  occurredAt: '2026-05-04T10:00:00.000Z',
  startedAt: '2026-05-04T10:00:00.000Z',
  signal: 'job hook',
  authoritative: false,
});
const succeeded = step({
  deployment: key,
  finishedAt: '2026-05-04T10:00:22.000Z',
  notes: ['The actor is the author of the commit.'],
  commit: { message: 'Turn <b>\n\nall' },
});
const deployments = memoryDeployments([running, succeeded]);

describe('the page of a deployment', () => {
  it('is found by a key with slashes, colons and percent signs, encoded or as it is', async () => {
    expect(await see(path, { deployments })).toContain(`<code>${key}</code>`);
    expect(await see('/deployments/changes:eu/shop:42%20100%25', { deployments })).toContain(`<code>${key}</code>`);
  });

  it('shows fields, notes, states over time and every signal', async () => {
    const page = text(await see(path, { deployments }));
    expect(page).toContain('Took 22 s');
    expect(page).toContain('The actor is the author of the commit.');
    expect(page).toContain('running 2026-05-04 10:00:00 UTC ✓ succeeded 2026-05-04 10:00:22 UTC +22 s');
    expect(page).toContain('job hook gitlab ● running 2026-05-04 10:00:00 UTC fills gaps only');
    expect(page).toContain('deployment hook gitlab ✓ succeeded 2026-05-04 10:00:22 UTC decided the state');
    expect(page).toContain('Turn &lt;b&gt; all');
  });

  it('links a signal to its webhook', async () => {
    const inbox = memoryInbox([
      webhook({ id: 'other', deployments: [key] }),
      webhook({ id: 'w1', headers: { 'idempotency-key': '5d1c-delivery' } }),
    ]);
    const told = memoryDeployments([
      { ...running, webhook: 'forgotten' },
      { ...succeeded, webhook: 'w1' },
    ]);
    const page = await see(path, { deployments: told, inbox });
    expect(page).toContain('<a href="/inbox/w1"><span class="exact">2026-05-04 10:00:22 UTC</span></a>');
    expect(page).toContain('<code>5d1c-delivery</code>');
    expect(page).toContain('fills gaps only · the inbox no longer keeps its webhook');
    expect(page).not.toContain('/inbox/other');
  });

  it("shows a destination's messages, all attempts and the link to its object", async () => {
    const ledger = memoryLedger([
      {
        sink: 'alert24',
        delivered: { state: 'succeeded', at: succeeded.occurredAt },
        remoteId: 'chg_991',
        remoteUrl: 'https://alert24.example/changes/991',
        attempts: [
          {
            at: '2026-05-04T10:00:30.000Z',
            state: 'succeeded',
            outcome: 'delivered',
            words: '201 created',
            status: 201,
          },
          {
            at: '2026-05-04T10:00:25.000Z',
            state: 'succeeded',
            outcome: 'failed',
            words: '<h1>Bad gateway</h1>',
            status: 502,
          },
        ],
      },
    ]);
    const page = await see(path, { deployments, ledger });
    expect(page).toContain('<a href="https://alert24.example/changes/991">chg_991</a>');
    expect(text(page)).toContain(
      'Received: ✓ succeeded 2026-05-04 10:00:30 UTC succeeded delivered 201 created 2026-05-04 10:00:25 UTC succeeded failed 502 &lt;h1&gt;Bad gateway',
    );
  });

  it('shows why nothing was delivered to a sink, and a lost response', async () => {
    const sinks = [
      sink('board', () => ({ wanted: false, why: 'it hears of failures only' })),
      sink('alert24'),
      sink('left-out'),
    ];
    const ledger = memoryLedger([
      {
        sink: 'alert24',
        delivered: { state: 'running', at: running.occurredAt },
        attemptedAt: '2026-05-04T10:00:30.000Z',
        attempts: [],
      },
    ]);
    const rules = [{ name: 'not there', match: {}, sinks: ['board', 'alert24'] }];
    const page = text(await see(path, { deployments: memoryDeployments([running, succeeded], rules), sinks, ledger }));
    expect(page).toContain('board Not delivered: it hears of failures only.');
    expect(page).toContain('alert24 Waiting for delivery of ✓ succeeded It received ● running before.');
    expect(page).toContain('The request of 2026-05-04 10:00:30 UTC has no answer yet');
    expect(page).toContain('left-out Not delivered: a rule sends it to');
    expect(page).toContain('not there: sinks = board, alert24');
  });

  it('offers to retry a dead letter, unless it was delivered since', async () => {
    const given = letter({ id: 'alert24:fwd_7', deployment: key, why: '422 <i>unknown</i> service' });
    const parts = { deployments, deadLetters: memoryDeadLetters([given]) };
    const page = await see(path, parts);
    expect(text(page)).toContain('Not delivered ✓ succeeded : given up.');
    expect(page).toContain('rejected: 422 &lt;i&gt;unknown&lt;/i&gt; service');
    expect(page).toContain('<input type="hidden" name="id" value="alert24:fwd_7">');
    expect(text(page)).toContain('is sent when it is tried again POST https://alert24.harbor.example/changes');
    expect(page).toContain('{\n  &quot;service&quot;: &quot;lighthouse-api&quot;\n}');
    expect(await glance(path, parts)).not.toContain('is sent when');
    const delivered = { state: 'succeeded', at: succeeded.occurredAt } as const;
    const known = await see(path, { ...parts, ledger: memoryLedger([{ sink: 'alert24', delivered, attempts: [] }]) });
    expect(known).not.toContain('alert24:fwd_7');
  });

  it("shows a repeated rejection once, with the destination's message and the whole response to unfold", async () => {
    const why = 'POST to alert24.example: 422 {"error":{"type":"validation_error","message":"no such service"}}';
    const deadLetters = memoryDeadLetters([letter({ id: 'alert24:fwd_7', deployment: key, why })]);
    const attempt = { state: 'succeeded', outcome: 'failed', words: why, status: 422 } as const;
    const at = ['2026-05-04T10:00:30.000Z', '2026-05-04T10:00:25.000Z'];
    const ledger = memoryLedger([{ sink: 'alert24', attempts: at.map((time) => ({ at: time, ...attempt })) }]);
    const page = await see(path, { deployments, deadLetters, ledger });
    expect(page.split('no such service')).toHaveLength(3); // the sentence, and the whole answer
    expect(text(page)).toContain('POST to alert24.example: 422 no such service The whole answer {');
    expect(text(page)).toContain(
      '10:00:30 UTC succeeded failed as above 2026-05-04 10:00:25 UTC succeeded failed as above',
    );
  });

  it('shows that the whole sink is on hold, and why', async () => {
    const holds = () => ({ alert24: { why: '401 <key> is wrong', until: new Date('2026-05-04T10:05:00.000Z') } });
    expect(text(await see(path, { deployments, holds }))).toContain(
      'Waiting for delivery of ✓ succeeded The whole sink is paused until',
    );
    expect(await see(path, { deployments, holds })).toContain('401 &lt;key&gt; is wrong');
  });

  it('shows what it replaced, with a link to the comparison', async () => {
    const stored = memoryDeployments([running, succeeded]);
    const replaced = { deployment: 'changes:eu/shop:41', sha: '4f0c9e1d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d' };
    const get: typeof stored.get = async (name) => {
      const view = await stored.get(name);
      const compareUrl = 'https://gitlab.harbor.example/compare/a...b';
      return view && { ...view, deployment: { ...view.deployment, replaced: { ...replaced, compareUrl } } };
    };
    const page = await see(path, { deployments: { ...stored, get } });
    expect(page).toContain('<a href="/deployments/changes:eu%2Fshop:41"><code>4f0c9e1d</code></a>');
    expect(page).toContain('<a href="https://gitlab.harbor.example/compare/a...b">compare the two</a>');
  });

  it('shows that it takes longer than usual, and why, if a tool reported it', async () => {
    const open = memoryDeployments([{ ...running, waiting: 'The sync window is closed.' }]);
    const at = (staleAfter: string) => ({
      ...open,
      get: async (name: string) => {
        const view = await open.get(name);
        return view && { ...view, deployment: { ...view.deployment, staleAfter } };
      },
    });
    const page = text(await see(path, { deployments: at('2026-05-04T10:30:00.000Z') }));
    expect(page).toMatch(/stale .* it should have ended .* The sync window is closed\./);
    expect(text(await see(path, { deployments: at('2999-01-01T00:00:00.000Z') }))).not.toContain('should have ended');
  });

  it('shows which signal or rule gave which field', async () => {
    const rules = [Rule.parse({ name: 'lamps', set: { service_id: 'svc_lamp' } })];
    const page = text(await see(path, { deployments: memoryDeployments([running, succeeded], rules), rules }));
    expect(page).toContain('startedAt 2026-05-04T10:00:00.000Z job hook');
    expect(page).toMatch(/serviceId svc_lamp rule lamps/);
  });

  it('shows hostile text as plain text', async () => {
    const hostile = step({
      deployment: key,
      service: '"><img src=x onerror=alert(1)>',
      environment: { name: '<script>alert(2)</script>', url: 'javascript:alert(3)' },
      commit: { message: '</div><script>alert(4)</script>', author: '<b>' },
      pullRequest: { number: '1', title: '<i>', url: 'data:text/html,x' },
      signal: '<u>',
    });
    const page = await see(path, { deployments: memoryDeployments([hostile]) });
    expect(page).not.toMatch(/<script>|<img|<b>|<i>|<u>|href="(javascript|data)/i);
    expect(page).toContain('&lt;/div&gt;&lt;script&gt;alert(4)');
  });

  it('is a page with status 404 for an unknown deployment', async () => {
    const response = await request(app()).get('/deployments/none').set('cookie', sessionCookie()).expect(404);
    expect(response.text).toContain('There is no such deployment');
  });
});
