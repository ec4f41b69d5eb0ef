import path from 'node:path';
import type { MenuItemConstructorOptions } from 'electron';
import type { TrayIconState, TrayState } from '../shared/tray-state.ts';
import type { Electron, TrayPort } from './electron-port.ts';
import type { MenuAction, MenuEntry } from './menu.ts';

export interface TrayIconOptions {
  readonly electron: Electron;
  /** The drawn icons. */
  readonly folder: string;
  readonly os: NodeJS.Platform;
  readonly act: (action: MenuAction) => void;
  readonly onClick: () => void;
}

/** The icon and its menu. What hasn't changed isn't set again: a menu that is set anew closes under the person's hand. */
export class TrayIcon {
  readonly #options: TrayIconOptions;
  readonly #tray: TrayPort;
  #icon: TrayIconState = 'off';
  #sentence = '';
  #menu = '';

  constructor(options: TrayIconOptions) {
    this.#options = options;
    this.#tray = new options.electron.Tray(this.#file('off'));
    this.#tray.on('click', options.onClick);
  }

  show({ icon, sentence }: TrayState, entries: readonly MenuEntry[]): void {
    if (icon !== this.#icon) this.#tray.setImage(this.#file(icon));
    this.#icon = icon;
    if (sentence !== this.#sentence) this.#tray.setToolTip(sentence);
    this.#sentence = sentence;
    const menu = JSON.stringify(entries);
    if (menu !== this.#menu)
      this.#tray.setContextMenu(this.#options.electron.Menu.buildFromTemplate(this.#template(entries)));
    this.#menu = menu;
  }

  #template(entries: readonly MenuEntry[], isChoice = false): MenuItemConstructorOptions[] {
    return entries.map((entry) => {
      if (entry.type === 'separator') return { type: 'separator' };
      if (entry.type === 'choice')
        return { label: entry.label, submenu: this.#template(entry.entries, true) };
      const { label, action, checked } = entry;
      return {
        label: this.#escaped(label),
        enabled: action !== undefined,
        ...(checked !== undefined && { type: isChoice ? 'radio' : 'checkbox', checked }),
        ...(action !== undefined && { click: () => this.#options.act(action) }),
      };
    });
  }

  /** Where a `&` marks the next letter as a shortcut, a budget called "R&D" must still read so. */
  #escaped(label: string): string {
    return this.#options.os === 'darwin' ? label : label.replaceAll('&', '&&');
  }

  #file(name: TrayIconState): string {
    const { os, folder } = this.#options;
    // A template image follows the menu bar's colours; Windows wants its own format.
    const kind = os === 'darwin' ? 'Template.png' : os === 'win32' ? '.ico' : '.png';
    return path.join(folder, `${name}${kind}`);
  }
}
