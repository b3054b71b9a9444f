import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, SECRET, startTestBridge } from '../support/bridge.ts';
import { chromiumPath, logIn, openVisitor, startBrowser } from '../support/browser.ts';

const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

/** Payments broke: who, what, was it rolled back, what runs now? */
describe.skipIf(!chromiumPath)('a user who is paged', () => {
  let bridge: Awaited<ReturnType<typeof startTestBridge>>;
  let browser: Browser;
  beforeAll(async () => {
    const owner = {
      service: 'payments-*',
      team: 'payments',
      channel: '#payments',
      on_call: 'https://pager.harbor.example/',
    };
    [bridge, browser] = await Promise.all([startTestBridge({ owners: [owner] }), startBrowser()]);
    const post = (said: Record<string, unknown>) =>
      bridge.post('/webhooks/changes', { environment: 'production', ...said }, { authorization: `Bearer ${SECRET}` });
    const sha = (digit: string) => ({ commit_sha: digit.repeat(40) });
    const payments = { service: 'payments-api', environment: 'production' };
    await post({ ...payments, ...sha('a'), summary: 'Round half to even', finished_at: ago(90), external_id: '1' });
    const charge = { ...payments, ...sha('b'), summary: 'Charge in one request', changed_by: 'jonas' };
    await post({ ...charge, finished_at: ago(40), external_id: '2' });
    const undo = { ...payments, ...sha('a'), summary: 'Back again', changed_by: 'ana', change_type: 'rollback' };
    await post({ ...undo, finished_at: ago(10), external_id: '3' });
    const waiting = { environment: 'quay', status: 'running', summary: 'Wind the clock' };
    await post({ ...waiting, service: 'tide-clock', occurred_at: ago(3000), external_id: '5' });
    await post({ ...waiting, service: 'tide-gauge', occurred_at: ago(5), external_id: '6' });
    await post({ service: 'ledger', summary: 'Cache the ledger', finished_at: ago(50), external_id: '4' });
    await bridge.settled();
  });
  afterAll(async () => {
    await browser?.close();
    await bridge?.stop();
  });

  it('finds the cause by a part of its name, and sees in one click who rolled it back and what else changed', async () => {
    const { page } = await openVisitor(browser, bridge.url);
    await logIn(page, ADMIN_TOKEN);
    await page.goto('/');
    await page.getByLabel('service').fill('payments');
    await page.keyboard.press('Enter');
    await page.getByText('No service is called “payments”; shown:').waitFor();
    expect(await page.locator('.changes tbody tr').count()).toBe(3);
    await page.getByRole('link', { name: 'Charge in one request' }).click();
    await page.getByRole('link', { name: 'rolled back by ana' }).waitFor();
    await page.getByText('jonas').first().waitFor();
    await page.getByRole('link', { name: 'ledger' }).waitFor();
  });

  it('shows the service of each mark, by mouse and by keyboard, in lanes of services', async () => {
    const { page } = await openVisitor(browser, bridge.url);
    await logIn(page, ADMIN_TOKEN);
    await page.goto('/?environment=production');
    expect(await page.locator('.lane-name bdi').allTextContents()).toEqual(['ledger', 'payments-api']);
    const tip = page.locator('#tip');
    await page.locator('.lane').first().locator('.mark:visible').first().hover();
    await expect.poll(() => tip.textContent()).toMatch(/^ledger to production: succeeded/);
    await page.keyboard.press('Escape');
    expect(await tip.isHidden()).toBe(true);
    await page.locator('.lane').last().locator('.mark[tabindex="0"]:visible').first().focus();
    await expect.poll(() => tip.textContent()).toMatch(/^payments-api/);
  });

  it('sees whom to call within three clicks, with the cause, its author and who rolled it back', async () => {
    const { page } = await openVisitor(browser, bridge.url);
    await logIn(page, ADMIN_TOKEN);
    await page.goto('/');
    const row = page.locator('.changes tbody tr', { hasText: 'Charge in one request' });
    expect(await row.textContent()).toMatch(/jonas.*rolled back by ana|rolled back by ana.*jonas/s);
    await row.getByRole('link', { name: 'Charge in one request' }).click();
    const facts = page.locator('main');
    for (const words of ['rolled back by ana', 'jonas', 'payments', '#payments'])
      await facts.getByText(words).first().waitFor();
    expect(await facts.getByRole('link', { name: 'on call' }).getAttribute('href')).toBe(
      'https://pager.harbor.example/',
    );
  });

  it('sees what does not come to an end, however long ago it began', async () => {
    const { page } = await openVisitor(browser, bridge.url);
    await logIn(page, ADMIN_TOKEN);
    await page.goto('/');
    await page.getByLabel('state').selectOption('stale');
    await page.getByRole('button', { name: 'Search' }).click();
    await expect.poll(() => page.locator('.changes .service bdi').allTextContents()).toEqual(['tide-clock']);
  });

  it('sees what runs now', async () => {
    const { page } = await openVisitor(browser, bridge.url);
    await logIn(page, ADMIN_TOKEN);
    await page.goto('/running?service=pay');
    expect(await page.locator('.board tbody tr').count()).toBe(1);
    expect(await page.locator('.board td code').first().textContent()).toBe('aaaaaaaa');
  });
});
