import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { loginStart } from '../../../tray-ui/src/main/login-start.ts';
import { type DoubleOptions, type ElectronDouble, electronDouble } from '../../kit/electron-double.ts';

const doubles: ElectronDouble[] = [];
afterEach(() => {
  for (const double of doubles.splice(0)) double.clear();
});

function stage(os: NodeJS.Platform, program: string, options: DoubleOptions = { isPackaged: true }) {
  const double = electronDouble(options);
  doubles.push(double);
  const systemAutostart = path.join(double.folder, 'system');
  const userAutostart = path.join(double.folder, 'config', 'autostart');
  mkdirSync(systemAutostart);
  const login = loginStart({ app: double.electron.app, os, program, userAutostart, systemAutostart });
  const own = path.join(userAutostart, 'postern-tray.desktop');
  return { double, login, own, system: path.join(systemAutostart, 'postern-tray.desktop') };
}

it('on Linux is a desktop file of the person’s', () => {
  const { login, own } = stage('linux', '/opt/Postern/postern-tray');
  expect(login.isOn()).toBe(false);
  login.set(true);
  expect(login.isOn()).toBe(true);
  expect(readFileSync(own, 'utf8')).toMatch(/^\[Desktop Entry\]\nType=Application\nName=Postern\nExec=/);
  login.set(false);
  expect(login.isOn()).toBe(false);
});

it('on Linux hides the file that the installer has put there for everyone', () => {
  const { login, own, system } = stage('linux', '/opt/Postern/postern-tray');
  writeFileSync(system, '[Desktop Entry]\nExec=/opt/Postern/postern-tray\n');
  expect(login.isOn()).toBe(true);
  login.set(false);
  expect(login.isOn()).toBe(false);
  expect(readFileSync(own, 'utf8')).toContain('Hidden=true');
});

it.each(['/opt/Postern/postern-tray', '/home/ann b/$HOME/"x"/`id`/100%/a\\b'])(
  'on Linux writes %s so that it is started as it is',
  (program) => {
    const { login, own } = stage('linux', program);
    login.set(true);
    const value = /^Exec=(.*) "--at-login"$/m.exec(readFileSync(own, 'utf8'))?.[1] ?? '';
    // desktop-entry-spec: first the escapes of a string value, then those of quoting, then the field codes.
    const unescaped = value.replaceAll('\\\\', '\\');
    const word = unescaped.slice(1, -1).replace(/\\([\\"`$])/g, '$1');
    expect(word.replaceAll('%%', '%')).toBe(program);
    expect(unescaped.slice(1, -1).replace(/\\[\\"`$]/g, '')).not.toMatch(/["`$\\]/);
  },
);

it('on Linux writes a file that desktop-file-validate accepts, where there is one', (context) => {
  const { login, own } = stage('linux', '/opt/Postern/postern-tray');
  login.set(true);
  try {
    execFileSync('desktop-file-validate', [own]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return context.skip('no desktop-file-validate');
    throw error;
  }
});

it('on macOS and Windows asks Electron', () => {
  const mac = stage('darwin', '/Applications/Postern.app/Contents/MacOS/Postern');
  mac.login.set(true);
  expect(mac.login.isOn()).toBe(true);
  expect(mac.double.said).toEqual(['at login {"openAtLogin":true}']);
  const windows = stage('win32', 'C:\\Program Files\\Postern\\postern-tray.exe');
  windows.login.set(true);
  expect(windows.double.said).toEqual([
    'at login {"openAtLogin":true,"path":"C:\\\\Program Files\\\\Postern\\\\postern-tray.exe","args":["\\"--at-login\\""]}',
  ]);
});

it('names our folder while the program is Electron itself', () => {
  const { login, own } = stage('linux', '/usr/lib/electron', { isPackaged: false });
  login.set(true);
  expect(readFileSync(own, 'utf8')).toContain('Exec="/usr/lib/electron" "/opt/tray-ui" "--at-login"');
});
