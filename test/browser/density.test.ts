import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, startTestBridge } from '../support/bridge.ts';
import { chromiumPath, logIn, openVisitor, sidewaysOf, startBrowser } from '../support/browser.ts';
import { fillHarbor } from './harbor.ts';

const TELEPHONE = { width: 390, height: 844 };
const LAPTOP = { width: 1440, height: 900 };
const NARROW = { width: 320, height: 640 };
const PATHS = ['/', '/running', '/inbox', '/deliveries', '/performance', '/setup'];
const ONE = '/deployments/gitlab:git.harbor.example:7:job:9000';

/** Rows that lie wholly above the fold. */
const rowsAbove = (page: Page): Promise<number> =>
  page.evaluate(`[...document.querySelectorAll('#list tbody tr')]
    .filter((row) => row.getBoundingClientRect().bottom <= innerHeight).length`);

/** Targets under 24 px, but for links inside a sentence or a cell (WCAG 2.5.8: inline) and marks (their list is the equal). */
const smallTargets = (page: Page): Promise<string[]> =>
  page.evaluate(`[...document.querySelectorAll('button, input:not([type=hidden]), select, nav a, .buttons a, .ranges a, summary')]
    .filter((target) => target.checkVisibility() && target.type !== 'checkbox')
    .filter((target) => { const { width, height } = target.getBoundingClientRect(); return width < 24 || height < 24; })
    .map((target) => target.outerHTML.slice(0, 80) + ' ' + target.getBoundingClientRect().height)`);

const faintBorders = (page: Page): Promise<string[]> =>
  page.evaluate(`(() => {
    const light = (color) => {
      const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
        .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = light(getComputedStyle(document.documentElement).backgroundColor);
    return [...document.querySelectorAll('input:not([type=hidden]):not([type=checkbox]), select')]
      .filter((field) => field.checkVisibility())
      .map((field) => [field.name, light(getComputedStyle(field).borderTopColor)])
      .map(([name, border]) => [name, (Math.max(border, ground) + 0.05) / (Math.min(border, ground) + 0.05)])
      .filter(([, contrast]) => contrast < 3).map(([name, contrast]) => name + ' ' + contrast);
  })()`);

describe.skipIf(!chromiumPath)('the density of the pages', () => {
  let bridge: Awaited<ReturnType<typeof startTestBridge>>;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    browser = await startBrowser();
    const owner = { service: '*', team: 'keepers', channel: '#keepers', on_call: 'https://pager.harbor.example/' };
    bridge = await startTestBridge({ owners: [owner] });
    await fillHarbor(bridge.redis.address, new Date());
    page = (await openVisitor(browser, bridge.url)).page;
    await logIn(page, ADMIN_TOKEN);
  });
  afterAll(async () => {
    await browser?.close();
    await bridge?.stop();
  });

  it('show the first change on the first screen of a telephone', async () => {
    await page.setViewportSize(TELEPHONE);
    for (const path of ['/', '/?environment=production&range=24h']) {
      await page.goto(path);
      expect(await rowsAbove(page)).toBeGreaterThanOrEqual(1);
    }
    await page.getByText('More filters: environment production').waitFor();
  });

  it('show the menu in one line and the timeline on the first screen at twice the size on a laptop', async () => {
    await page.setViewportSize({ width: 640, height: 400 });
    await page.goto('/?environment=production&range=24h');
    await page.getByText('More filters: environment production').waitFor();
    const [menu = 0, drawn = 0] = await page.evaluate<number[]>(
      `['nav', '#drawn'].map((part) => document.querySelector(part).getBoundingClientRect())
        .map(({ top, height }, at) => at === 0 ? height : top)`,
    );
    expect(menu).toBeLessThan(40);
    expect(drawn).toBeLessThan(400);
  });

  it('print the filter in use, every lane and the rows, and nothing to press', async () => {
    await page.setViewportSize({ width: 794, height: 1123 });
    await page.goto('/?tier=production&range=30d');
    await page.emulateMedia({ media: 'print' });
    const visible = await page.evaluate<string[]>(
      `[...document.querySelectorAll('button, input:not([type=hidden]), select, nav a, summary')]
        .filter((one) => one.checkVisibility()).map((one) => one.name || one.textContent.trim())`,
    );
    const hiddenLanes = await page.evaluate<number>(
      'document.querySelector("#drawn").scrollHeight - document.querySelector("#drawn").clientHeight',
    );
    await page.emulateMedia({ media: 'screen' });
    expect(visible).toEqual(['tier', '30 d']);
    expect(hiddenLanes).toBe(0);
  });

  it('show ten changes on the first screen of a laptop', async () => {
    await page.setViewportSize(LAPTOP);
    await page.goto('/');
    expect(await rowsAbove(page)).toBeGreaterThanOrEqual(10);
  });

  it('show usual titles whole on a small laptop', async () => {
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto('/?range=30d');
    const [count, cut] = await page.evaluate<[number, string[]]>(`(() => {
      const usual = [...document.querySelectorAll('#list .what > a > bdi')]
        .filter(({ textContent }) => textContent.length <= 40);
      const cut = usual.filter((box) => box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight + 2);
      return [usual.length, cut.map(({ textContent }) => textContent)];
    })()`);
    expect(count).toBeGreaterThan(0);
    expect(cut).toEqual([]);
  });

  it('show the whole legend of the timeline however many lanes it has', async () => {
    for (const viewport of [{ width: 1024, height: 800 }, LAPTOP, { width: 600, height: 800 }]) {
      await page.setViewportSize(viewport);
      await page.goto('/?range=30d');
      const [laneCount, { top, bottom }, [clipTop, clipBottom]] = await page.evaluate<
        [number, { top: number; bottom: number }, [number, number]]
      >(`(() => {
        const legend = document.querySelector('.legend');
        let [top, bottom] = [0, innerHeight];
        for (let box = legend.parentElement; box !== document.body; box = box.parentElement) {
          if (getComputedStyle(box).overflowY === 'visible') continue;
          const { top: upper, bottom: lower } = box.getBoundingClientRect();
          [top, bottom] = [Math.max(top, upper), Math.min(bottom, lower)];
        }
        return [document.querySelectorAll('.lane').length, legend.getBoundingClientRect().toJSON(), [top, bottom]];
      })()`);
      expect(laneCount).toBeGreaterThanOrEqual(3);
      expect(top).toBeGreaterThanOrEqual(clipTop);
      expect(bottom).toBeLessThanOrEqual(clipBottom);
    }
  });

  it.each(PATHS)('do not scroll sideways at 320 px, have targets of 24 px and borders of 3:1: %s', async (path) => {
    await page.setViewportSize(NARROW);
    await page.goto(path);
    expect(await sidewaysOf(page)).toBe(0);
    for (const viewport of [NARROW, LAPTOP]) {
      await page.setViewportSize(viewport);
      expect(await smallTargets(page)).toEqual([]);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await faintBorders(page)).toEqual([]);
      }
    }
  });

  it('keep a time and its zone on one line at 320 px', async () => {
    await page.setViewportSize(NARROW);
    await page.goto('/');
    await page.getByRole('button', { name: 'live' }).waitFor();
    const wrapped = await page.evaluate<string[]>(`[...document.querySelectorAll('#list .when .exact')]
      .filter((time) => time.getBoundingClientRect().height > 1.8 * parseFloat(getComputedStyle(time).fontSize))
      .map((time) => time.textContent)`);
    expect(wrapped).toEqual([]);
  });

  it('do not scroll sideways at any width', async () => {
    for (const path of [...PATHS, ONE]) {
      await page.goto(path);
      for (const width of [600, 768, 900, 1024, 1200]) {
        await page.setViewportSize({ width, height: 800 });
        expect([path, width, await sidewaysOf(page)]).toEqual([path, width, 0]);
      }
    }
  });

  it('mark the current page in forced colours as well', async () => {
    await page.emulateMedia({ forcedColors: 'active' });
    await page.goto('/');
    const grounds = await page.evaluate<string[]>(`['.top nav a', '.ranges a'].flatMap((links) =>
      ['[aria-current]', ':not([aria-current])'].map((which) =>
        getComputedStyle(document.querySelector(links + which)).backgroundColor))`);
    await page.emulateMedia({ forcedColors: 'none' });
    expect(grounds[0]).not.toBe(grounds[1]);
    expect(grounds[2]).not.toBe(grounds[3]);
  });

  it('focus the search with /', async () => {
    await page.setViewportSize(LAPTOP);
    await page.goto('/');
    await page.getByRole('button', { name: 'live' }).waitFor();
    await page.keyboard.press('/');
    expect(await page.evaluate('document.activeElement.name')).toBe('text');
    await page.keyboard.type('a/b');
    expect(await page.getByLabel('text').inputValue()).toBe('a/b');
  });
});
