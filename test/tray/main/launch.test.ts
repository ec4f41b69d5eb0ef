/** The app in the real Electron on a real agent, wherever its binary and a screen are. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { _electron, type ElectronApplication } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { APP_TARGETS, buildTray } from '../../../tray-ui/build/build.ts';
import { electronBinary } from '../../../tray-ui/build/electron-binary.ts';
import { type Desk, openDesk } from '../../kit/agent-process.ts';
import { cleanEnvironment } from '../../kit/office.ts';

const binary = electronBinary();
const hasScreen =
  process.platform !== 'linux' || Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']);
const missing =
  binary === undefined
    ? 'the Electron binary is not on this machine'
    : hasScreen
      ? undefined
      : 'there is no screen (DISPLAY, WAYLAND_DISPLAY)';

describe('in the real Electron', () => {
  let desk: Desk | undefined;
  let folder = '';
  let app: ElectronApplication | undefined;

  beforeAll(async () => {
    if (missing !== undefined || binary === undefined) return;
    desk = openDesk();
    await desk.start();
    folder = mkdtempSync(path.join(tmpdir(), 'postern-electron-'));
    await buildTray(APP_TARGETS, folder);
    writeFileSync(
      path.join(folder, 'package.json'),
      '{"name":"postern-tray-test","version":"0.1.0","type":"module","main":"main/main.js"}',
    );
    // Chromium's own sandbox does not start for root.
    const isRoot = process.getuid?.() === 0;
    app = await _electron.launch({
      executablePath: binary,
      args: [
        ...(isRoot ? ['--no-sandbox'] : []),
        `--user-data-dir=${path.join(folder, 'data')}`,
        folder,
        '--at-login',
      ],
      env: cleanEnvironment({
        ...process.env,
        HOME: desk.folder,
        POSTERN_HOME: desk.home,
        XDG_CONFIG_HOME: path.join(folder, 'config'),
      }) as Record<string, string>,
    });
  }, 90_000);
  afterAll(async () => {
    await app?.close();
    await desk?.clear();
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  });

  const windows = (running: ElectronApplication) =>
    running.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);
  /** As a second start with this link does. */
  const follow = (running: ElectronApplication, link: string) =>
    running.evaluate(
      ({ app: electronApp }, url) => void electronApp.emit('second-instance', {}, ['postern-tray', url]),
      link,
    );

  it('starts without a window, opens a page without Node and without a network, and outlives it', async (context) => {
    if (app === undefined) return context.skip(missing);
    expect(await windows(app)).toBe(0);

    const startedMs = performance.now();
    await follow(app, 'postern://now');
    const page = await app.firstWindow();
    await page.waitForSelector('#app > *');
    console.log(`window opened in ${Math.round(performance.now() - startedMs)} ms`);
    const inside = await page.evaluate(async () => ({
      url: (Reflect.get(globalThis, 'location') as { readonly href: string }).href,
      node: [typeof Reflect.get(globalThis, 'require'), typeof Reflect.get(globalThis, 'process')],
      bridge: Object.keys(Reflect.get(globalThis, 'postern') as object).sort(),
      network: await fetch('https://example.com/').then(
        () => 'let through',
        () => 'refused',
      ),
    }));
    expect(inside).toEqual({
      url: expect.stringMatching(/^postern-page:\/\/tray\/index\.html/),
      node: ['undefined', 'undefined'],
      bridge: ['call', 'copyText', 'locales', 'openAddress', 'saveFile', 'subscribe', 'version'],
      network: 'refused',
    });
    const status = await page.evaluate(() =>
      (Reflect.get(globalThis, 'postern') as { call(name: string, input: object): Promise<unknown> }).call(
        'status',
        {},
      ),
    );
    expect(status).toMatchObject({ ok: true, output: { home: desk?.home } });

    await (await app.firstWindow()).close();
    await expect.poll(() => (app === undefined ? -1 : windows(app))).toBe(0);
    await follow(app, 'postern://help');
    await expect.poll(() => (app === undefined ? -1 : windows(app))).toBe(1);
  });
});
