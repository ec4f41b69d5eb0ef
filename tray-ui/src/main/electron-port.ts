import type * as electron from 'electron';

/** What of Electron the tray uses; `main.ts` hands in the real one, tests their own, typed from the same declarations. */
export type Electron = Pick<
  typeof electron,
  | 'app'
  | 'BrowserWindow'
  | 'Tray'
  | 'Menu'
  | 'Notification'
  | 'nativeImage'
  | 'ipcMain'
  | 'dialog'
  | 'clipboard'
  | 'session'
  | 'shell'
>;
