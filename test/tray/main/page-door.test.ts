/** What a page may have opened in the person's browser: what the agent has just given out for it, and nothing else. */
import { expect, it } from 'vitest';
import { Faults } from '../../../tray-ui/src/main/faults.ts';
import { openPageDoor } from '../../../tray-ui/src/main/page-door.ts';
import { TrayWindow } from '../../../tray-ui/src/main/window.ts';
import type { BridgeAnswer } from '../../../tray-ui/src/shared/bridge.ts';
import { CHANNELS } from '../../../tray-ui/src/shared/channels.ts';
import { electronDouble } from '../../kit/electron-double.ts';

const LOGIN = 'https://login.example.com/authorize?x=1';

async function opened(call: string, answer: BridgeAnswer<unknown>, url: unknown) {
  const double = electronDouble();
  const { electron, folder } = double;
  const faults = new Faults({ logFile: `${folder}/tray.log`, nowMs: () => 0, onChange: () => undefined });
  const window = new TrayWindow({ electron, folder, title: 'Postern', faults });
  const link = { call: async () => answer, subscribe: () => () => undefined };
  openPageDoor({ electron, link, window, facts: { locales: ['en'], version: '0' }, faults });
  window.open({ page: 'now' });
  await double.invoke(CHANNELS.call, call, {});
  const told = await double.invoke(CHANNELS.openAddress, url).catch(String);
  const browsed = double.said.filter((said) => said.startsWith('browser '));
  double.clear();
  return { told, browsed };
}

it.each([
  ['signIn', { url: LOGIN }, LOGIN],
  ['signIn', { url: 'http://127.0.0.1:8080/device' }, 'http://127.0.0.1:8080/device'],
  ['signOut', { endSessionUrl: 'https://login.example.com/end' }, 'https://login.example.com/end'],
])('what %s has answered, %j, is opened', async (call, output, url) => {
  await expect(opened(call, { ok: true, output }, url)).resolves.toEqual({
    told: true,
    browsed: [`browser ${url}`],
  });
});

it.each([
  ['another address', 'signIn', { ok: true, output: { url: LOGIN } }, 'https://elsewhere.example.com/'],
  ['one of another call', 'status', { ok: true, output: { url: LOGIN } }, LOGIN],
  ['one in a failure', 'signIn', { ok: false, code: 'internal', message: LOGIN }, LOGIN],
  ['no address', 'signIn', { ok: true, output: undefined }, undefined],
] as const)('%s is not', async (_what, call, answer, url) => {
  await expect(opened(call, answer, url)).resolves.toEqual({ told: false, browsed: [] });
});

it.each(['file:///etc/passwd', 'ms-msdt:/id', 'http://login.example.com/'])(
  'not even the agent can have %s opened',
  async (url) => {
    const { told, browsed } = await opened('signIn', { ok: true, output: { url } }, url);
    expect(told).toContain('not a web address');
    expect(browsed).toEqual([]);
  },
);
