/** Electron's entry: the only file that imports it. Everything else is handed what it needs. */
import path from 'node:path';
import {
  app,
  BrowserWindow,
  clipboard,
  dialog,
  ipcMain,
  Menu,
  Notification,
  nativeImage,
  session,
  shell,
  Tray,
} from 'electron';
import { resolveHome } from '../../../agent/src/platform/platform.ts';
import { startTray } from './tray-app.ts';

startTray({
  electron: {
    app,
    BrowserWindow,
    clipboard,
    dialog,
    ipcMain,
    Menu,
    Notification,
    nativeImage,
    session,
    shell,
    Tray,
  },
  folder: path.join(import.meta.dirname, '..'),
  home: resolveHome(undefined, process.env).directory,
  args: process.argv,
});
