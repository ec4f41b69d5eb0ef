/** The main process with a double of Electron on one side and the real local API, over its socket, on the other. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Handlers } from '../../../agent/src/serve/contract.ts';
import { LocalApiError } from '../../../agent/src/serve/local-api-error.ts';
import type { Faults } from '../../../tray-ui/src/main/faults.ts';
import { PAGE_URL } from '../../../tray-ui/src/main/page-protocol.ts';
import { startTray } from '../../../tray-ui/src/main/tray-app.ts';
import { CHANNELS } from '../../../tray-ui/src/shared/channels.ts';
import { handlers, oneExchange } from '../../kit/agent-status.ts';
import { type DoubleOptions, type ElectronDouble, electronDouble } from '../../kit/electron-double.ts';
import { type ScriptedAgent, scriptedAgent } from '../../kit/scripted-agent.ts';

interface Stage {
  readonly double: ElectronDouble;
  readonly home: string;
  readonly faults: Faults;
  agent(changes?: Partial<Handlers>): Promise<ScriptedAgent>;
}

const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

interface StageOptions extends DoubleOptions {
  readonly os?: NodeJS.Platform;
  readonly args?: readonly string[];
  readonly settings?: string;
  readonly before?: (double: ElectronDouble) => void;
}

async function stage({
  os = 'linux',
  args = ['--at-login'],
  settings,
  before,
  ...options
}: StageOptions = {}): Promise<Stage> {
  const double = electronDouble(options);
  open.push(() => double.clear());
  const home = path.join(double.folder, 'agent');
  if (settings !== undefined) {
    await mkdir(path.join(double.folder, 'userData'), { recursive: true });
    writeFileSync(path.join(double.folder, 'userData', 'tray.json'), settings);
  }
  before?.(double);
  const faults = startTray({
    electron: double.electron,
    folder: '/app/dist',
    home,
    args,
    os,
    program: '/opt/postern/postern-tray',
    userConfigFolder: path.join(double.folder, 'config'),
  });
  if (options.isSecond !== true) await expect.poll(() => double.tray.menu.length).toBeGreaterThan(0);
  return {
    double,
    home,
    faults,
    async agent(changes) {
      const agent = await scriptedAgent(home, changes);
      open.push(() => agent.close());
      await shows(double, 'protected');
      return agent;
    },
  };
}

const shows = (double: ElectronDouble, icon: string) =>
  expect.poll(() => path.basename(double.tray.image), { timeout: 5_000 }).toMatch(new RegExp(`^${icon}`));
const labels = (double: ElectronDouble): (string | undefined)[] => double.tray.menu.map(({ label }) => label);
const settingsOf = (double: ElectronDouble): unknown =>
  JSON.parse(readFileSync(path.join(double.folder, 'userData', 'tray.json'), 'utf8'));
const logOf = (double: ElectronDouble): string => {
  const file = path.join(double.folder, 'logs', 'tray.log');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
};
const blocked = { decision: 'block', effective: 'block' } as const;

describe('the icon', () => {
  it('says what the agent says: off, protected, attention, paused, off', async () => {
    const { double, agent } = await stage();
    expect(double.tray.image).toBe('/app/dist/icons/off.png');
    expect(double.tray.tip).toContain('not running');
    const running = await agent();
    expect(double.tray.tip).toBe('Postern is checking AI traffic.');
    running.is({ degraded: [{ code: 'ca', text: 'The certificate has expired.' }] });
    await shows(double, 'attention');
    expect(double.tray.tip).toBe('The certificate has expired.');
    running.is({ state: 'paused', pause: { untilMs: Date.now() + 60_000, reason: 'demo' } });
    await shows(double, 'paused');
    await running.close();
    await shows(double, 'off');
  });

  it.each([
    ['linux', 'off.png'],
    ['darwin', 'offTemplate.png'],
    ['win32', 'off.ico'],
  ] as const)('is of the kind that %s wants', async (os, file) => {
    const { double } = await stage({ os });
    expect(path.basename(double.tray.image)).toBe(file);
  });

  it('leaves the menu alone when only figures change, so that it does not close under the hand', async () => {
    const { double, agent } = await stage();
    const running = await agent();
    await expect.poll(() => double.tray.changes).toBeGreaterThan(1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = double.tray.changes;
    running.is({ process: { pid: 1, version: '0.1.0', startedAtMs: 1, rssBytes: 2 } });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(double.tray.changes).toBe(before);
  });

  it('speaks the language of the computer', async () => {
    const { double } = await stage({ locale: 'nb-NO' });
    expect(double.tray.tip).toContain('Postern kjører ikke');
  });
});

describe('the menu', () => {
  it('opens the window on the form for a pause, which needs a reason', async () => {
    const { double, agent } = await stage();
    await agent();
    double.click('Pause for 15');
    double.send(CHANNELS.subscribe);
    expect(double.windows[0]?.sent.at(-1)).toEqual({
      type: 'navigate',
      to: { page: 'now', pauseMinutes: 15 },
    });
  });

  it('offers no pause where the organisation allows none', async () => {
    const policy = { ...(handlers().policy({}) as Awaited<ReturnType<Handlers['policy']>>) };
    const settings = [{ key: 'tray.allowPause', value: 'false', origin: 'managed' as const }];
    const { double, agent } = await stage();
    await agent({ policy: () => ({ ...policy, settings }) });
    await expect.poll(() => labels(double).some((label) => label?.startsWith('Pause'))).toBe(false);
  });

  it('resumes, and tells the person if that is refused', async () => {
    let calls = 0;
    const { double, agent } = await stage();
    const running = await agent({
      resume: () => {
        calls++;
        throw new LocalApiError('conflict', 'It is not paused any more.');
      },
    });
    running.is({ state: 'paused', pause: { untilMs: Date.now() + 60_000, reason: 'demo' } });
    await expect.poll(() => double.entry('Resume')).toBeDefined();
    double.click('Resume');
    await expect.poll(() => calls).toBe(1);
    await expect.poll(() => double.notifications[0]?.options.body).toBe('It is not paused any more.');
  });

  it('shows the last stop, also one from before the tray started', async () => {
    const { double, agent } = await stage();
    const stop = oneExchange({ ...blocked, id: 'd-9', service: 'openai', endedAtMs: Date.now() });
    const running = await agent({ exchanges: () => ({ exchanges: [stop] }) });
    running.ended({ ...blocked, id: 'd-10', service: 'gemini' });
    await expect.poll(() => double.entry('Last stop: gemini')).toBeDefined();
    double.click('Last stop');
    double.send(CHANNELS.subscribe);
    expect(double.windows[0]?.sent.at(-1)).toMatchObject({ to: { page: 'activity', decision: 'd-10' } });
  });

  it('keeps quiet hours over a restart, and a budget’s & readable', async () => {
    const { double, agent } = await stage();
    const running = await agent();
    running.is({ budgets: [budget('R&D', 1)] });
    await expect.poll(() => double.entry('R&&D')).toBeDefined();
    double.click(double.entry('22:00')?.label ?? '');
    await expect.poll(() => double.entry('22:00')?.checked).toBe(true);
    expect(settingsOf(double)).toEqual({ quietHours: { from: 22, to: 7 } });
    double.click('None');
    await expect.poll(() => settingsOf(double)).toEqual({});
  });

  it('hides the icon', async () => {
    const { double } = await stage();
    double.click('Hide this icon');
    expect(double.said).toContain('quit');
  });
});

const budget = (id: string, spentNanoUsd: number) => ({
  id,
  scope: 'user' as const,
  subject: 'ann',
  window: '1d',
  action: 'block' as const,
  shadow: false,
  spentNanoUsd,
  heldNanoUsd: 0,
  limitNanoUsd: 100,
  remainingNanoUsd: 100 - spentNanoUsd,
  spentTokens: 0,
  heldTokens: 0,
  lost: false,
});

describe('notifications', () => {
  it('tell of a stop, open its page, and one of a group takes the place of the one before', async () => {
    const { double, agent } = await stage();
    const running = await agent();
    running.ended({ ...blocked, id: 'd-1', service: 'openai' });
    await expect.poll(() => double.notifications.length).toBe(1);
    expect(double.notifications[0]?.options).toMatchObject({
      id: 'stops',
      groupId: 'stops',
      title: 'Postern stopped a call to openai',
    });
    running.ended({ ...blocked, id: 'd-2', service: 'gemini' });
    await expect.poll(() => double.notifications.length).toBe(2);
    expect(double.notifications[0]?.closed).toBe(true);
    double.notifications[0]?.events.emit('click');
    double.send(CHANNELS.subscribe);
    expect(double.windows[0]?.sent.at(-1)).toMatchObject({ to: { page: 'activity', decision: 'd-1' } });
  });

  it('keep quiet in quiet hours', async () => {
    const hour = new Date().getHours();
    const quietHours = { from: hour, to: (hour + 2) % 24 };
    const { double, agent } = await stage({ settings: JSON.stringify({ quietHours }) });
    (await agent()).ended({ ...blocked, id: 'd-1' });
    await expect.poll(() => double.entry('Last stop')).toBeDefined();
    expect(double.notifications).toEqual([]);
  });

  it('that could not be shown are written down', async () => {
    const { double, agent } = await stage();
    (await agent()).ended({ ...blocked });
    await expect.poll(() => double.notifications.length).toBe(1);
    double.notifications[0]?.events.emit('failed', {}, 'no server for notifications');
    expect(logOf(double)).toContain('no server for notifications');
  });
});

describe('the window', () => {
  it('is a sandboxed browser without Node, shown when it is ready, and gone when it is closed', async () => {
    const { double } = await stage();
    double.tray.events.emit('click');
    const [first] = double.windows;
    expect(first?.options.webPreferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
    });
    expect(first?.url).toBe(PAGE_URL);
    expect(first?.visible).toBe(false);
    first?.events.emit('ready-to-show');
    expect(first?.visible).toBe(true);
    expect(double.said).toContain('new window deny');
    let prevented = false;
    first?.contents.emit('will-navigate', { preventDefault: () => (prevented = true) });
    expect(prevented).toBe(true);
    double.tray.events.emit('click');
    expect(double.windows).toHaveLength(1);
    first?.events.emit('closed');
    double.tray.events.emit('click');
    expect(double.windows).toHaveLength(2);
  });

  it('has no developer tools once packaged', async () => {
    for (const isPackaged of [true, false]) {
      const { double } = await stage({ isPackaged });
      double.tray.events.emit('click');
      expect(double.windows[0]?.options.webPreferences?.devTools).toBe(!isPackaged);
    }
  });

  it('stops hearing of the agent when it is closed', async () => {
    const { double, agent } = await stage();
    const running = await agent();
    double.tray.events.emit('click');
    double.send(CHANNELS.subscribe);
    const [window] = double.windows;
    expect(window?.sent.map(({ type }) => type)).toEqual(['connected', 'navigate']);
    window?.events.emit('closed');
    running.ended({ id: 'unseen' });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(window?.sent).toHaveLength(2);
  });

  it('that died is opened anew, and the icon says that something was wrong until it is looked at', async () => {
    const { double, agent } = await stage();
    await agent();
    double.tray.events.emit('click');
    double.windows[0]?.contents.emit('render-process-gone', {}, { reason: 'oom', exitCode: 9 });
    expect(double.windows[0]?.destroyed).toBe(true);
    await shows(double, 'attention');
    expect(logOf(double)).toMatch(/window: oom \(exit code 9\)/);
    double.click('problem of its own');
    expect(double.windows).toHaveLength(2);
    await shows(double, 'protected');
  });
});

describe('the page', () => {
  it('gets what the bridge promises', async () => {
    const saveTo = path.join(process.env['TMPDIR'] ?? '/tmp', `postern-saved-${process.pid}.txt`);
    const { double, agent } = await stage({ locale: 'de-DE', saveTo });
    await agent();
    double.tray.events.emit('click');
    expect(double.send(CHANNELS.facts)).toEqual({ locales: ['de-DE'], version: '0.1.0' });
    await expect(double.invoke(CHANNELS.call, 'status', {})).resolves.toMatchObject({ ok: true });
    await expect(double.invoke(CHANNELS.call, 'stop', {})).resolves.toMatchObject({ code: 'not-allowed' });
    await double.invoke(CHANNELS.copyText, 'd-1');
    expect(double.copied).toEqual(['d-1']);
    await expect(double.invoke(CHANNELS.saveFile, 'a.txt', 'text')).resolves.toBe(true);
    expect(readFileSync(saveTo, 'utf8')).toBe('text');
  });

  it('is refused everything when it is not ours', async () => {
    const { double } = await stage();
    double.tray.events.emit('click');
    double.windows[0]?.events.emit('closed');
    // The window is gone; a message that still comes from it is nobody's.
    expect(double.send(CHANNELS.facts)).toBeUndefined();
    await expect(double.invoke(CHANNELS.call, 'status', {})).rejects.toThrow('not from our page');
    double.send(CHANNELS.subscribe);
    expect(double.windows[0]?.sent).toEqual([]);
  });

  it('loads from its own scheme alone, and gets no permission', async () => {
    const { double } = await stage({ isPackaged: true });
    expect(double.mayLoad(`${PAGE_URL}`)).toBe(true);
    for (const url of [
      'https://example.com/',
      'file:///etc/passwd',
      'devtools://x',
      'postern-page://other/index.html',
    ])
      expect(double.mayLoad(url), url).toBe(false);
    expect(double.said).toEqual(expect.arrayContaining(['permission false', 'request false', 'sandbox']));
  });
});

describe('links', () => {
  it('open a decision: at the start, from a second start, and on a Mac before the app is ready', async () => {
    const target = { type: 'navigate', to: { page: 'activity', decision: 'd-5' } };
    const atStart = await stage({ args: ['postern-tray', 'postern://decision/d-5'] });
    await expect.poll(() => atStart.double.windows.length).toBe(1);
    atStart.double.send(CHANNELS.subscribe);
    expect(atStart.double.windows[0]?.sent.at(-1)).toEqual(target);

    const second = await stage();
    second.double.app.emit('second-instance', {}, ['postern-tray', 'postern://decision/d-5']);
    second.double.send(CHANNELS.subscribe);
    expect(second.double.windows[0]?.sent.at(-1)).toEqual(target);

    const mac = electronDouble();
    open.push(() => mac.clear());
    startTray({
      electron: mac.electron,
      folder: '/app/dist',
      home: path.join(mac.folder, 'agent'),
      args: ['--at-login'],
      os: 'darwin',
      program: '/Applications/Postern.app',
      userConfigFolder: mac.folder,
    });
    mac.app.emit('open-url', { preventDefault: () => undefined }, 'postern://decision/d-5');
    await expect.poll(() => mac.windows.length).toBe(1);
    mac.send(CHANNELS.subscribe);
    expect(mac.windows[0]?.sent.at(-1)).toEqual(target);
  });

  it('that make no sense open nothing', async () => {
    const { double } = await stage();
    for (const link of [
      'postern://elsewhere',
      'postern://decision',
      'postern://decision/a b',
      'https://x.test',
    ])
      double.app.emit('open-url', { preventDefault: () => undefined }, link);
    expect(double.windows).toEqual([]);
  });

  it('are claimed for the installed program, and for Electron with us as its argument in development', async () => {
    expect((await stage({ isPackaged: true })).double.said).toContain('links postern');
    expect((await stage()).double.said).toContain('links postern /opt/postern/postern-tray /opt/tray-ui');
  });
});

describe('the start', () => {
  it('of a second tray ends at once', async () => {
    const { double } = await stage({ isSecond: true });
    expect(double.said).toEqual(['quit']);
    expect(double.tray.image).toBe('');
  });

  it('happens at sign-in once installed, until the person says otherwise', async () => {
    const { double } = await stage({ isPackaged: true });
    const file = path.join(double.folder, 'config', 'autostart', 'postern-tray.desktop');
    expect(readFileSync(file, 'utf8')).toContain('Exec="/opt/postern/postern-tray" "--at-login"');
    await expect.poll(() => double.entry('Start when')?.checked).toBe(true);
    double.click('Start when');
    await expect.poll(() => double.entry('Start when')?.checked).toBe(false);
    expect(readFileSync(file, 'utf8')).toContain('Hidden=true');
    expect(settingsOf(double)).toEqual({ startAtLogin: false });
    const development = await stage();
    expect(development.double.entry('Start when')?.checked).toBe(false);
  });

  it('by hand shows the window, by the system does not', async () => {
    const byHand = await stage({ args: ['postern-tray'] });
    await expect.poll(() => byHand.double.windows.length).toBe(1);
    byHand.double.windows[0]?.events.emit('closed');
    const bySystem = await stage();
    bySystem.double.app.emit('second-instance', {}, ['postern-tray', '--at-login']);
    expect(bySystem.double.windows).toEqual([]);
    bySystem.double.app.emit('second-instance', {}, ['postern-tray']);
    expect(bySystem.double.windows).toHaveLength(1);
  });

  it('knows Windows’ name of the app, and gives a Mac its Edit menu', async () => {
    const windows = await stage({ os: 'win32' });
    expect(windows.double.said).toContain('app id org.postern.tray');
    expect(windows.double.said).toContain('app menu none');
    expect((await stage({ os: 'darwin' })).double.said).toContain('app menu of its own');
  });

  it('with settings that make no sense goes on without them, and keeps them aside', async () => {
    const { double } = await stage({ settings: '{"quietHours":{"from":99,"to":7}}' });
    expect(readFileSync(path.join(double.folder, 'userData', 'tray.json.bad'), 'utf8')).toContain('99');
    expect(logOf(double)).toContain('quietHours.from must be a whole hour');
    expect(double.entry('None')?.checked).toBe(true);
  });
});

it('a fault of the tray itself is written down and shown, and takes nothing else away', async () => {
  const { double, agent, faults } = await stage();
  const running = await agent();
  faults.report('main', new Error('something broke'));
  await shows(double, 'attention');
  expect(logOf(double)).toContain('something broke');
  // It doesn't hide what matters more.
  running.is({ state: 'paused', pause: { untilMs: Date.now() + 60_000, reason: 'demo' } });
  await shows(double, 'paused');
});

it('follows an update feed that the organisation has set, on an installed app', async () => {
  const policy = (await handlers().policy({})) as Awaited<ReturnType<Handlers['policy']>>;
  const feed = {
    key: 'tray.updateFeedUrl',
    value: 'https://updates.example.com/',
    origin: 'managed' as const,
  };
  const { double, agent } = await stage({ os: 'darwin', isPackaged: true });
  await agent({ policy: () => ({ ...policy, settings: [feed] }) });
  await expect.poll(() => double.said).toContain('feed https://updates.example.com/');
  expect(double.said).toContain('check for updates');
});
