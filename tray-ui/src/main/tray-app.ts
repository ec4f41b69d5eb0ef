import path from 'node:path';
import type { CallOutput, ExchangeView } from '../../../agent/src/serve/contract.ts';
import type { BridgeEvent, PageAddress } from '../shared/bridge.ts';
import { createTranslator } from '../shared/i18n/translator.ts';
import { type TrayState, trayState } from '../shared/tray-state.ts';
import { AgentLink } from './agent-link.ts';
import { autoUpdate } from './auto-update.ts';
import { openInBrowser } from './browser.ts';
import { addressOf, linkAmong } from './deep-link.ts';
import type { Electron } from './electron-port.ts';
import { Faults } from './faults.ts';
import { isLoginStart, loginStart } from './login-start.ts';
import { menuEntries } from './menu.ts';
import { actOn } from './menu-actions.ts';
import { Notices } from './notices.ts';
import { Notifier } from './notifications.ts';
import { type Organisation, organisationOf } from './organisation.ts';
import { openPageDoor } from './page-door.ts';
import { refuseEverythingRemote, registerPageScheme, servePage } from './page-protocol.ts';
import { PauseReminder } from './pause-reminder.ts';
import { SettingsFile } from './settings.ts';
import { TrayIcon } from './tray-icon.ts';
import { TrayWindow } from './window.ts';

export interface TrayOptions {
  readonly electron: Electron;
  /** Where the built app is: `renderer/`, `preload/`, `icons/`. */
  readonly folder: string;
  /** The agent's home. */
  readonly home: string;
  readonly args: readonly string[];
  readonly os: NodeJS.Platform;
  /** What starts this app. */
  readonly program: string;
  /** `$XDG_CONFIG_HOME`. */
  readonly userConfigFolder: string;
}

/** The same in electron-builder.json: Windows shows notifications only of the app that it knows by this name. */
const APP_ID = 'org.postern.tray';
const SYSTEM_AUTOSTART = '/etc/xdg/autostart';
const NOW: PageAddress = { page: 'now' };

/** Puts the icon up and joins it to the agent. One tray per person: a second start shows the first one's window. */
export function startTray(options: TrayOptions): Faults {
  const { electron, os, args } = options;
  const { app } = electron;
  let onFault: () => void = () => undefined;
  const faults = new Faults({
    logFile: path.join(app.getPath('logs'), 'tray.log'),
    nowMs: Date.now,
    onChange: () => onFault(),
  });
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return faults;
  }
  app.enableSandbox();
  registerPageScheme(electron);
  if (os === 'win32') app.setAppUserModelId(APP_ID);
  // Unpackaged, the program is Electron, which needs to be told of us.
  if (app.isPackaged) app.setAsDefaultProtocolClient('postern');
  else app.setAsDefaultProtocolClient('postern', options.program, [app.getAppPath()]);
  // The window is one of several views of the icon: closing it ends nothing.
  app.on('window-all-closed', () => undefined);
  // macOS hands a link over before the app is ready, if the link has started it.
  let asked = linkAmong(args);
  let follow: ((link: string | undefined) => void) | undefined;
  app.on('open-url', (event, url) => {
    event.preventDefault();
    if (follow === undefined) asked = url;
    else follow(url);
  });
  app.on('second-instance', (_event, argv) => {
    if (!isLoginStart(argv, app, 'linux')) follow?.(linkAmong(argv));
  });
  app.on('child-process-gone', (_event, { type, reason }) => {
    if (reason !== 'clean-exit') faults.note(type, reason);
  });
  faults.guard('start', async () => {
    await app.whenReady();
    const running = showTray(options, faults);
    onFault = running.refresh;
    follow = running.follow;
    // Some desktops show no icons (GNOME without an extension): whoever starts the app by hand gets to see it.
    if (asked !== undefined || !isLoginStart(args, app, os)) follow(asked);
  });
  return faults;
}

interface RunningTray {
  refresh(): void;
  /** Opens what a link names; without one, the window. */
  follow(link: string | undefined): void;
}

function showTray({ electron, folder, home, os, ...rest }: TrayOptions, faults: Faults): RunningTray {
  const { app } = electron;
  setApplicationMenu(electron, os);
  refuseEverythingRemote(electron);
  servePage(electron, path.join(folder, 'renderer'));

  const words = createTranslator(app.getPreferredSystemLanguages());
  const link = new AgentLink(home);
  const settings = new SettingsFile(path.join(app.getPath('userData'), 'tray.json'), (where, error) =>
    faults.note(where, error),
  );
  const login = loginStart({
    app,
    os,
    program: rest.program,
    userAutostart: path.join(rest.userConfigFolder, 'autostart'),
    systemAutostart: SYSTEM_AUTOSTART,
  });
  const updates = autoUpdate(electron, os, faults);
  const window = new TrayWindow({ electron, folder, title: app.getName(), faults });
  const open = (address: PageAddress): void => window.open(address);
  const notices = new Notices(electron, faults, open);
  const notifier = new Notifier({
    words,
    nowMs: Date.now,
    show: (notice) => notices.show(notice),
    quietHours: () => settings.current.quietHours,
    hourOf: (atMs) => new Date(atMs).getHours(),
  });
  const reminder = new PauseReminder((minutes) => notifier.stillPaused(minutes), Date.now);
  openPageDoor({
    electron,
    link,
    window,
    facts: { locales: [words.locale], version: app.getVersion() },
    faults,
  });
  const icon = new TrayIcon({
    electron,
    folder: path.join(folder, 'icons'),
    os,
    onClick: () => open(NOW),
    act: (action) =>
      faults.guard(action.type, () =>
        actOn(action, {
          link,
          settings,
          login,
          words,
          open,
          refresh: () => {
            startsAtLogin = login.isOn();
            refresh();
          },
          openInBrowser: (address) => openInBrowser(electron, address),
          notify: (notice) => notices.show(notice),
          seeFault: () => faults.seen(),
          quit: () => app.quit(),
        }),
      ),
  });
  let lastStop: ExchangeView | undefined;
  let organisation: Organisation = {};
  // Asked of the system only when it may have changed, not at every call that is counted.
  let startsAtLogin = login.isOn();

  app.on('before-quit', () => {
    link.close();
    reminder.close();
    updates.close();
  });
  // Once, at the first start of an installed app; afterwards it is the person's choice.
  if (app.isPackaged && settings.current.startAtLogin === undefined)
    faults.guard('start-at-login', () => {
      login.set(true);
      settings.change({ startAtLogin: true });
      startsAtLogin = login.isOn();
    });
  refresh();
  link.subscribe((event) => faults.guard(event.type, () => heard(event)));
  link.open();
  return { refresh, follow };

  function heard(event: BridgeEvent): void {
    if (event.type === 'exchange') {
      if (isStop(event.exchange)) lastStop = event.exchange;
      notifier.exchangeEnded(event.exchange);
      if (isStop(event.exchange)) refresh();
      return;
    }
    if (event.type === 'connected') {
      if (event.missed) faults.guard('last stop', findLastStop);
      faults.guard('organisation', askOrganisation);
    }
    if (event.type === 'connected' || event.type === 'status') notifier.statusChanged(event.status);
    reminder.statusChanged(link.status);
    refresh();
  }

  function refresh(): void {
    const entries = menuEntries(
      {
        status: link.status,
        lastStop,
        startsAtLogin,
        nowMs: Date.now(),
        mayPause: organisation.mayPause,
        quiet: { hours: settings.current.quietHours },
        fault: faults.latest,
      },
      words,
    );
    icon.show(shownState(), entries);
  }

  /** "Protected" isn't said by a tray that knows of a fault of its own. */
  function shownState(): TrayState {
    const state = trayState(link.status, words);
    if (faults.latest === undefined || state.icon !== 'protected') return state;
    return { icon: 'attention', sentence: words.t('state.fault', { where: faults.latest }) };
  }

  function follow(url: string | undefined): void {
    const address = url === undefined ? NOW : addressOf(url);
    if (address !== undefined) open(address);
  }

  async function findLastStop(): Promise<void> {
    const answer = await link.ask('exchanges', { limit: 1, stopped: 'true' });
    if (!answer.ok) return;
    [lastStop] = (answer.output as CallOutput<'exchanges'>).exchanges;
    refresh();
  }

  async function askOrganisation(): Promise<void> {
    const answer = await link.ask('policy', {});
    if (!answer.ok) return;
    organisation = organisationOf(answer.output as CallOutput<'policy'>);
    updates.feed(organisation.updateFeedUrl);
    refresh();
  }
}

const isStop = ({ effective }: ExchangeView): boolean => effective === 'block' || effective === 'justify';

/** Without its "Edit" menu a Mac has no copy and paste; elsewhere the window has no menu, and no shortcut to reload it. */
function setApplicationMenu({ Menu }: Electron, os: NodeJS.Platform): void {
  Menu.setApplicationMenu(
    os === 'darwin'
      ? Menu.buildFromTemplate([{ role: 'appMenu' }, { role: 'editMenu' }, { role: 'windowMenu' }])
      : null,
  );
}
