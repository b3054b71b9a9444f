import axe, { type AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, startTestBridge } from '../support/bridge.ts';
import { chromiumPath, logIn, openVisitor, sidewaysOf, startBrowser, type Visitor } from '../support/browser.ts';
import { ALERT24_KEY, startFakeAlert24 } from '../support/fake-alert24.ts';
import { fillHarbor, postToHarbor } from './harbor.ts';

const TELEPHONE = { width: 320, height: 640 };
const DESK = { width: 1280, height: 800 };
const WALL = { width: 3840, height: 2160 };

const PATHS = [
  ...['/', '/?range=7d', '/?service=nothing', '/inbox', '/deliveries', '/actions/drop', '/setup'],
  ...['/performance', '/performance?environment=moon', '/deployments/none'],
  ...['/deployments/gitlab:git.harbor.example:77:job:77001', '/deployments/changes:tide-2.7.1'],
  '/deployments/changes:hostile',
  ...['/alerts', '/alerts?status=resolved', '/alerts/alt_hostile', '/alerts/alt_fog'],
];

interface Seen {
  readonly violations: string[];
  readonly sideways: string[];
  readonly complaints: string[];
}

describe.skipIf(!chromiumPath)('every page, with a month of changes and an incident', () => {
  let alert24: Awaited<ReturnType<typeof startFakeAlert24>>;
  let bridge: Awaited<ReturnType<typeof startTestBridge>>;
  let browser: Browser;
  const seen: Seen = { violations: [], sideways: [], complaints: [] };

  beforeAll(async () => {
    [alert24, browser] = await Promise.all([startFakeAlert24(), startBrowser()]);
    bridge = await startTestBridge({ sinks: [{ type: 'alert24', url: alert24.url, api_key: ALERT24_KEY }] });
    const now = new Date();
    await fillHarbor(bridge.redis.address, now);
    await postToHarbor(bridge, alert24, now);
    const webhook = (await bridge.get('/api/inbox?limit=1')).body.data[0].id;
    const visitor = await openVisitor(browser, bridge.url);
    await look(visitor, '/login', seen);
    await logIn(visitor.page, ADMIN_TOKEN);
    for (const path of [...PATHS, `/inbox/${webhook}`]) await look(visitor, path, seen);
    seen.complaints.push(...visitor.complaints);
  });
  afterAll(async () => {
    await browser?.close();
    await bridge?.stop();
    await alert24?.close();
  });

  it('has no accessibility violation found by axe, in light and dark mode', () => {
    expect(seen.violations).toEqual([]);
  });

  it('does not scroll sideways on a phone or on a wall display', () => {
    expect(seen.sideways).toEqual([]);
  });

  it('has nothing in the console except for a page that is not found', () => {
    expect(seen.complaints).toEqual([expect.stringContaining('404')]);
  });
});

/** Everything that can be unfolded is. A telephone in the dark, a desk in the light: each layout and each scheme is seen. */
async function look({ page }: Visitor, path: string, seen: Seen): Promise<void> {
  await page.setViewportSize(DESK);
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await page.goto(path);
  await page.evaluate('for (const details of document.querySelectorAll("details")) details.open = true');
  await page.evaluate(axe.source);
  seen.violations.push(...(await violations(page)).map((found) => `${path} ${found}`));
  await page.setViewportSize(WALL);
  if ((await sidewaysOf(page)) > 0) seen.sideways.push(`${path} on a wall`);
  await page.setViewportSize(TELEPHONE);
  if ((await sidewaysOf(page)) > 0) seen.sideways.push(`${path} on a telephone`);
  await page.emulateMedia({ colorScheme: 'dark' });
  seen.violations.push(...(await violations(page)).map((found) => `${path} in the dark: ${found}`));
}

async function violations(page: Page): Promise<string[]> {
  const found = await page.evaluate<AxeResults>('axe.run(document, { resultTypes: ["violations"] })');
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
