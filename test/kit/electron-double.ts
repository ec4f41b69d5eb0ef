/**
 * Electron as the tray sees it, without an Electron: every member is typed by `Electron`, which is typed by Electron's
 * own declarations, so that the double can't drift. It records what it was told; tests play the person and the system.
 */
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type * as electron from 'electron';
import type { BrowserWindowPort, Electron } from '../../tray-ui/src/main/electron-port.ts';
import { PAGE_URL } from '../../tray-ui/src/main/page-protocol.ts';
import type { BridgeEvent } from '../../tray-ui/src/shared/bridge.ts';
import { CHANNELS } from '../../tray-ui/src/shared/channels.ts';

type MenuItem = electron.MenuItemConstructorOptions;
type Handler = (event: unknown, ...args: unknown[]) => unknown;
type Notification = Pick<electron.Notification, 'close' | 'on' | 'show'>;

export interface WindowDouble {
  readonly options: electron.BrowserWindowConstructorOptions;
  readonly port: BrowserWindowPort;
  readonly events: EventEmitter;
  readonly contents: EventEmitter;
  readonly sent: BridgeEvent[];
  url: string | undefined;
  visible: boolean;
  destroyed: boolean;
}

export interface NotificationDouble {
  readonly options: electron.NotificationConstructorOptions;
  readonly events: EventEmitter;
  closed: boolean;
}

export interface ElectronDouble {
  readonly electron: Electron;
  /** `userData`, `logs` and home of the person. */
  readonly folder: string;
  readonly app: EventEmitter;
  readonly autoUpdater: EventEmitter;
  readonly windows: WindowDouble[];
  readonly notifications: NotificationDouble[];
  readonly tray: {
    image: string;
    tip: string;
    menu: MenuItem[];
    changes: number;
    readonly events: EventEmitter;
  };
  /** What was asked of the system, in order. */
  readonly said: string[];
  readonly copied: string[];
  /** Answers of the page's scheme, and of the request filter. */
  page(url: string): Promise<Response>;
  mayLoad(url: string): boolean;
  /** Plays the page's preload script. */
  invoke(channel: string, ...args: unknown[]): Promise<unknown>;
  send(channel: string, ...args: unknown[]): unknown;
  /** Clicks the entry whose label contains the words. */
  click(words: string): void;
  entry(words: string): MenuItem | undefined;
  clear(): void;
}

export interface DoubleOptions {
  readonly locale?: string;
  readonly isPackaged?: boolean;
  /** Another tray runs already. */
  readonly isSecond?: boolean;
  readonly saveTo?: string;
}

/** An emitter and its members; the one place where an emitter's `on` takes Electron's overloads. */
function emitting<Port>(events: EventEmitter, members: Omit<Port, 'on' | 'once'>): Port {
  const listen = {
    on: (name: string, listener: (...args: unknown[]) => void) => events.on(name, listener),
    once: (name: string, listener: (...args: unknown[]) => void) => events.once(name, listener),
  };
  return { ...members, ...listen } as Port;
}

export function electronDouble(options: DoubleOptions = {}): ElectronDouble {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-tray-'));
  const said: string[] = [];
  const copied: string[] = [];
  const windows: WindowDouble[] = [];
  const notifications: NotificationDouble[] = [];
  const app = new EventEmitter();
  const autoUpdater = new EventEmitter();
  const tray = { image: '', tip: '', menu: [] as MenuItem[], changes: 0, events: new EventEmitter() };
  const handlers = new Map<string, Handler>();
  const ipc = new EventEmitter();
  let opensAtLogin = false;
  let servePage: ((request: GlobalRequest) => Response | Promise<Response>) | undefined;
  let filter: Parameters<electron.WebRequest['onBeforeRequest']>[0] | null = null;

  const ports: Electron = {
    app: emitting<Electron['app']>(app, {
      enableSandbox: () => void said.push('sandbox'),
      getAppPath: () => '/opt/tray-ui',
      getLoginItemSettings: () => ({
        openAtLogin: opensAtLogin,
        wasOpenedAtLogin: false,
        status: 'enabled',
        executableWillLaunchAtLogin: opensAtLogin,
        launchItems: [],
      }),
      getName: () => 'Postern',
      getPath: (name) => path.join(folder, name),
      getPreferredSystemLanguages: () => [options.locale ?? 'en-GB'],
      getVersion: () => '0.1.0',
      isPackaged: options.isPackaged ?? false,
      quit: () => void said.push('quit'),
      requestSingleInstanceLock: () => options.isSecond !== true,
      setAppUserModelId: (id) => void said.push(`app id ${id}`),
      setAsDefaultProtocolClient: (scheme, program, args) =>
        said.push(['links', scheme, program, ...(args ?? [])].filter(Boolean).join(' ')) > 0,
      setLoginItemSettings: (settings) => {
        opensAtLogin = settings.openAtLogin === true;
        said.push(`at login ${JSON.stringify(settings)}`);
      },
      whenReady: () => Promise.resolve(),
    }),
    autoUpdater: emitting<Electron['autoUpdater']>(autoUpdater, {
      checkForUpdates: () => void said.push('check for updates'),
      setFeedURL: ({ url }) => void said.push(`feed ${url}`),
    }),
    BrowserWindow: class {
      constructor(given: electron.BrowserWindowConstructorOptions) {
        // biome-ignore lint/correctness/noConstructorReturn: a port made of functions is what a test needs of a window.
        return openWindow(given);
      }
    } as Electron['BrowserWindow'],
    clipboard: { writeText: async (text) => void copied.push(text) } as Electron['clipboard'],
    dialog: {
      showSaveDialog: async () => ({
        canceled: options.saveTo === undefined,
        filePath: options.saveTo ?? '',
      }),
    },
    ipcMain: emitting<Electron['ipcMain']>(ipc, {
      handle: (channel, handler) => void handlers.set(channel, handler as Handler),
    }),
    Menu: {
      buildFromTemplate: (template) => template as unknown as electron.Menu,
      setApplicationMenu: (menu) => void said.push(`app menu ${menu === null ? 'none' : 'of its own'}`),
    },
    Notification: Object.assign(
      class {
        constructor(given: electron.NotificationConstructorOptions) {
          // biome-ignore lint/correctness/noConstructorReturn: as above.
          return showNotification(given);
        }
      } as new (
        given: electron.NotificationConstructorOptions,
      ) => Notification,
      { isSupported: () => true },
    ),
    protocol: {
      handle: (_scheme, handler) => {
        servePage = handler as unknown as typeof servePage;
      },
      registerSchemesAsPrivileged: (schemes) => void said.push(`scheme ${schemes[0]?.scheme}`),
    },
    session: {
      defaultSession: {
        setPermissionCheckHandler: (handler) =>
          void said.push(`permission ${handler?.(null, 'notifications', '', {} as never)}`),
        setPermissionRequestHandler: (handler) =>
          handler?.(
            {} as never,
            'geolocation',
            (granted) => void said.push(`request ${granted}`),
            {} as never,
          ),
        webRequest: {
          onBeforeRequest: ((handler: typeof filter) => {
            filter = handler;
          }) as electron.WebRequest['onBeforeRequest'],
        },
      },
    },
    shell: { openExternal: async (url) => void said.push(`browser ${url}`) },
    Tray: class {
      constructor(image: string) {
        tray.image = image;
        // biome-ignore lint/correctness/noConstructorReturn: as above.
        return emitting<InstanceType<Electron['Tray']>>(tray.events, {
          setContextMenu: (menu) => {
            tray.menu = menu as unknown as MenuItem[];
            tray.changes++;
          },
          setImage: (file) => {
            tray.image = String(file);
          },
          setToolTip: (text) => {
            tray.tip = text;
          },
        });
      }
    } as Electron['Tray'],
  };

  function openWindow(given: electron.BrowserWindowConstructorOptions): BrowserWindowPort {
    const events = new EventEmitter();
    const contents = new EventEmitter();
    const sent: BridgeEvent[] = [];
    const port = emitting<BrowserWindowPort>(events, {
      destroy: () => {
        one.destroyed = true;
        events.emit('closed');
      },
      focus: () => undefined,
      loadURL: async (url) => {
        one.url = url;
      },
      show: () => {
        one.visible = true;
      },
      webContents: emitting<BrowserWindowPort['webContents']>(contents, {
        id: windows.length + 1,
        send: (_channel, event: BridgeEvent) => void sent.push(event),
        setWindowOpenHandler: (handler) => void said.push(`new window ${handler({} as never).action}`),
      }),
    });
    const one: WindowDouble = {
      options: given,
      port,
      events,
      contents,
      sent,
      url: undefined,
      visible: given.show !== false,
      destroyed: false,
    };
    windows.push(one);
    return port;
  }

  function showNotification(given: electron.NotificationConstructorOptions): Notification {
    const events = new EventEmitter();
    const one: NotificationDouble = { options: given, events, closed: false };
    return emitting<Notification>(events, {
      close: () => {
        one.closed = true;
        events.emit('close');
      },
      show: () => void notifications.push(one),
    });
  }

  const fromPage = () => ({
    sender: { id: windows.at(-1)?.port.webContents.id },
    senderFrame: { url: `${PAGE_URL}#now` },
    returnValue: undefined as unknown,
  });
  const entry: ElectronDouble['entry'] = (words) =>
    tray.menu
      .flatMap((item) => [item, ...(Array.isArray(item.submenu) ? item.submenu : [])])
      .find(({ label }) => label?.includes(words));
  return {
    electron: ports,
    folder,
    app,
    autoUpdater,
    windows,
    notifications,
    tray,
    said,
    copied,
    async page(url) {
      const response = await servePage?.(new Request(url) as GlobalRequest);
      if (response === undefined) throw new Error('nobody serves the page');
      return response;
    },
    mayLoad(url) {
      let canceled = false as boolean | undefined;
      (filter as unknown as Handler)?.({ url }, ({ cancel }: electron.CallbackResponse) => {
        canceled = cancel;
      });
      return canceled !== true;
    },
    invoke: async (channel, ...args) => handlers.get(channel)?.(fromPage(), ...args),
    send(channel, ...args) {
      // A preload script asks before Electron has a frame to name.
      const event = channel === CHANNELS.facts ? { ...fromPage(), senderFrame: null } : fromPage();
      ipc.emit(channel, event, ...args);
      return event.returnValue;
    },
    entry,
    click(words) {
      const item = entry(words);
      if (item?.click === undefined) throw new Error(`no entry says "${words}"`);
      (item.click as () => void)();
    },
    clear() {
      app.emit('before-quit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
