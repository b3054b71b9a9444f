import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, gitlabDeploymentHook, gitlabHeaders, SECRET, startTestBridge } from '../support/bridge.ts';
import { chromiumPath, logIn, openVisitor, startBrowser } from '../support/browser.ts';

const BITBUCKETS = 'the-secret-of-bitbucket-24';
const RULES = [{ name: 'no bots', match: { changed_by: '*[bot]' }, drop: true }];

/** Ten minutes after pasting a URL: did it work, and if not, why? Each starts at the first page. */
describe.skipIf(!chromiumPath)('a user who pasted a URL', () => {
  let bridge: Awaited<ReturnType<typeof startTestBridge>>;
  let browser: Browser;
  let page: Page;
  let clicks = 0;
  const click = async (name: string) => {
    clicks += 1;
    await page.getByRole('link', { name }).first().click();
  };
  const post = (path: string, headers: Record<string, string>, hook: object = gitlabDeploymentHook()) =>
    bridge.post(path, hook, { ...gitlabHeaders(), ...headers });

  beforeAll(async () => {
    const sources = [
      { type: 'gitlab', secrets: [SECRET] },
      { type: 'bitbucket', secrets: [BITBUCKETS] },
      { type: 'changes-api', name: 'changes', secrets: ['the-token-of-changes-24'] },
    ];
    [bridge, browser] = await Promise.all([startTestBridge({ sources, rules: RULES }), startBrowser()]);
    await post('/webhooks/gitlab', {}); // it works, so that the first page is that of every day
    await bridge.settled();
    page = (await openVisitor(browser, bridge.url)).page;
    await logIn(page, ADMIN_TOKEN);
  });
  afterAll(async () => {
    await browser?.close();
    await bridge?.stop();
  });

  const tried: readonly [string, () => Promise<unknown>, string][] = [
    [
      'a wrong secret',
      () => post('/webhooks/gitlab', { 'x-gitlab-token': 'mistyped' }),
      'X-Gitlab-Token is not one of',
    ],
    [
      "another tool's secret",
      () => post('/webhooks/gitlab', { 'x-gitlab-token': BITBUCKETS }),
      'this is the secret of the source "bitbucket"',
    ],
    ['a wrong path', () => post('/webhooks/git-lab', {}), 'did you mean /webhooks/gitlab?'],
    ['no path at all', () => post('/', {}), 'no source is at /: did you mean /webhooks/gitlab?'],
    [
      'a wrong event',
      () => post('/webhooks/gitlab', { 'x-gitlab-event': 'Push Hook' }, { object_kind: 'push' }),
      'not about a deployment',
    ],
    [
      'a rule that drops it',
      () =>
        bridge.post(
          '/webhooks/changes',
          { summary: 'Bump', environment: 'staging', changed_by: 'renovate[bot]' },
          { authorization: 'Bearer the-token-of-changes-24' },
        ),
      'no bots',
    ],
  ];
  it.each(tried)('reads the reason within two clicks: %s', async (_what, send, reason) => {
    await send();
    await bridge.settled();
    await page.goto('/');
    clicks = 0;
    await click('Inbox');
    const row = page.locator('.inbox tbody tr').first();
    expect(await row.textContent()).toContain(reason);
    await row.getByRole('link').first().click();
    clicks += 1;
    await page.getByText('What to do').waitFor();
    expect(clicks).toBe(2);
  });

  it('sees in the set-up what came from each source in the last 24 hours', async () => {
    await page.goto('/');
    await click('Set-up');
    const card = page.locator('article', { has: page.getByRole('heading', { name: 'gitlab' }) });
    await card.getByText('Refused.').or(card.getByText('It arrives.')).waitFor();
    expect(await card.locator('.day').textContent()).toMatch(/1 recorded · 1 ignored · 2 rejected/);
    await card.getByRole('link', { name: '2 rejected' }).click();
    expect(await page.locator('.inbox tbody tr').first().textContent()).toContain('bad_signature');
  });

  it('is shown on any page that Redis is unreachable, and that webhooks are stored meanwhile', async () => {
    await page.goto('/setup');
    await bridge.redis.stop();
    await page.goto('/inbox');
    await page.getByText('Redis does not respond at the moment').waitFor({ timeout: 30_000 });
    expect(await page.getByText('Webhooks are accepted and stored on disk.').isVisible()).toBe(true);
  });
});
