import type * as electron from 'electron';

/**
 * What of Electron the tray uses, member by member, typed from Electron's own declarations: `main.ts` hands in the real
 * one, tests a double that can't drift from it.
 */
export interface Electron {
  readonly app: Pick<
    typeof electron.app,
    | 'enableSandbox'
    | 'getAppPath'
    | 'getLoginItemSettings'
    | 'getName'
    | 'getPath'
    | 'getPreferredSystemLanguages'
    | 'getVersion'
    | 'isPackaged'
    | 'on'
    | 'quit'
    | 'requestSingleInstanceLock'
    | 'setAppUserModelId'
    | 'setAsDefaultProtocolClient'
    | 'setLoginItemSettings'
    | 'whenReady'
  >;
  readonly autoUpdater: Pick<typeof electron.autoUpdater, 'checkForUpdates' | 'on' | 'setFeedURL'>;
  readonly BrowserWindow: new (options: electron.BrowserWindowConstructorOptions) => BrowserWindowPort;
  readonly clipboard: Pick<typeof electron.clipboard, 'writeText'>;
  readonly dialog: Pick<typeof electron.dialog, 'showSaveDialog'>;
  readonly ipcMain: Pick<typeof electron.ipcMain, 'handle' | 'on'>;
  readonly Menu: Pick<typeof electron.Menu, 'buildFromTemplate' | 'setApplicationMenu'>;
  readonly Notification: {
    new (
      options: electron.NotificationConstructorOptions,
    ): Pick<electron.Notification, 'close' | 'on' | 'show'>;
    isSupported(): boolean;
  };
  readonly protocol: Pick<typeof electron.protocol, 'handle' | 'registerSchemesAsPrivileged'>;
  readonly session: { readonly defaultSession: SessionPort };
  readonly shell: Pick<typeof electron.shell, 'openExternal'>;
  readonly Tray: new (image: string) => TrayPort;
}

export type TrayPort = Pick<electron.Tray, 'on' | 'setContextMenu' | 'setImage' | 'setToolTip'>;

export type BrowserWindowPort = Pick<
  electron.BrowserWindow,
  'destroy' | 'focus' | 'loadURL' | 'on' | 'once' | 'show'
> & {
  readonly webContents: Pick<electron.WebContents, 'id' | 'on' | 'send' | 'setWindowOpenHandler'>;
};

type SessionPort = Pick<electron.Session, 'setPermissionCheckHandler' | 'setPermissionRequestHandler'> & {
  readonly webRequest: Pick<electron.WebRequest, 'onBeforeRequest'>;
};
