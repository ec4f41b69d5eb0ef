import type { BridgeAnswer, PageAddress } from '../shared/bridge.ts';
import type { Translator } from '../shared/i18n/translator.ts';
import type { AgentLink } from './agent-link.ts';
import { addressToOpen } from './browser.ts';
import type { LoginStart } from './login-start.ts';
import type { MenuAction } from './menu.ts';
import type { Notice } from './notifications.ts';
import type { SettingsFile } from './settings.ts';

export interface MenuActionPorts {
  readonly link: Pick<AgentLink, 'ask' | 'status'>;
  readonly settings: SettingsFile;
  readonly login: LoginStart;
  readonly words: Translator;
  readonly open: (address: PageAddress) => void;
  readonly openInBrowser: (address: string) => Promise<void>;
  readonly notify: (notice: Notice) => void;
  readonly seeFault: () => void;
  readonly refresh: () => void;
  readonly quit: () => void;
}

/** Does what a menu entry says; an answer of "no" is told to the person, who has just asked for it. */
export async function actOn(action: MenuAction, ports: MenuActionPorts): Promise<void> {
  const { settings, login, open, refresh } = ports;
  switch (action.type) {
    case 'open':
      return open(action.address);
    case 'pause':
      return open({ page: 'now', pauseMinutes: action.minutes });
    case 'resume':
      return void (await asked('resume', ports));
    case 'sign-in': {
      const pending = ports.link.status?.identity.pending;
      if (pending !== undefined) return ports.openInBrowser(pending.url);
      return inBrowser('signIn', ports);
    }
    case 'sign-out':
      return inBrowser('signOut', ports);
    case 'start-at-login':
      login.set(action.on);
      settings.change({ startAtLogin: action.on });
      return refresh();
    case 'quiet-hours':
      settings.change({ quietHours: action.hours });
      return refresh();
    case 'look-at-fault':
      ports.seeFault();
      return open({ page: 'help' });
    case 'quit':
      return ports.quit();
  }
}

async function inBrowser(call: 'signIn' | 'signOut', ports: MenuActionPorts): Promise<void> {
  const answer = await asked(call, ports);
  const address = answer.ok ? addressToOpen(call, answer.output) : undefined;
  if (address !== undefined) await ports.openInBrowser(address);
}

async function asked(
  call: 'resume' | 'signIn' | 'signOut',
  { link, words, notify }: MenuActionPorts,
): Promise<BridgeAnswer<unknown>> {
  const answer = await link.ask(call, {});
  if (!answer.ok)
    notify({
      group: 'menu',
      title: words.t('notify.failed.title'),
      body: answer.message,
      opens: { page: 'now' },
    });
  return answer;
}
