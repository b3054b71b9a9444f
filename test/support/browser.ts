import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { findChromium, noChromium } from '../../scripts/prepare.mjs';

/** Where the browser is. Absent: it cannot be had, and whoever runs the tests is told. */
export const chromiumPath = findChromium();
if (!chromiumPath) process.stderr.write(`${noChromium}\n`);

export const startBrowser = (): Promise<Browser> =>
  chromium.launch({ ...(chromiumPath && { executablePath: chromiumPath }), args: ['--disable-dev-shm-usage'] });

export interface Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Console errors (a breach of the content security policy is one), uncaught errors, and requests to another host. */
  readonly complaints: string[];
}

/** Somebody with a browser of their own: no cookie, no cache. */
export async function openVisitor(browser: Browser, base: string, said: BrowserContextOptions = {}): Promise<Visitor> {
  const context = await browser.newContext({ baseURL: base, ...said });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  context.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(base).origin) complaints.push(`asks ${request.url()}`);
  });
  return { context, page, complaints };
}

export async function logIn(page: Page, token: string): Promise<void> {
  await page.goto('/login');
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('button', { name: 'Log out' }).waitFor();
}

/** How far the page can be moved sideways, in pixels. */
export const sidewaysOf = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
