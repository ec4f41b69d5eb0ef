/** Sign-in as the tray knows it: in the menu, in a notification, and on the way to the browser. */
import { expect, it } from 'vitest';
import type { AgentStatus } from '../../../agent/src/serve/contract.ts';
import { addressToOpen, openInBrowser } from '../../../tray-ui/src/main/browser.ts';
import type { IdentityView } from '../../../tray-ui/src/main/identity-view.ts';
import { type MenuAction, menuEntries } from '../../../tray-ui/src/main/menu.ts';
import { actOn, type MenuActionPorts } from '../../../tray-ui/src/main/menu-actions.ts';
import { type Notice, Notifier } from '../../../tray-ui/src/main/notifications.ts';
import type { BridgeAnswer } from '../../../tray-ui/src/shared/bridge.ts';
import { createTranslator } from '../../../tray-ui/src/shared/i18n/translator.ts';
import { healthyStatus } from '../../kit/agent-status.ts';

const words = createTranslator(['en']);
const identity = (changes: Partial<IdentityView>): AgentStatus =>
  ({ ...healthyStatus(), identity: { state: 'not-configured', keys: [], ...changes } }) as AgentStatus;
const key = { name: 'team', active: true };
const pending = { url: 'https://login.example.com/authorize?x=1' };

const entries = (status: AgentStatus): string[] =>
  menuEntries({ status, lastStop: undefined, startsAtLogin: false, nowMs: 0 }, words).flatMap((entry) =>
    entry.type === 'entry' ? [entry.label] : [],
  );

it.each([
  ['of an agent without sign-in says nothing', healthyStatus(), []],
  ['says nothing where none is set up', identity({}), []],
  ['names the key that is used', identity({ keys: [{ name: 'old', active: false }, key] }), ['Key: team']],
  ['offers to sign in', identity({ state: 'signed-out' }), ['Sign in …']],
  [
    'leads back to a sign-in that waits',
    identity({ state: 'signed-out', pending }),
    ['Go on signing in in the browser …'],
  ],
  [
    'says who is signed in',
    identity({ state: 'signed-in', user: { name: 'Ann' }, keys: [key] }),
    ['Key: team', 'Signed in as Ann', 'Sign out'],
  ],
])('the menu %s', (_what, status, expected) => {
  const plain = entries(healthyStatus());
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
  const out = identity({ state: 'signed-out', problem: { text: 'The session has ended.' } });
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
