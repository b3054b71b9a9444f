import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { performancePage } from '../../src/web/pages/performance.tsx';
import { aDeployment, sha } from '../support/deployment.ts';
import { anAlertOf, memoryAlerts, memoryDeployments, step } from './stores.ts';
import { app, see } from './support.ts';

const base = Date.now();
const ago = (hours: number) => new Date(base - hours * 3_600_000).toISOString();
const text = (page: string) =>
  page
    .replace(/<title>[^<]*<\/title>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');
const show = (path: string, ...records: Parameters<typeof step>[0][]) =>
  see(path, {
    deployments: memoryDeployments(records.map((record, index) => step({ deployment: `changes:${index}`, ...record }))),
  });

describe('the page of delivery performance', () => {
  it('shows the four measures, each with its base', async () => {
    const page = text(
      await show(
        '/performance?range=7d',
        { occurredAt: ago(30), commit: { sha: sha(1), committedAt: ago(32) } },
        { occurredAt: ago(20), commit: { sha: sha(2) } },
        { occurredAt: ago(10), state: 'failed' },
        { occurredAt: ago(9), commit: { sha: sha(3) } },
        { occurredAt: ago(5), state: 'canceled' },
      ),
    );
    expect(page).toContain('4 finished deployments');
    expect(page).toMatch(/Deployments per day 0\.43 3 of 4 finished deployments succeeded\./);
    expect(page).toMatch(
      /Lead time for changes 2 h 0 min 1 of 3 deployments of a new commit says when the commit was made\./,
    );
    expect(page).toMatch(/Change failure rate 25 % 1 failed and 0 were rolled back, of 4 changes\./);
    expect(page).toMatch(/Time to restore 1 h 0 min 1 failure followed by a success\./);
  });

  it('shows production unless another environment is selected', async () => {
    const staging = { environment: { name: 'staging' }, service: 'tide-tables', occurredAt: ago(2) };
    const review = { environment: { name: 'review/add-lamp', tier: 'development' as const }, occurredAt: ago(2) };
    const live = { environment: { name: 'eu', tier: 'production' as const }, occurredAt: ago(1) };
    const records = [staging, live, { occurredAt: ago(1) }, review] as const;
    const usual = text(await show('/performance', ...records));
    expect(usual).toContain('2 finished deployments');
    expect(usual).toContain(
      'By service, production Service Finished A day Lead time Failure rate To restore lighthouse-api 2',
    );
    expect(text(await show('/performance?environment=staging', ...records))).toContain('1 finished deployment ');
    expect(text(await show('/performance?environment=review%2F*', ...records))).toContain('1 finished deployment ');
    expect(text(await show('/performance?environment=*&service=Tide-Tables', ...records))).toContain(
      '1 finished deployment ',
    );
    expect(await show('/performance', ...records)).toContain('href="/performance?environment=staging"');
  });

  it('leaves unknown fields blank, with a message if there is nothing', async () => {
    expect(text(await show('/performance', { occurredAt: ago(1) }))).toMatch(
      /Lead time for changes – 0 of 1 deployment of a new commit say/,
    );
    const empty = text(await show('/performance?environment=moon', { occurredAt: ago(1) }));
    expect(empty).toContain('No deployment to moon has finished in this time.');
  });

  it('draws a bar a day, with its figures', async () => {
    const page = await show(
      '/performance?range=90d',
      { occurredAt: ago(0.001) },
      { occurredAt: ago(0.001), state: 'failed' },
    );
    expect(page.match(/<g><title>/g)).toHaveLength(90);
    expect(page).toMatch(/<title>\S+: 1 succeeded, 1 failed<\/title>/);
    expect(page).not.toContain('style="');
  });

  it('reads page by page up to a limit, with a message', async () => {
    const asked: number[] = [];
    const deployments = {
      list: async ({ limit, offset }: { limit: number; offset: number }) => {
        asked.push(offset);
        const page = Array.from({ length: limit }, (_, index) =>
          aDeployment({ key: `changes:${offset + index}`, occurredAt: '2026-03-19T14:30:07.000Z' }),
        );
        return { deployments: page, total: 25_000 };
      },
    };
    const { markup } = await performancePage(
      { deployments, alerts: memoryAlerts() },
      {},
      new Date('2026-03-19T18:00:00.000Z'),
    );
    expect(asked).toHaveLength(40); // of this span and of the one before
    expect(text(markup)).toContain('There are 25,000 changes in this time; only the newest 20,000 are looked at.');
  });

  it('counts alerts instead of failed deployments if selected, with a message', async () => {
    const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
    const deployments = memoryDeployments([
      step({ deployment: 'changes:1', service: 'pay', occurredAt: ago(90) }),
      step({ deployment: 'changes:2', service: 'pay', occurredAt: ago(60) }),
    ]);
    const alerts = memoryAlerts([anAlertOf('pay', { startedAt: ago(50), endedAt: ago(20), state: 'resolved' })]);
    const page = text(await see('/performance?failures=alerts', { deployments, alerts }));
    expect(page).toContain('Alerts began after 1 of 2 changes.');
    expect(page).toContain('1 alert resolved.');
    expect(page).toContain('Failures are alerts here');
    expect(text(await see('/performance', { deployments, alerts }))).toContain('0 failed and 0 were rolled back');
  });

  it('needs a login', async () => {
    const answer = await request(app()).get('/performance');
    expect(answer.status).toBe(303);
    expect(answer.headers['location']).toContain('/login');
  });

  it('shows names as text', async () => {
    const page = await show('/performance?service=%22%3E%3Cscript%3E', { service: '<b>bold</b>', occurredAt: ago(1) });
    expect(page).not.toContain('<script>');
    expect(page).not.toContain('<b>bold');
  });
});
