/** Fifty thousand calls in the window's list: a long scroll, measured frame by frame. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { homeWithExchanges } from '../kit/full-ledger.ts';
import { type Office, openOffice } from '../kit/office.ts';
import { goTo, NO_WINDOW, openTrayWindows, type TrayWindows } from '../kit/tray-window.ts';

const EXCHANGES = 50_000;
const SCROLL_MS = 5_000;
const PIXELS_A_FRAME = 400;

/**
 * Scrolls by so much in every frame, as a flung wheel does; the page's own clock measures. The work is what the page's
 * thread was busy with between two frames: what is left of 16.7 ms is the machine's.
 */
const SCROLL = `(async () => {
  const list = document.querySelector('.calls');
  const gaps = [];
  const frame = () => new Promise(requestAnimationFrame);
  let before = await frame();
  const end = before + ${SCROLL_MS};
  let down = true;
  while (before < end) {
    if (list.scrollTop + list.clientHeight >= list.scrollHeight - 10) down = false;
    if (list.scrollTop <= 10) down = true;
    list.scrollTop += down ? ${PIXELS_A_FRAME} : -${PIXELS_A_FRAME};
    const now = await frame();
    gaps.push(now - before);
    before = now;
  }
  return { gaps, rows: document.querySelectorAll('.call').length, top: list.scrollTop };
})()`;

/** Keeps to the end of the list until it stays where it is: the pages are fetched on the way. */
const TO_THE_OLDEST = `(async () => {
  const list = document.querySelector('.calls');
  const end = performance.now() + 120_000;
  const count = () => document.querySelector('.count').textContent;
  while (count() !== '50,000 calls' && performance.now() < end) {
    list.scrollTop = list.scrollHeight;
    await new Promise(requestAnimationFrame);
  }
  return count();
})()`;

describe.skipIf(NO_WINDOW !== undefined)('the list of calls', () => {
  let home: string;
  let office: Office;
  let windows: TrayWindows;
  beforeAll(async () => {
    home = await homeWithExchanges(EXCHANGES);
    office = await openOffice({ home });
    windows = await openTrayWindows(home);
  }, 180_000);
  afterAll(async () => {
    await windows?.close();
    await office?.stop();
    if (home !== undefined) rmSync(home, { recursive: true, force: true });
  });

  it('holds fifty thousand without a stutter', async () => {
    const page = await windows.open();
    await goTo(page, 'Activity');
    await page.locator('.call').first().waitFor();
    const started = Date.now();
    expect(await page.evaluate<string>(TO_THE_OLDEST)).toBe('50,000 calls');
    const loadMs = Date.now() - started;
    await page.locator('.call').first().focus();
    await page.keyboard.press('Home');
    await expect.poll(() => page.evaluate("document.querySelector('.calls').scrollTop")).toBe(0);
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable');
    const measure = async () => {
      const { metrics } = await session.send('Performance.getMetrics');
      const ms = (name: string): number =>
        (metrics.find((metric) => metric.name === name)?.value ?? 0) * 1000;
      return { all: ms('TaskDuration'), script: ms('ScriptDuration') };
    };
    const before = await measure();
    const { gaps, rows, top } = await page.evaluate<{ gaps: number[]; rows: number; top: number }>(SCROLL);
    const after = await measure();
    const workMs = (after.all - before.all) / gaps.length;
    const scriptMs = (after.script - before.script) / gaps.length;
    const sorted = gaps.toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    const late = gaps.filter((gap) => gap > 25).length;
    console.log(
      `50,000 calls: all read in ${(loadMs / 1000).toFixed(1)} s; ${gaps.length} frames over ${SCROLL_MS / 1000} s, ` +
        `median ${median.toFixed(1)} ms, 95 % within ${(sorted[Math.floor(sorted.length * 0.95)] ?? 0).toFixed(1)} ms, ` +
        `${late} late, ${workMs.toFixed(1)} ms of work a frame (${scriptMs.toFixed(1)} of it ours), ${rows} rows in the document, ${Math.round(top)} px down`,
    );
    expect(rows).toBeLessThan(80);
    // On a machine that others use too, a frame is late for their sake, and all is measured by the clock on the wall.
    expect(median).toBeLessThan(34);
    expect(scriptMs).toBeLessThan(12);
    await page.context().close();
  }, 240_000);

  it('finds one among them', async () => {
    const page = await windows.open();
    await goTo(page, 'Activity');
    await page.locator('.call').first().waitFor();
    const started = Date.now();
    await page.getByLabel('Search').fill('exchange-4242');
    await page.getByText(/^1?1 calls?$/).waitFor({ timeout: 20_000 });
    console.log(`a search through 50,000 calls took ${Date.now() - started} ms`);
    await page.context().close();
  });
});
