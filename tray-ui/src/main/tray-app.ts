import path from 'node:path';
import type { Tray } from 'electron';
import type { ExchangeView } from '../../../agent/src/serve/contract.ts';
import type { PageAddress } from '../shared/bridge.ts';
import { createTranslator } from '../shared/i18n/translator.ts';
import { trayState } from '../shared/tray-state.ts';
import { AgentLink } from './agent-link.ts';
import { addressOf, linkAmong } from './deep-link.ts';
import type { Electron } from './electron-port.ts';
import { type MenuAction, menuEntries } from './menu.ts';
import { type Notice, Notifier } from './notifications.ts';
import { addressesIn, openPageDoor } from './page-door.ts';
import { TrayWindow } from './window.ts';

export interface TrayOptions {
  readonly electron: Electron;
  /** Where the built app is: `renderer/`, `preload/`, `icons/`. */
  readonly folder: string;
  /** The agent's home. */
  readonly home: string;
  readonly args: readonly string[];
}

/** So long a pause may have been forgotten. */
const LONG_PAUSE_MINUTES = 45;

const NOW: PageAddress = { page: 'now' };

/** Puts the icon up and joins it to the agent. One tray per person: a second start shows the first one's window. */
export function startTray({ electron, folder, home, args }: TrayOptions): void {
  const { app } = electron;
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return;
  }
  app.setAsDefaultProtocolClient('postern');
  // The window is one of several views of the icon: closing it ends nothing.
  app.on('window-all-closed', () => undefined);

  void app.whenReady().then(() => {
    refuseEverythingRemote(electron);
    const words = createTranslator(app.getPreferredSystemLanguages());
    const link = new AgentLink(home);
    const window = new TrayWindow({ electron, folder, title: app.getName() });
    openPageDoor(electron, link, window, { locales: [words.locale], version: app.getVersion() });

    const tray = new electron.Tray(iconFile('off'));
    let lastStop: ExchangeView | undefined;
    let pauseTimer: NodeJS.Timeout | undefined;
    const refresh = (): void => show(tray);
    const notifier = new Notifier({
      words,
      nowMs: Date.now,
      show: notify,
      quietHours: () => undefined,
      hourOf: (atMs) => new Date(atMs).getHours(),
    });
    link.subscribe((event) => {
      if (event.type === 'exchange') {
        if (isStop(event.exchange)) lastStop = event.exchange;
        notifier.exchangeEnded(event.exchange);
        if (isStop(event.exchange)) refresh();
      } else {
        if (event.type === 'connected' && event.missed) void findLastStop();
        if (event.type === 'connected' || event.type === 'status') notifier.statusChanged(event.status);
        watchPause();
        refresh();
      }
    });
    link.open();
    tray.on('click', () => window.open(NOW));
    app.on('second-instance', (_event, argv) => follow(linkAmong(argv)));
    app.on('open-url', (_event, url) => follow(url));
    app.on('before-quit', () => link.close());
    const asked = linkAmong(args);
    if (asked !== undefined) follow(asked);

    function iconFile(name: string): string {
      // A template image follows the menu bar's colours; Windows wants its own format.
      const kind =
        process.platform === 'darwin' ? 'Template.png' : process.platform === 'win32' ? '.ico' : '.png';
      return path.join(folder, 'icons', `${name}${kind}`);
    }

    function show(icon: Tray): void {
      const state = trayState(link.status, words);
      icon.setImage(iconFile(state.icon));
      icon.setToolTip(state.sentence);
      const entries = menuEntries(
        {
          status: link.status,
          lastStop,
          startsAtLogin: app.getLoginItemSettings().openAtLogin,
          nowMs: Date.now(),
        },
        words,
      );
      icon.setContextMenu(
        electron.Menu.buildFromTemplate(
          entries.map((entry) => {
            if (entry.type === 'separator') return { type: 'separator' as const };
            const { label, action, checked } = entry;
            return {
              label,
              enabled: action !== undefined,
              ...(checked !== undefined && { type: 'checkbox' as const, checked }),
              ...(action !== undefined && { click: () => act(action) }),
            };
          }),
        ),
      );
    }

    function act(action: MenuAction): void {
      if (action.type === 'open') window.open(action.address);
      // A pause needs a reason, which a menu can't ask for.
      else if (action.type === 'pause') window.open({ page: 'now' });
      else if (action.type === 'resume') void link.call('resume', {});
      else if (action.type === 'sign-in') void openFrom('signIn');
      else if (action.type === 'sign-out') void openFrom('signOut');
      else if (action.type === 'start-at-login') app.setLoginItemSettings({ openAtLogin: action.on });
      else if (action.type === 'quit') app.quit();
    }

    /** Signing in and out goes on in the browser; what fails is told by the window. */
    async function openFrom(call: 'signIn' | 'signOut'): Promise<void> {
      const answer = await link.call(call, {});
      for (const url of addressesIn(answer)) await electron.shell.openExternal(url);
      if (!answer.ok) window.open(NOW);
    }

    /** A timer only while there is a pause. */
    function watchPause(): void {
      if (link.status?.pause === undefined) {
        clearTimeout(pauseTimer);
        pauseTimer = undefined;
      } else
        pauseTimer ??= setTimeout(
          () => notifier.stillPaused(LONG_PAUSE_MINUTES),
          LONG_PAUSE_MINUTES * 60_000,
        );
    }

    function follow(url: string | undefined): void {
      const address = url === undefined ? NOW : addressOf(url);
      if (address !== undefined) window.open(address);
    }

    function notify({ title, body, opens }: Notice): void {
      if (!electron.Notification.isSupported()) return;
      const notification = new electron.Notification({ title, body });
      notification.on('click', () => window.open(opens));
      notification.show();
    }

    async function findLastStop(): Promise<void> {
      const answer = await link.call('exchanges', { limit: 1, stopped: 'true' });
      if (!answer.ok) return;
      [lastStop] = (answer.output as { exchanges: ExchangeView[] }).exchanges;
      refresh();
    }
  });
}

const isStop = ({ effective }: ExchangeView): boolean => effective === 'block' || effective === 'justify';

/** Nothing of the app comes from a network: no request leaves its window, and no permission is given to anything. */
function refuseEverythingRemote({ session }: Electron): void {
  const { defaultSession } = session;
  defaultSession.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  defaultSession.setPermissionCheckHandler(() => false);
  defaultSession.webRequest.onBeforeRequest(({ url }, answer) =>
    answer({ cancel: !url.startsWith('file:') && !url.startsWith('devtools:') }),
  );
}
