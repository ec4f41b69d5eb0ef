import type { Electron } from './electron-port.ts';
import type { Faults } from './faults.ts';

const DAY_MS = 86_400_000;

export interface AutoUpdate {
  /** The feed as the organisation has set it; `undefined`: none. */
  feed(url: string | undefined): void;
  close(): void;
}

/**
 * Off until an administrator sets a feed (`tray.updateFeedUrl` in the managed configuration), and on Linux always: there
 * packages are updated by the system. A feed that a person's own file names isn't followed: it would let whoever
 * writes that file choose the program.
 */
export function autoUpdate(
  { app, autoUpdater }: Pick<Electron, 'app' | 'autoUpdater'>,
  os: NodeJS.Platform,
  faults: Pick<Faults, 'note' | 'guard'>,
): AutoUpdate {
  let current: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let listens = false;
  const check = (): void => faults.guard('auto-update', () => autoUpdater.checkForUpdates());
  return {
    feed(url) {
      if (url === current || os === 'linux' || !app.isPackaged) return;
      clearInterval(timer);
      timer = undefined;
      if (url !== undefined && URL.parse(url)?.protocol !== 'https:')
        return faults.note('auto-update', `${url} is not an https address; no updates are looked for`);
      // A feed can't be unset in a running program; no more questions are asked of it.
      current = url;
      if (url === undefined) return;
      // An update that can't be had now is no reason for a mark on the icon; the next one is looked for tomorrow.
      if (!listens) autoUpdater.on('error', (error) => faults.note('auto-update', error));
      listens = true;
      autoUpdater.setFeedURL({ url });
      check();
      timer = setInterval(check, DAY_MS);
    },
    close: () => clearInterval(timer),
  };
}
