import { Redis } from 'ioredis';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createChangeLog } from '../../src/recording/change-log.ts';
import { createDeployments } from '../../src/store/changes/deployments.ts';
import { indexesOf } from '../../src/store/changes/search/facets.ts';
import { packTimelineEntry } from '../../src/store/changes/timeline/packed-entry.ts';
import { keys } from '../../src/store/keys.ts';
import { ADMIN_TOKEN, SECRET, startTestBridge } from '../support/bridge.ts';
import { chromiumPath, logIn, openVisitor, startBrowser } from '../support/browser.ts';
import { alone, aRecord, plainView } from '../support/records.ts';
import { expectWithin } from '../support/time.ts';

const MANY = 100_000;
const RECORDED = 1_000;
const STEP_MS = (30 * 86_400_000) / MANY;
const ENVIRONMENTS = ['production', 'staging', 'qa', 'review/lamp', 'review/tide'];
const PAINT_WITHIN_MS = 1_000;
const LONGEST_TASK_MS = 200;
/**
 * What the page does by itself takes its time in every round. Other tests run beside this one, and take the processor away
 * in some: the quickest round is the nearest to the page's own work, and none is needed after one that is quick enough.
 */
const ROUNDS = 5;

async function quickest(enoughMs: number, measure: () => Promise<number>): Promise<number> {
  const measured: number[] = [];
  while (measured.length < ROUNDS && !measured.some((ms) => ms < enoughMs)) measured.push(await measure());
  return Math.min(...measured);
}

/** Writes down what keeps the page from answering, from its first moment on. */
const WATCH = `
  globalThis.longTasks = [];
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longTasks.push(Math.round(duration));
  }).observe({ type: 'longtask', buffered: true });
`;

/** When something was to be seen, counted from the click. */
const PAINTED = `new Promise((done) => {
  new PerformanceObserver((list) => {
    for (const { name, startTime } of list.getEntries()) if (name === 'first-contentful-paint') done(startTime);
  }).observe({ type: 'paint', buffered: true });
})`;

/** Where to hover. */
const TEN_MARKS = `[...document.querySelectorAll('.mark')]
  .map((mark) => mark.getBoundingClientRect())
  .filter(({ width }) => width > 0)
  .filter((_, at, all) => at % Math.ceil(all.length / 10) === 0)
  .map(({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 }))`;

/**
 * A month of changes. The newest are recorded as the bridge does it: they stand in the list. All others stand in the
 * indexes and have their marks, which is what a timeline reads.
 */
async function fill(address: { path: string }, now: Date): Promise<void> {
  const redis = new Redis(address.path);
  const deployments = createChangeLog(createDeployments(redis, { days: 400, count: MANY }), (key, records) =>
    alone(plainView(key, records)),
  );
  const timeOf = (at: number) => new Date(now.getTime() - 60_000 - Math.round(at * STEP_MS)).toISOString();
  const recorded = await Promise.all(
    Array.from({ length: RECORDED }, async (_, at) => {
      const { deployment } = await deployments.apply(
        aRecord({
          deployment: `job:${at}`,
          occurredAt: timeOf(at),
          environment: { name: ENVIRONMENTS[at % ENVIRONMENTS.length] ?? '' },
          state: at % 9 === 0 ? 'failed' : 'succeeded',
          changeType: at % 50 === 0 ? 'rollback' : 'deployment',
          commit: { title: 'Turn the lamp faster' },
        }),
      );
      return deployment;
    }),
  );
  const places = [...new Set(recorded.flatMap(indexesOf))].map((index) => ({
    index,
    of: recorded.flatMap((one, at) => (indexesOf(one).includes(index) ? [at] : [])),
  }));
  for (let from = RECORDED; from < MANY; from += RECORDED) {
    const older = recorded.map((one, at) => ({ ...one, key: `job:${from + at}`, occurredAt: timeOf(from + at) }));
    await Promise.all([
      redis.hset(keys.timeline(), ...older.flatMap((one) => [one.key, packTimelineEntry(one)])),
      ...places.map(({ index, of }) =>
        redis.zadd(index, ...of.flatMap((at) => [Date.parse(timeOf(from + at)), `job:${from + at}`])),
      ),
    ]);
  }
  redis.disconnect();
}

describe.skipIf(!chromiumPath)('the changes page with 100,000 changes, in a browser', () => {
  let bridge: Awaited<ReturnType<typeof startTestBridge>>;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    [bridge, browser] = await Promise.all([startTestBridge(), startBrowser()]);
    await fill(bridge.redis.address, new Date());
    const visitor = await openVisitor(browser, bridge.url, { viewport: { width: 1280, height: 800 } });
    page = visitor.page;
    await visitor.context.addInitScript(WATCH);
    await logIn(page, ADMIN_TOKEN);
  });
  afterAll(async () => {
    await browser?.close();
    await bridge?.stop();
  });

  const longest = () => page.evaluate<number>('Math.max(0, ...longTasks)');
  /** What keeps the page from answering while `act` goes on, and not what did so before. */
  const longestIn = async (act: () => Promise<void>) => {
    await page.evaluate('longTasks.length = 0');
    await act();
    return longest();
  };

  it.each([
    ['/', /^3,\d\d\d changes$/],
    ['/?range=30d', /^(99|100),\d\d\d changes$/],
  ])('is painted within a second: %s', async (path, total) => {
    // A busy machine may answer that Redis is late.
    await vi.waitFor(async () => {
      await page.goto(path);
      expect(await page.locator('#total').count()).toBe(1);
    });
    const paintedMs = await quickest(PAINT_WITHIN_MS, async () => {
      await page.goto(path);
      return page.evaluate<number>(PAINTED);
    });
    expect(await page.locator('#total').textContent()).toMatch(total);
    expectWithin(paintedMs, PAINT_WITHIN_MS);
  });

  it('responds at once to zooming, hovering and new changes', async () => {
    const tasks: Record<string, number> = {};
    for (const range of ['1 h', '24 h', '7 d', '30 d'])
      tasks[range] = await quickest(LONGEST_TASK_MS, async () => {
        const link = page.getByRole('navigation', { name: 'Zoom' }).getByRole('link', { name: range, exact: true });
        await Promise.all([page.waitForEvent('load'), link.click()]);
        expect(await link.getAttribute('aria-current')).toBe('true');
        for (const { x, y } of await page.evaluate<{ x: number; y: number }[]>(TEN_MARKS)) await page.mouse.move(x, y);
        return longest();
      });
    let horn = 0;
    tasks['a new change'] = await quickest(LONGEST_TASK_MS, () =>
      longestIn(async () => {
        const summary = `Deployed fog-horn 4.${horn++}`;
        const change = { summary, service: 'fog-horn', environment: 'production' };
        await bridge.post('/webhooks/changes', change, { authorization: `Bearer ${SECRET}` });
        await page.getByText(summary).first().waitFor({ timeout: 120_000 });
      }),
    );
    for (const [what, ms] of Object.entries(tasks)) expectWithin(ms, LONGEST_TASK_MS, what);
    // Were it so, it would be seen.
    await page.evaluate('setTimeout(() => { for (const end = Date.now() + 300; Date.now() < end; ); })');
    await expect.poll(longest).toBeGreaterThan(LONGEST_TASK_MS);
  });
});
