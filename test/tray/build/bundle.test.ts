/** What Electron is given: the built main process runs by itself, and the preload script is one that a sandbox takes. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { APP_TARGETS, buildTray } from '../../../tray-ui/build/build.ts';
import { type Desk, openDesk } from '../../kit/agent-process.ts';
import { runClient } from '../../kit/clients.ts';
import { cleanEnvironment } from '../../kit/office.ts';

const DOUBLE = pathToFileURL(path.join(import.meta.dirname, '..', '..', 'kit', 'electron-double.ts')).href;
const folder = mkdtempSync(path.join(tmpdir(), 'postern-bundle-'));
let desk: Desk;
beforeAll(async () => {
  await buildTray(APP_TARGETS, folder);
  desk = openDesk();
  await desk.start();
}, 60_000);
afterAll(async () => {
  await desk.clear();
  rmSync(folder, { recursive: true, force: true });
});

it('the main process needs nothing beside it but Electron and Node', async () => {
  const source = readFileSync(path.join(folder, 'main', 'main.js'), 'utf8');
  const imports = [...source.matchAll(/^import .*?from ["']([^"']+)["'];?$/gm)].map(
    (match) => match[1] ?? '',
  );
  const beside = imports.filter((name) => !builtinModules.includes(name.replace('node:', '')));
  expect(beside).toEqual(['electron']);
  expect(readdirSync(path.join(folder, 'main'))).toEqual(['main.js']);
});

it('the main process starts, as built, and finds the agent', async () => {
  const electron = path.join(folder, 'node_modules', 'electron');
  mkdirSync(electron, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(
    path.join(electron, 'package.json'),
    '{"name":"electron","type":"module","exports":"./index.js"}',
  );
  const names =
    'app, autoUpdater, BrowserWindow, clipboard, dialog, ipcMain, Menu, Notification, protocol, session, shell, Tray';
  writeFileSync(
    path.join(electron, 'index.js'),
    `import { electronDouble } from ${JSON.stringify(DOUBLE)};
     const double = electronDouble({ locale: 'en' });
     export const { ${names} } = double.electron;
     const timer = setInterval(() => {
       if (!double.tray.image.includes('protected')) return;
       clearInterval(timer);
       process.stdout.write(JSON.stringify({ image: double.tray.image, tip: double.tray.tip }));
       double.clear();
     }, 20);`,
  );
  const ran = await runClient(process.execPath, [path.join(folder, 'main', 'main.js')], {
    env: cleanEnvironment({ HOME: desk.folder, POSTERN_HOME: desk.home }),
    timeoutMs: 20_000,
  });
  expect(ran.stderr).toBe('');
  const shown = JSON.parse(ran.stdout) as { image: string; tip: string };
  expect(shown.tip).toBe('Postern is checking AI traffic.');
  // The icon that it asks for is among those that were built.
  expect(readdirSync(path.join(folder, 'icons'))).toContain(path.basename(shown.image));
  expect(path.dirname(shown.image)).toBe(path.join(folder, 'icons'));
}, 30_000);

it('the preload script is CommonJS and asks for Electron alone', () => {
  const source = readFileSync(path.join(folder, 'preload', 'preload.cjs'), 'utf8');
  expect([...source.matchAll(/require\(["'`]([^"'`]+)["'`]\)/g)].map((match) => match[1])).toEqual([
    'electron',
  ]);
  expect(source).not.toMatch(/^(import|export) /m);
});

it('the page loads nothing but its own files, and holds no inline script', () => {
  const page = readFileSync(path.join(folder, 'renderer', 'index.html'), 'utf8');
  const addresses = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
  for (const address of addresses) expect(address).toMatch(/^\.\/assets\//);
  expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|<style/);
});
