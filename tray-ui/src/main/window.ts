import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BrowserWindow } from 'electron';
import type { BridgeEvent, PageAddress } from '../shared/bridge.ts';
import { CHANNELS } from '../shared/channels.ts';
import type { Electron } from './electron-port.ts';

export interface WindowOptions {
  readonly electron: Electron;
  /** `dist/`: the built renderer and preload script. */
  readonly folder: string;
  readonly title: string;
}

/** The one window: made when it is wanted, destroyed when it is closed, so that a closed window costs nothing. */
export class TrayWindow {
  readonly #options: WindowOptions;
  readonly #page: string;
  #window: BrowserWindow | undefined;
  #wanted: PageAddress | undefined;

  constructor(options: WindowOptions) {
    this.#options = options;
    this.#page = pathToFileURL(path.join(options.folder, 'renderer', 'index.html')).href;
  }

  get isOpen(): boolean {
    return this.#window !== undefined;
  }

  /** Only our own page, in our own window, may ask for anything: nothing else is ever loaded into it. */
  isOurs(senderId: number, url: string): boolean {
    return this.#window?.webContents.id === senderId && url.split('#')[0] === this.#page;
  }

  open(address: PageAddress): void {
    this.#wanted = address;
    if (this.#window !== undefined) {
      this.#window.show();
      this.#window.focus();
      this.send({ type: 'navigate', to: address });
      return;
    }
    const { electron, folder, title } = this.#options;
    const window = new electron.BrowserWindow({
      width: 980,
      height: 680,
      minWidth: 420,
      minHeight: 480,
      show: false,
      title,
      autoHideMenuBar: true,
      backgroundColor: '#00000000',
      webPreferences: {
        preload: path.join(folder, 'preload', 'preload.cjs'),
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webviewTag: false,
        spellcheck: false,
        devTools: !electron.app.isPackaged,
      },
    });
    this.#window = window;
    window.webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
    window.webContents.on('will-navigate', (event) => event.preventDefault());
    window.once('ready-to-show', () => window.show());
    window.on('closed', () => {
      this.#window = undefined;
    });
    void window.loadURL(this.#page);
  }

  /** The page is there and listens: it is told what it was opened for. */
  ready(): void {
    if (this.#wanted !== undefined) this.send({ type: 'navigate', to: this.#wanted });
  }

  send(event: BridgeEvent): void {
    this.#window?.webContents.send(CHANNELS.event, event);
  }
}
