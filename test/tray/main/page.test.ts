/**
 * The built page in a real Chromium, as the main process serves it (its files, types and policy) and through the main
 * process' own door: all of the app but Electron itself.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { afterEach, expect, it } from 'vitest';
import { buildTray } from '../../../tray-ui/build/build.ts';
import { PAGE_URL } from '../../../tray-ui/src/main/page-protocol.ts';
import { startTray } from '../../../tray-ui/src/main/tray-app.ts';
import { PAGES } from '../../../tray-ui/src/shared/bridge.ts';
import { CHANNELS } from '../../../tray-ui/src/shared/channels.ts';
import { openDesk } from '../../kit/agent-process.ts';
import { electronDouble } from '../../kit/electron-double.ts';

const CHROMIUM = '/usr/bin/chromium';
/** A browser has no `postern-page:`; this origin stands for it. */
const ORIGIN = 'http://tray.test';
const closing: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

it('shows every page that a link opens, and breaks no rule of its policy', async (context) => {
  if (!existsSync(CHROMIUM)) return context.skip('no Chromium at /usr/bin/chromium');
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-page-'));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  await buildTray(['renderer'], folder);
  const desk = openDesk();
  closing.push(() => desk.clear());
  await desk.start();
  const double = electronDouble({ locale: 'en' });
  closing.push(() => double.clear());
  const faults = startTray({
    electron: double.electron,
    folder,
    home: desk.home,
    args: ['postern-tray', 'postern://now'],
    os: 'linux',
    program: '/opt/postern-tray',
    userConfigFolder: double.folder,
  });
  await expect.poll(() => double.windows.length).toBe(1);

  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  closing.push(() => browser.close());
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.route(`${ORIGIN}/**`, async (route) => {
    const response = await double.page(route.request().url().replace(ORIGIN, path.posix.dirname(PAGE_URL)));
    await route.fulfill({
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: Buffer.from(await response.arrayBuffer()),
    });
  });
  await page.exposeFunction('askMain', (channel: string, ...args: unknown[]) =>
    channel === CHANNELS.subscribe ? void double.send(channel) : double.invoke(channel, ...args),
  );
  // What the preload script does in Electron.
  await page.addInitScript(
    ({ channels, facts }) => {
      const askMain = Reflect.get(globalThis, 'askMain') as (...words: unknown[]) => Promise<unknown>;
      const listeners = new Set<(event: unknown) => void>();
      Reflect.set(globalThis, 'hearMain', (event: unknown) => {
        for (const listener of listeners) listener(event);
      });
      Reflect.set(globalThis, 'postern', {
        call: (name: string, input: unknown) => askMain(channels.call, name, input),
        subscribe: (listener: (event: unknown) => void) => {
          listeners.add(listener);
          void askMain(channels.subscribe);
          return () => listeners.delete(listener);
        },
        saveFile: (name: string, text: string) => askMain(channels.saveFile, name, text),
        copyText: (text: string) => askMain(channels.copyText, text),
        openAddress: (url: string) => askMain(channels.openAddress, url),
        ...(facts as object),
      });
    },
    { channels: CHANNELS, facts: double.send(CHANNELS.facts) },
  );
  let passed = 0;
  const passOn = async (): Promise<void> => {
    const { sent = [] } = double.windows[0] ?? {};
    for (; passed < sent.length; passed++)
      await page.evaluate(
        (event) => (Reflect.get(globalThis, 'hearMain') as (event: unknown) => void)(event),
        sent[passed],
      );
  };

  await page.goto(`${ORIGIN}/index.html`);
  const titles: (string | null)[] = [null];
  const heading = page.locator('h1');
  for (const name of PAGES) {
    double.app.emit('second-instance', {}, ['postern-tray', `postern://${name}`]);
    await expect
      .poll(async () => {
        await passOn();
        return titles.includes((await heading.count()) === 1 ? await heading.textContent() : null);
      })
      .toBe(false);
    titles.push(await heading.textContent());
  }
  // Six pages with six titles.
  expect(new Set(titles).size).toBe(PAGES.length + 1);
  expect(faults.latest).toBeUndefined();
  expect(complaints).toEqual([]);
}, 90_000);
