import path from 'node:path';
import type { BridgeEvent, PageAddress } from '../shared/bridge.ts';
import { CHANNELS } from '../shared/channels.ts';
import type { BrowserWindowPort, Electron } from './electron-port.ts';
import type { Faults } from './faults.ts';
import { PAGE_URL } from './page-protocol.ts';

export interface WindowOptions {
  readonly electron: Electron;
  /** `dist/`: the built preload script and icons. */
  readonly folder: string;
  readonly title: string;
  readonly faults: Faults;
}

/** The one window: made when it is wanted, destroyed when it is closed, so that a closed window costs nothing. */
export class TrayWindow {
  readonly #options: WindowOptions;
  readonly #closed = new Set<() => void>();
  #window: BrowserWindowPort | undefined;
  #wanted: PageAddress | undefined;

  constructor(options: WindowOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#window !== undefined;
  }

  /**
   * Our own window. What a preload script asks for comes before the page has an address that can be looked at
   * (Electron may give no `senderFrame` then).
   */
  isOurWindow(senderId: number): boolean {
    return this.#window?.webContents.id === senderId;
  }

  /** Only our own page, in our own window, may ask for anything: nothing else is ever loaded into it. */
  isOurs(senderId: number, url: string): boolean {
    return this.isOurWindow(senderId) && url.split('#')[0] === PAGE_URL;
  }

  open(address: PageAddress): void {
    this.#wanted = address;
    if (this.#window !== undefined) {
      this.#window.show();
      this.#window.focus();
      this.send({ type: 'navigate', to: address });
      return;
    }
    const { electron, folder, title, faults } = this.#options;
    const window = new electron.BrowserWindow({
      width: 980,
      height: 680,
      minWidth: 420,
      minHeight: 480,
      show: false,
      title,
      icon: path.join(folder, 'icons', 'app.png'),
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
    window.on('closed', () => this.#forget(window));
    // A page that died shows nothing any more: the next click opens a new one.
    window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
      if (reason !== 'clean-exit') faults.report('window', `${reason} (exit code ${exitCode})`);
      window.destroy();
      this.#forget(window);
    });
    faults.guard('window', () => window.loadURL(PAGE_URL));
  }

  onClosed(listener: () => void): void {
    this.#closed.add(listener);
  }

  /** The page is there and listens: it is told what it was opened for. */
  ready(): void {
    if (this.#wanted !== undefined) this.send({ type: 'navigate', to: this.#wanted });
  }

  send(event: BridgeEvent): void {
    this.#window?.webContents.send(CHANNELS.event, event);
  }

  #forget(window: BrowserWindowPort): void {
    if (this.#window !== window) return;
    this.#window = undefined;
    for (const listener of this.#closed) listener();
  }
}
