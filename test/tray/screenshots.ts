/**
 * Takes the pictures of docs/images/tray: every page in light and dark, of a real agent with real traffic.
 * `npm run tray:screenshots`; not part of any test run.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { homeWithExchanges } from '../kit/full-ledger.ts';
import { openTrayOffice } from '../kit/tray-office.ts';
import { goTo, NO_WINDOW, openTrayWindows } from '../kit/tray-window.ts';

const FOLDER = path.join(import.meta.dirname, '..', '..', 'docs', 'images', 'tray');
const PAGES = ['Now', 'Activity', 'Money', 'Apps', 'Privacy', 'Help'] as const;
const HOUR_MS = 3_600_000;
/** Charts and lists have come by then. */
const SETTLE_MS = 700;

if (NO_WINDOW !== undefined) throw new Error(NO_WINDOW);
mkdirSync(FOLDER, { recursive: true });
const home = await homeWithExchanges(640, HOUR_MS);
const office = await openTrayOffice(home);
const windows = await openTrayWindows(home);
try {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await windows.open({ colorScheme, timezoneId: 'Europe/Oslo' });
    const take = async (name: string): Promise<void> => {
      await page.waitForTimeout(SETTLE_MS);
      await page.screenshot({ path: path.join(FOLDER, `${name}-${colorScheme}.png`) });
    };
    for (const name of PAGES) {
      await goTo(page, name);
      await take(name.toLowerCase());
    }
    await goTo(page, 'Activity');
    await open(page, /claude-sonnet-4-5 Stopped/);
    await take('stop');
    await page.keyboard.press('Escape');
    await open(page, /Held back/);
    await page.getByRole('button', { name: 'Let it pass' }).scrollIntoViewIfNeeded();
    await take('exception');
    await page.keyboard.press('Escape');
    await goTo(page, 'Now');
    await office.postern(['pause', '--minutes', '15', '--reason', 'a demo']);
    await page.getByRole('button', { name: 'Resume now' }).waitFor();
    await take('paused');
    await office.postern(['resume']);
  }
  await office.postern(['stop']);
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await windows.open({ colorScheme });
    await page.screenshot({ path: path.join(FOLDER, `off-${colorScheme}.png`) });
  }
} finally {
  await windows.close();
  await office.stop();
}

async function open(page: Page, name: RegExp): Promise<void> {
  await page.getByRole('button', { name }).first().click();
  await page.getByRole('dialog').getByRole('heading', { name: 'What is kept of it' }).waitFor();
}
