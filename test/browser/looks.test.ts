import axe, { type AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, startTestBridge } from '../support/bridge.ts';
import { chromiumPath, logIn, openVisitor, sidewaysOf, startBrowser, type Visitor } from '../support/browser.ts';
import { ALERT24_KEY, startFakeAlert24 } from '../support/fake-alert24.ts';
import { fillHarbor, fillLongNames, postToHarbor, RIGHT_TO_LEFT } from './harbor.ts';

const TELEPHONE = { width: 320, height: 640 };
const DESK = { width: 1280, height: 800 };
const TABLET = { width: 1024, height: 768 };
const WALL = { width: 3840, height: 2160 };

const PATHS = [
  ...['/', '/?range=7d', '/?service=nothing', '/inbox', '/deliveries', '/actions/drop', '/setup'],
  ...['/performance', '/performance?environment=moon', '/deployments/none'],
  ...['/deployments/gitlab:git.harbor.example:77:job:77001', '/deployments/changes:tide-2.7.1'],
  '/deployments/changes:hostile',
  ...['/alerts', '/alerts?status=resolved', '/alerts/alt_hostile', '/alerts/alt_fog', '/alerts/alt_long'],
  ...['/running', '/deployments/changes:long-0'],
];

interface Seen {
  readonly violations: string[];
  readonly sideways: string[];
  /** What is drawn over what stands beside it. */
  readonly overflowing: string[];
  readonly complaints: string[];
}

describe.skipIf(!chromiumPath)('every page, with a month of changes and an incident', () => {
  let alert24: Awaited<ReturnType<typeof startFakeAlert24>>;
  let bridge: Awaited<ReturnType<typeof startTestBridge>>;
  let browser: Browser;
  let page: Page;
  const seen: Seen = { violations: [], sideways: [], overflowing: [], complaints: [] };

  beforeAll(async () => {
    [alert24, browser] = await Promise.all([startFakeAlert24(), startBrowser()]);
    bridge = await startTestBridge({ sinks: [{ type: 'alert24', url: alert24.url, api_key: ALERT24_KEY }] });
    const now = new Date();
    await fillHarbor(bridge.redis.address, now);
    await fillLongNames(bridge.redis.address, now);
    await postToHarbor(bridge, alert24, now);
    const webhook = (await bridge.get('/api/inbox?limit=1')).body.data[0].id;
    const visitor = await openVisitor(browser, bridge.url);
    await look(visitor, '/login', seen);
    await logIn(visitor.page, ADMIN_TOKEN);
    for (const path of [...PATHS, `/inbox/${webhook}`]) await look(visitor, path, seen);
    page = visitor.page;
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

  it('keeps every text in its place', () => {
    expect(seen.overflowing).toEqual([]);
  });

  it('keeps the names of services and environments in sight on the board', async () => {
    await page.setViewportSize({ width: 760, height: 320 });
    await page.goto('/running');
    const distances = await page.evaluate<number[]>(`(() => {
      const room = document.querySelector('.board-room');
      room.scrollTo(10_000, 10_000);
      const { top, left } = room.getBoundingClientRect();
      const column = document.querySelector('.board thead th:last-child').getBoundingClientRect();
      const row = document.querySelector('.board tbody tr:last-child th').getBoundingClientRect();
      return [room.scrollTop, column.top - top, row.left - left].map(Math.round);
    })()`);
    const [down = 0, ...rest] = distances;
    expect(down).toBeGreaterThan(50);
    expect(rest).toEqual([1, 1]); // the border
  });

  it('cuts a name from right to left at its end', async () => {
    await page.setViewportSize(DESK);
    await page.goto('/');
    const name = await page.evaluate(`(() => {
      const name = [...document.querySelectorAll('.changes .service bdi')]
        .find(({ textContent }) => textContent === '${RIGHT_TO_LEFT}');
      const { direction, textOverflow } = getComputedStyle(name);
      return { isCut: name.scrollWidth > name.clientWidth, direction, textOverflow };
    })()`);
    expect(name).toEqual({ isCut: true, direction: 'rtl', textOverflow: 'ellipsis' });
  });

  it('shows the number in the current menu item in forced colours as well', async () => {
    await page.emulateMedia({ forcedColors: 'active' });
    await page.goto('/deliveries');
    const colors = await page.evaluate<string[]>(`(() => {
      const { color, backgroundColor } = getComputedStyle(document.querySelector('nav [aria-current] .badge'));
      return [color, backgroundColor];
    })()`);
    await page.emulateMedia({ forcedColors: 'none' });
    expect(colors.sort()).toEqual(['rgb(0, 0, 0)', 'rgb(255, 255, 255)']);
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
  for (const viewport of [DESK, TABLET, TELEPHONE]) {
    await page.setViewportSize(viewport);
    seen.overflowing.push(...(await overflowing(page)).map((found) => `${path} at ${viewport.width}: ${found}`));
  }
  await page.setViewportSize(WALL);
  if ((await sidewaysOf(page)) > 0) seen.sideways.push(`${path} on a wall`);
  await page.setViewportSize(TELEPHONE);
  if ((await sidewaysOf(page)) > 0) seen.sideways.push(`${path} on a telephone`);
  await page.emulateMedia({ colorScheme: 'dark' });
  seen.violations.push(...(await violations(page)).map((found) => `${path} in the dark: ${found}`));
}

/** Text that is wider than its cell, paragraph or list item, and neither cut off there nor scrolled. */
const overflowing = (page: Page): Promise<string[]> =>
  page.evaluate(`[...document.querySelectorAll('td, th, dd, dt, li, p, .lane-name, .badge')]
    .filter((place) => place.checkVisibility() && !place.closest('.hidden, thead, pre, .timeline'))
    .filter((place) => getComputedStyle(place).overflowX === 'visible' && place.scrollWidth > place.clientWidth + 1)
    .filter((place) => getComputedStyle(place).display !== 'inline')
    .map((place) => place.outerHTML.slice(0, 120))`);

async function violations(page: Page): Promise<string[]> {
  const found = await page.evaluate<AxeResults>('axe.run(document, { resultTypes: ["violations"] })');
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
