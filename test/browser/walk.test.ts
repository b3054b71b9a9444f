import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ADMIN_TOKEN, SECRET, startTestBridge } from '../support/bridge.ts';
import { chromiumPath, logIn, openVisitor, startBrowser, type Visitor } from '../support/browser.ts';
import { ALERT24_KEY, startFakeAlert24 } from '../support/fake-alert24.ts';
import { HOSTILE } from './harbor.ts';

const SOON = { timeout: 60_000 };

/** One person, from the first start on: each step goes on where the one before ended. */
describe.skipIf(!chromiumPath)('a user with a browser', () => {
  let alert24: Awaited<ReturnType<typeof startFakeAlert24>>;
  let bridge: Awaited<ReturnType<typeof startTestBridge>>;
  let browser: Browser;
  let visitor: Visitor;
  let page: Page;

  beforeAll(async () => {
    [alert24, browser] = await Promise.all([startFakeAlert24(), startBrowser()]);
    bridge = await startTestBridge({ sinks: [{ type: 'alert24', url: alert24.url, api_key: ALERT24_KEY }] });
    visitor = await openVisitor(browser, bridge.url, { timezoneId: 'Australia/Eucla' });
    page = visitor.page;
    page.setDefaultTimeout(SOON.timeout);
  });
  afterAll(async () => {
    await browser?.close();
    await bridge?.stop();
    await alert24?.close();
  });

  const heading = () => page.getByRole('heading', { level: 1 });
  const post = (said: Record<string, unknown>) =>
    bridge.post('/webhooks/changes', { service: 'tide-tables', ...said }, { authorization: `Bearer ${SECRET}` });

  it('logs in, and finds on an empty bridge what to set up', async () => {
    await page.goto('/');
    expect(new URL(page.url()).pathname).toBe('/login');
    await page.getByLabel('Token').fill('not the token');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('This token does not open the pages.').waitFor();
    visitor.complaints.splice(0); // Chromium reports the 401 that it was right to get
    await logIn(page, ADMIN_TOKEN);
    await page.getByText('No deployment was recorded yet.').waitFor();
    expect(await page.getByRole('button', { name: 'Send a test event' }).count()).toBe(4);
  });

  it('reads on every empty page what to do', async () => {
    for (const [path, words] of [
      ['/inbox', 'No webhook came in yet.'],
      ['/deliveries', 'None.'],
      ['/performance', 'has finished in this time'],
      ['/?service=nothing', 'No deployment was recorded yet.'],
    ] as const) {
      await page.goto(path);
      const empty = page.getByText(words);
      await empty.waitFor();
      expect(await empty.locator('xpath=ancestor-or-self::main//a[@href]').count()).toBeGreaterThan(0);
    }
  });

  it('sends a test event, and sees without a reload that it was received', async () => {
    await page.goto('/setup');
    const card = page.locator('article', { has: page.getByRole('heading', { name: 'gitlab' }) });
    await card.getByRole('button', { name: 'Send a test event' }).click();
    await card.getByText('The test event came in:').waitFor();
    await card.getByText('It works.').waitFor(); // by itself: the page asks
    expect(await card.getByText('The test event came in:').isVisible()).toBe(true);
  });

  it('copies the URL and the secret by keyboard', async () => {
    await visitor.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto('/setup');
    const card = page.locator('article', { has: page.getByRole('heading', { name: 'gitlab' }) });
    const copied = async (what: string) => {
      await card.getByRole('button', { name: `Copy ${what}` }).focus();
      await page.keyboard.press('Enter');
      await card.getByRole('button', { name: 'Copied' }).waitFor();
      return page.evaluate('navigator.clipboard.readText()');
    };
    expect(await copied('URL')).toBe(`${bridge.url}/webhooks/gitlab`);
    await card.getByRole('button', { name: 'Show the secret' }).click();
    expect(await copied('secret')).toBe(SECRET);
  });

  it('sees the next one appear on the timeline, without a reload', async () => {
    await page.goto('/');
    await page.getByRole('button', { name: 'live' }).waitFor();
    await page.evaluate('window.isSamePage = true');
    const before = await page.locator('.picture a.mark').count();

    const other = await openVisitor(browser, bridge.url);
    await logIn(other.page, ADMIN_TOKEN);
    await other.page.goto('/setup');
    await other.page
      .locator('article', { has: other.page.getByRole('heading', { name: 'Changes API' }) })
      .getByRole('button', { name: 'Send a test event' })
      .click();
    await other.context.close();
    await vi.waitFor(async () => expect(await page.locator('tbody tr').count()).toBe(2), SOON);
    expect(await page.locator('.picture a.mark').count()).toBeGreaterThan(before);
    expect(await page.evaluate('window.isSamePage')).toBe(true);
  });

  it('reads times in their own zone, and in UTC on hovering', async () => {
    const time = page.locator('tbody tr').first().locator('.exact');
    const shown = await time.textContent();
    expect(shown).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+08:45$/);
    const utc = await time.getAttribute('title');
    expect(Date.parse(shown?.replace(' +', '+').replace(' ', 'T') ?? '')).toBe(
      Date.parse(utc?.replace(' UTC', 'Z') ?? ''),
    );
    await page.getByText('times in Australia/Eucla').waitFor();
  });

  it('opens a change that a sink refused, finds its dead letter, and replays it when the sink works again', async () => {
    const body = { error: { type: 'validation_error', message: 'service_id: unknown', status: 400 } };
    alert24.inject({ kind: 'status', method: 'POST', status: 400, body, times: 99 });
    await post({ summary: 'Deployed tide-tables 2.7.1', environment: 'production', external_id: 'tide' });
    await page.getByRole('link', { name: 'Deployed tide-tables 2.7.1' }).click();
    await vi.waitFor(async () => {
      await page.reload();
      expect(await page.getByText('given up').count()).toBe(1);
    }, SOON);

    await page.getByRole('link', { name: 'Deliveries' }).click();
    const row = page.locator('.letters tbody tr');
    // biome-ignore lint/performance/useDomNodeTextContent: only what is seen counts, and the whole answer is folded away
    await expect.poll(() => row.innerText()).toContain('service_id: unknown');
    alert24.heal();
    await row.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('status').getByText('1 dead letter').waitFor();
    await vi.waitFor(
      () => expect(alert24.changes.map(({ summary }) => summary)).toContain('Deployed tide-tables 2.7.1'),
      SOON,
    );
    await page.goto('/deployments/changes:tide');
    await vi.waitFor(async () => {
      await page.reload();
      expect(await page.getByText('Received:').count()).toBe(1);
    }, SOON);
    await page.goto('/deliveries');
    expect(await page.locator('.letters').count()).toBe(0);
  });

  it('works with the keyboard alone', async () => {
    await page.goto('/');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter'); // "Skip to the content"
    await expect.poll(() => focused(page), SOON).toBe('main');
    await page.getByRole('button', { name: 'live' }).waitFor();
    const filters = ['environment', 'service', 'person', 'source', 'tier', 'change_type', 'risk', 'tag', 'status'];
    for (const field of ['live', 'text', ...filters]) {
      await page.keyboard.press('Tab');
      expect(await focused(page)).toBe(field);
    }
    await page.keyboard.type('succeeded');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\?status=succeeded$/);
    await page.locator('.mark[tabindex="0"]:visible').first().focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/deployments|from=/);
  });

  it('sees hostile text as plain text', async () => {
    await post({
      summary: HOSTILE,
      environment: HOSTILE,
      changed_by: HOSTILE,
      commit_message: HOSTILE,
      external_id: 'hostile',
    });
    await bridge.settled();
    await page.goto('/');
    const row = page.locator('tbody tr').first();
    expect(await row.locator('.what a').first().textContent()).toBe(HOSTILE);
    expect(await row.locator('.environment bdi').textContent()).toBe(HOSTILE);
    await page.goto('/deployments/changes:hostile');
    expect(await heading().textContent()).toBe(HOSTILE);
    await page.goto(`/?text=${encodeURIComponent(HOSTILE)}&environment=${encodeURIComponent(HOSTILE)}`);
    expect(await page.getByLabel('text').inputValue()).toBe(HOSTILE);
    expect(await page.locator('tbody tr').count()).toBe(1);
    expect(await page.locator('main img, main script:not([src])').count()).toBe(0);
  });

  it('finds no message in the console, no violation of the content security policy, and no request to another host', () => {
    expect(visitor.complaints).toEqual([]);
  });
});

const focused = (page: Page): Promise<string> =>
  page.evaluate('document.activeElement.name || document.activeElement.id');
