/** Electron's entry: the only file that imports it. Everything else is handed what it needs. */
import { homedir } from 'node:os';
import path from 'node:path';
import {
  app,
  autoUpdater,
  BrowserWindow,
  clipboard,
  dialog,
  ipcMain,
  Menu,
  Notification,
  protocol,
  session,
  shell,
  Tray,
} from 'electron';
import { resolveHome } from '../../../agent/src/platform/platform.ts';
import { startTray } from './tray-app.ts';

const faults = startTray({
  electron: {
    app,
    autoUpdater,
    BrowserWindow,
    clipboard,
    dialog,
    ipcMain,
    Menu,
    Notification,
    protocol,
    session,
    shell,
    Tray,
  },
  folder: path.join(import.meta.dirname, '..'),
  home: resolveHome(undefined, process.env).directory,
  args: process.argv,
  os: process.platform,
  program: process.env['APPIMAGE'] ?? process.execPath,
  userConfigFolder: process.env['XDG_CONFIG_HOME'] ?? path.join(homedir(), '.config'),
});
// The icon is the one thing that must stay: a fault that nobody caught is shown on it.
process.on('uncaughtException', (error) => faults.report('main', error));
process.on('unhandledRejection', (reason) => faults.report('main', reason));
