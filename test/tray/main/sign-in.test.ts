/** Sign-in as the tray knows it: in the menu, in a notification, on the way to the browser; and once for real. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { AgentStatus } from '../../../agent/src/serve/contract.ts';
import { addressToOpen, openInBrowser } from '../../../tray-ui/src/main/browser.ts';
import { type MenuAction, menuEntries } from '../../../tray-ui/src/main/menu.ts';
import { actOn, type MenuActionPorts } from '../../../tray-ui/src/main/menu-actions.ts';
import { type Notice, Notifier } from '../../../tray-ui/src/main/notifications.ts';
import { startTray } from '../../../tray-ui/src/main/tray-app.ts';
import type { BridgeAnswer } from '../../../tray-ui/src/shared/bridge.ts';
import { createTranslator } from '../../../tray-ui/src/shared/i18n/translator.ts';
import { openDesk } from '../../kit/agent-process.ts';
import { healthyStatus } from '../../kit/agent-status.ts';
import { electronDouble } from '../../kit/electron-double.ts';
import { CLIENT_ID, startOpenIdProvider } from '../../kit/openid-provider.ts';
import { browse } from '../../kit/person.ts';
import { createTestAuthority } from '../../kit/pki.ts';

const words = createTranslator(['en']);
const identity = (changes: Partial<AgentStatus['identity']>): AgentStatus =>
  healthyStatus({ identity: { ...healthyStatus().identity, state: 'not-configured', keys: [], ...changes } });
const key = { name: 'team', source: 'claim', active: true } as const;
const pending = { flow: 'browser', url: 'https://login.example.com/authorize?x=1', untilMs: 0 } as const;

const entries = (status: AgentStatus): string[] =>
  menuEntries({ status, lastStop: undefined, startsAtLogin: false, nowMs: 0 }, words).flatMap((entry) =>
    entry.type === 'entry' ? [entry.label] : [],
  );

it.each([
  ['says nothing where none is set up', identity({}), []],
  [
    'names the key that is used',
    identity({ keys: [{ ...key, name: 'old', active: false }, key] }),
    ['Key: team'],
  ],
  ['offers to sign in', identity({ state: 'signed-out' }), ['Sign in …']],
  [
    'leads back to a sign-in that waits',
    identity({ state: 'signed-out', pending }),
    ['Go on signing in in the browser …'],
  ],
  [
    'says who is signed in',
    identity({ state: 'signed-in', user: { subject: 'ann', name: 'Ann', groups: [] }, keys: [key] }),
    ['Key: team', 'Signed in as Ann', 'Sign out'],
  ],
])('the menu %s', (_what, status, expected) => {
  const plain = entries(identity({}));
  expect(entries(status).filter((label) => !plain.includes(label))).toEqual(expected);
});

it('a sign-in that is needed is told once, again only after the next one, and not in quiet hours', () => {
  const notices: Notice[] = [];
  let hour = 23;
  const notifier = new Notifier({
    words,
    nowMs: () => 0,
    show: (notice) => notices.push(notice),
    quietHours: () => ({ from: 22, to: 7 }),
    hourOf: () => hour,
  });
  const out = identity({ state: 'signed-out', problem: { code: 'expired', text: 'The session has ended.' } });
  notifier.statusChanged(out);
  expect(notices).toEqual([]);
  hour = 9;
  notifier.statusChanged(identity({ state: 'signed-out', pending }));
  expect(notices).toEqual([]);
  notifier.statusChanged(out);
  notifier.statusChanged(out);
  expect(notices).toEqual([
    {
      group: 'sign-in',
      title: 'Please sign in to Postern',
      body: 'The session has ended.',
      opens: { page: 'now' },
    },
  ]);
  notifier.statusChanged(identity({ state: 'signed-in' }));
  notifier.statusChanged(out);
  expect(notices).toHaveLength(2);
});

async function acted(action: MenuAction, status: AgentStatus, answer: BridgeAnswer<unknown>) {
  const calls: string[] = [];
  const opened: string[] = [];
  const told: string[] = [];
  await actOn(action, {
    link: {
      status,
      ask: async (name: string) => {
        calls.push(name);
        return answer;
      },
    },
    words,
    openInBrowser: async (address: string) => void opened.push(address),
    notify: ({ body }: Notice) => void told.push(body),
  } as unknown as MenuActionPorts);
  return { calls, opened, told };
}

it('signing in opens what the agent answers, or what already waits', async () => {
  const out = identity({ state: 'signed-out' });
  await expect(acted({ type: 'sign-in' }, out, { ok: true, output: pending })).resolves.toEqual({
    calls: ['signIn'],
    opened: [pending.url],
    told: [],
  });
  const waits = identity({ state: 'signed-out', pending });
  await expect(acted({ type: 'sign-in' }, waits, { ok: true, output: {} })).resolves.toMatchObject({
    calls: [],
    opened: [pending.url],
  });
  const refused = { ok: false, code: 'unavailable', message: 'The provider does not answer.' } as const;
  await expect(acted({ type: 'sign-in' }, out, refused)).resolves.toMatchObject({
    opened: [],
    told: ['The provider does not answer.'],
  });
});

it('signing out signs the browser out too, where the provider has a page for it', async () => {
  const status = identity({ state: 'signed-in' });
  const end = 'https://login.example.com/end';
  await expect(
    acted({ type: 'sign-out' }, status, { ok: true, output: { endSessionUrl: end } }),
  ).resolves.toEqual({
    calls: ['signOut'],
    opened: [end],
    told: [],
  });
  await expect(acted({ type: 'sign-out' }, status, { ok: true, output: {} })).resolves.toMatchObject({
    opened: [],
  });
});

it('no other call makes the tray open an address', () => {
  expect(addressToOpen('status', { url: 'https://x.test' })).toBeUndefined();
  expect(addressToOpen('signIn', { url: 5 })).toBeUndefined();
  expect(addressToOpen('signIn', undefined)).toBeUndefined();
});

it.each([
  ['https://login.example.com/a', true],
  ['http://127.0.0.1:5000/login', true],
  ['http://[::1]:5000/login', true],
  ['http://login.example.com/', false],
  ['file:///etc/passwd', false],
  ['ms-settings:', false],
  ['javascript:alert(1)', false],
  ['no address', false],
])('the browser is given %s: %s', async (address, isOpened) => {
  const opened: string[] = [];
  const shell = { openExternal: async (url: string) => void opened.push(url) };
  const opening = openInBrowser({ shell }, address);
  if (isOpened) await expect(opening).resolves.toBeUndefined();
  else await expect(opening).rejects.toThrow('may be opened');
  expect(opened).toHaveLength(isOpened ? 1 : 0);
});

it('signs in and out by the menu, at a real provider', async () => {
  const authority = await createTestAuthority('Identity Root');
  const provider = await startOpenIdProvider({ authority });
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-tray-sign-in-'));
  const caFile = path.join(folder, 'identity-ca.pem');
  writeFileSync(caFile, authority.pem);
  const desk = openDesk();
  desk.configure({
    upstream: { extraCaFile: caFile, allowPrivateTargets: true },
    identity: { issuer: provider.issuer, clientId: CLIENT_ID, prompt: 'consent' },
    secrets: { store: 'file' },
  });
  const double = electronDouble();
  try {
    await desk.start();
    startTray({
      electron: double.electron,
      folder: '/app/dist',
      home: desk.home,
      args: ['--at-login'],
      os: 'linux',
      program: '/opt/postern-tray',
      userConfigFolder: double.folder,
    });
    const slow = { timeout: 15_000 };
    await expect.poll(() => double.notifications[0]?.options.title, slow).toBe('Please sign in to Postern');
    await expect.poll(() => double.entry('Sign in …'), slow).toBeDefined();
    double.click('Sign in …');
    const opened = () => double.said.filter((said) => said.startsWith('browser '));
    await expect.poll(() => opened().length, slow).toBe(1);
    await expect.poll(() => double.entry('Go on signing in'), slow).toBeDefined();
    await browse(opened()[0]?.slice('browser '.length) ?? '', { ca: authority.pem });
    await expect.poll(() => double.entry('Signed in as ann@acme.test'), slow).toBeDefined();
    double.click('Sign out');
    await expect.poll(() => double.entry('Sign in …'), slow).toBeDefined();
    // The agent's own page, which leads on to the provider's for signing out.
    await expect.poll(() => opened()[1], slow).toMatch(/^browser http:\/\/127\.0\.0\.1:\d+\//);
    const end = await fetch(opened()[1]?.slice('browser '.length) ?? '', { redirect: 'manual' });
    expect(end.headers.get('location') ?? (await end.text())).toContain(provider.issuer);
  } finally {
    double.clear();
    await desk.clear();
    await provider.close();
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
