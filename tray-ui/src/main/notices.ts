import type { PageAddress } from '../shared/bridge.ts';
import type { Electron } from './electron-port.ts';
import type { Faults } from './faults.ts';
import type { Notice } from './notifications.ts';

type Shown = InstanceType<Electron['Notification']>;

/** Puts notices on the screen. One of a group takes the place of the one before. */
export class Notices {
  readonly #electron: Electron;
  readonly #faults: Pick<Faults, 'note'>;
  readonly #open: (address: PageAddress) => void;
  /** Also keeps them from being collected while they wait for a click. */
  readonly #shown = new Map<string, Shown>();

  constructor(electron: Electron, faults: Pick<Faults, 'note'>, open: (address: PageAddress) => void) {
    this.#electron = electron;
    this.#faults = faults;
    this.#open = open;
  }

  show({ group, title, body, opens }: Notice): void {
    const { Notification } = this.#electron;
    if (!Notification.isSupported()) return;
    this.#shown.get(group)?.close();
    const notification = new Notification({ id: group, groupId: group, title, body });
    this.#shown.set(group, notification);
    notification.on('click', () => this.#open(opens));
    notification.on('failed', (_event, error) => this.#faults.note('notification', error));
    notification.on('close', () => {
      if (this.#shown.get(group) === notification) this.#shown.delete(group);
    });
    notification.show();
  }
}
