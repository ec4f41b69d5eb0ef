import type { AgentStatus, BudgetView, ExchangeView } from '../../../agent/src/serve/contract.ts';
import type { PageAddress } from '../shared/bridge.ts';
import type { Translator } from '../shared/i18n/translator.ts';
import { trayState } from '../shared/tray-state.ts';

/** What the menu can do; Electron's menu is made from it at the rim. */
export type MenuAction =
  | { readonly type: 'open'; readonly address: PageAddress }
  | { readonly type: 'pause'; readonly minutes: number }
  | { readonly type: 'resume' }
  | { readonly type: 'sign-in' }
  | { readonly type: 'sign-out' }
  | { readonly type: 'start-at-login'; readonly on: boolean }
  | { readonly type: 'quit' };

export type MenuEntry =
  | { readonly type: 'separator' }
  /** No action: a fact, shown greyed. */
  | {
      readonly type: 'entry';
      readonly label: string;
      readonly action?: MenuAction;
      readonly checked?: boolean;
    };

export interface MenuInput {
  readonly status: AgentStatus | undefined;
  readonly lastStop: ExchangeView | undefined;
  readonly startsAtLogin: boolean;
  readonly nowMs: number;
}

const DAY_MS = 86_400_000;
const separator = { type: 'separator' } as const;

/** The daily questions, answered without a window: am I protected, what is left, what was stopped last. */
export function menuEntries(input: MenuInput, words: Translator): readonly MenuEntry[] {
  const { status, startsAtLogin } = input;
  const { t } = words;
  const fact = (label: string): MenuEntry => ({ type: 'entry', label });
  const act = (label: string, action: MenuAction): MenuEntry => ({ type: 'entry', label, action });
  return [
    act(trayState(status, words).sentence, { type: 'open', address: { page: 'now' } }),
    separator,
    ...(status === undefined ? [] : [...budgetEntries(status, words), stopEntry(input, words)]),
    ...identityEntries(status, words, fact, act),
    separator,
    act(t('menu.open'), { type: 'open', address: { page: 'now' } }),
    ...pauseEntries(status, words, act),
    separator,
    {
      type: 'entry',
      label: t('menu.startAtLogin'),
      checked: startsAtLogin,
      action: { type: 'start-at-login', on: !startsAtLogin },
    },
    act(t('menu.quit'), { type: 'quit' }),
  ];
}

/** The tightest first; more than two are a table, which the window has. */
function budgetEntries({ budgets }: AgentStatus, words: Translator): MenuEntry[] {
  return budgets
    .filter(({ limitNanoUsd, shadow }) => limitNanoUsd !== undefined && !shadow)
    .sort((a, b) => shareLeft(a) - shareLeft(b))
    .slice(0, 2)
    .map(({ id, remainingNanoUsd = 0, limitNanoUsd = 0 }) => ({
      type: 'entry',
      label: words.t('menu.budgetLeft', {
        budget: id,
        left: words.money(Math.max(0, remainingNanoUsd)),
        limit: words.money(limitNanoUsd),
      }),
      action: { type: 'open', address: { page: 'money' } },
    }));
}

const shareLeft = ({ remainingNanoUsd = 0, limitNanoUsd = 1 }: BudgetView): number =>
  remainingNanoUsd / limitNanoUsd;

function stopEntry({ lastStop, nowMs }: MenuInput, { t, time }: Translator): MenuEntry {
  if (lastStop === undefined || nowMs - lastStop.endedAtMs > DAY_MS)
    return { type: 'entry', label: t('menu.noStop') };
  return {
    type: 'entry',
    label: t('menu.lastStop', { service: lastStop.service, time: time(lastStop.endedAtMs) }),
    action: { type: 'open', address: { page: 'activity', decision: lastStop.id } },
  };
}

type Fact = (label: string) => MenuEntry;
type Act = (label: string, action: MenuAction) => MenuEntry;

/** The key that calls are made with, and who is signed in; nothing where there is neither. */
function identityEntries(
  status: AgentStatus | undefined,
  { t }: Translator,
  fact: Fact,
  act: Act,
): MenuEntry[] {
  if (status === undefined) return [];
  const { state, keys, user } = status.identity;
  const active = keys.find((key) => key.active);
  return [
    ...(active === undefined ? [] : [fact(t('menu.key', { key: active.name }))]),
    ...(state === 'signed-out' ? [act(t('menu.signIn'), { type: 'sign-in' })] : []),
    ...(state === 'signed-in'
      ? [fact(t('menu.signedInAs', { name: user?.name ?? '' })), act(t('menu.signOut'), { type: 'sign-out' })]
      : []),
  ];
}

function pauseEntries(status: AgentStatus | undefined, { t }: Translator, act: Act): MenuEntry[] {
  if (status === undefined) return [];
  if (status.state === 'paused') return [act(t('menu.resume'), { type: 'resume' })];
  return [
    act(t('menu.pause15'), { type: 'pause', minutes: 15 }),
    act(t('menu.pause60'), { type: 'pause', minutes: 60 }),
  ];
}
