import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { memoryDeployments, memoryInbox, memoryLedger, sink, step, webhook } from './stores.ts';
import { app, see, sessionCookie } from './support.ts';

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

  it('leads from a signal to its webhook', async () => {
    const inbox = memoryInbox([
      webhook({ id: 'other', deployments: ['x'] }),
      webhook({ id: 'w1', receivedAt: succeeded.receivedAt, deployments: [key] }),
    ]);
    const page = await see(path, { deployments, inbox });
    expect(page).toContain('<a href="/inbox/w1">2026-05-04 10:00:22 UTC</a>');
    expect(page).not.toContain('/inbox/other');
  });

  it("shows a destination's words, all attempts and the link to what it made", async () => {
    const ledger = memoryLedger([
      {
        sink: 'alert24',
        told: { state: 'succeeded', at: succeeded.occurredAt },
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
      'Knows: ✓ succeeded 2026-05-04 10:00:30 UTC succeeded delivered 201 created 2026-05-04 10:00:25 UTC succeeded failed 502 &lt;h1&gt;Bad gateway',
    );
  });

  it('says why a sink was not told, and of an answer that was lost', async () => {
    const sinks = [
      sink('board', () => ({ wanted: false, why: 'it hears of failures only' })),
      sink('alert24'),
      sink('left-out'),
    ];
    const ledger = memoryLedger([
      {
        sink: 'alert24',
        told: { state: 'running', at: running.occurredAt },
        attemptedAt: '2026-05-04T10:00:30.000Z',
        attempts: [],
      },
    ]);
    const rules = [{ name: 'not there', match: {}, sinks: ['board', 'alert24'] }];
    const page = text(await see(path, { deployments: memoryDeployments([running, succeeded], rules), sinks, ledger }));
    expect(page).toContain('board Not told: it hears of failures only.');
    expect(page).toContain('alert24 Waits to be told ✓ succeeded It was told ● running before.');
    expect(page).toContain('The request of 2026-05-04 10:00:30 UTC has no answer yet');
    expect(page).toContain('left-out Not told: a rule names other sinks.');
    expect(page).toContain('not there: sinks = board, alert24');
  });

  it('is 404 and a page for a deployment that is not there', async () => {
    const response = await request(app()).get('/deployments/none').set('cookie', sessionCookie()).expect(404);
    expect(response.text).toContain('There is no such deployment');
  });
});
