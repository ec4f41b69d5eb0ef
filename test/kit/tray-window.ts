/** The tray's window as people get it: the built renderer in a real Chromium, on the local API of a real agent. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from 'playwright-core';
import { buildPreviewInto } from '../../tray-ui/build/build.ts';
import { type PreviewServer, startPreview } from '../../tray-ui/build/preview-server.ts';

const CHROMIUM = '/usr/bin/chromium';
/** Why no window can be opened on this machine; undefined where one can. */
export const NO_WINDOW = existsSync(CHROMIUM) ? undefined : `no Chromium at ${CHROMIUM}`;

/** Of the Electron window. */
export const WINDOW_SIZE = { width: 980, height: 680 } as const;

export interface TrayWindows {
  readonly preview: PreviewServer;
  readonly browser: Browser;
  /** A window that is ready: it knows whether an agent answers. */
  open(options?: BrowserContextOptions, prepare?: (page: Page) => Promise<void>): Promise<Page>;
  close(): Promise<void>;
}

export async function openTrayWindows(home: string): Promise<TrayWindows> {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-window-'));
  await buildPreviewInto(folder);
  const preview = await startPreview(home, folder);
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  const contexts: BrowserContext[] = [];
  return {
    preview,
    browser,
    async open(options = {}, prepare = undefined) {
      const context = await browser.newContext({ viewport: WINDOW_SIZE, locale: 'en-GB', ...options });
      contexts.push(context);
      const page = await context.newPage();
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error') errors.push(message.text());
      });
      await prepare?.(page);
      await page.goto(preview.url);
      await page.locator('.page-title').waitFor();
      if (prepare === undefined) await page.locator('.hero-sentence').waitFor();
      pageErrors.set(page, errors);
      return page;
    },
    async close() {
      for (const context of contexts) await context.close();
      await browser.close();
      await preview.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const pageErrors = new WeakMap<Page, string[]>();
/** What the page's console complained of: a refused style, a broken promise. */
export const errorsOf = (page: Page): readonly string[] => pageErrors.get(page) ?? [];

/** The agent tells its watchers at most five times a second. */
export const SOON = { timeout: 10_000 } as const;

export const sectionOf = (page: Page, title: string): Locator =>
  page.locator('section.card', { has: page.getByRole('heading', { name: title }) });

/** By the navigation, as a person goes. */
export async function goTo(page: Page, name: string): Promise<void> {
  await page.locator('nav').getByRole('button', { name, exact: true }).click();
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
}

/** The person's text size, in percent: what the browser's settings call the font size. */
export async function textSize(page: Page, percent: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Page.setFontSizes', { fontSizes: { standard: (16 * percent) / 100 } });
}

/** Places whose words are cut off or reach out of the window; those that end in an ellipsis have them elsewhere too. */
export const overflowing = (page: Page): Promise<readonly string[]> => page.evaluate<string[]>(OVERFLOWING);

/** Runs in the page, whose types tests don't have. */
const OVERFLOWING = `(() => {
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push('the page is ' + root.scrollWidth + ' wide of ' + root.clientWidth);
  for (const element of document.querySelectorAll('#app *')) {
    if (element.closest('.sr-only, .chart, .call, svg') !== null) continue;
    const { overflowX, overflowY, display } = getComputedStyle(element);
    const cutWide = element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0;
    const cutHigh = element.scrollHeight > element.clientHeight + 1 && overflowY === 'hidden';
    if ((cutWide && overflowX !== 'auto' && display !== 'inline') || cutHigh)
      found.push(element.tagName + '.' + element.className + ': ' + element.textContent.slice(0, 60));
  }
  for (const row of document.querySelectorAll('.call'))
    if (row.scrollHeight > row.clientHeight + 1) found.push('row: ' + row.textContent);
  return found;
})()`;
