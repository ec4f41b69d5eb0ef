import type { AgentStatus, BudgetView, ExchangeView } from '../../../agent/src/serve/contract.ts';
import type { PageAddress } from '../shared/bridge.ts';
import type { Translator } from '../shared/i18n/translator.ts';
import { serviceOf, trayState } from '../shared/tray-state.ts';
import type { QuietHours } from './settings.ts';

/** What the menu can do; Electron's menu is made from it at the rim. */
export type MenuAction =
  | { readonly type: 'open'; readonly address: PageAddress }
  | { readonly type: 'pause'; readonly minutes: number }
  | { readonly type: 'resume' }
  | { readonly type: 'sign-in' }
  | { readonly type: 'sign-out' }
  | { readonly type: 'start-at-login'; readonly on: boolean }
  | { readonly type: 'quiet-hours'; readonly hours: QuietHours | undefined }
  /** The person looks at what went wrong. */
  | { readonly type: 'look-at-fault' }
  | { readonly type: 'quit' };

export type MenuEntry =
  | { readonly type: 'separator' }
  /** One of them is chosen. */
  | { readonly type: 'choice'; readonly label: string; readonly entries: readonly MenuEntry[] }
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
  /** False where the organisation allows no pause; undefined while it isn't known. */
  readonly mayPause?: boolean | undefined;
  /** As the person has chosen; no entry without it. */
  readonly quiet?: { readonly hours: QuietHours | undefined };
  /** Where the tray itself failed last. */
  readonly fault?: string | undefined;
}

const DAY_MS = 86_400_000;
const separator = { type: 'separator' } as const;

/** The daily questions, answered without a window: am I protected, what is left, what was stopped last. */
export function menuEntries(input: MenuInput, words: Translator): readonly MenuEntry[] {
  const { status, startsAtLogin } = input;
  const { t } = words;
  return [
    act(trayState(status, words).sentence, { type: 'open', address: { page: 'now' } }),
    ...(input.fault === undefined
      ? []
      : [act(t('state.fault', { where: input.fault }), { type: 'look-at-fault' })]),
    separator,
    ...(status === undefined ? [] : [...budgetEntries(status, words), stopEntry(input, words)]),
    ...identityEntries(status, words),
    separator,
    act(t('menu.open'), { type: 'open', address: { page: 'now' } }),
    ...pauseEntries(input, words),
    separator,
    ...(input.quiet === undefined ? [] : [quietEntry(input.quiet.hours, words)]),
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
    label: t('menu.lastStop', { service: serviceOf(lastStop), time: time(lastStop.endedAtMs) }),
    action: { type: 'open', address: { page: 'activity', decision: lastStop.id } },
  };
}

/** Which key calls are made with, and as whom. Nothing where the organisation has set up neither. */
function identityEntries(status: AgentStatus | undefined, { t }: Translator): MenuEntry[] {
  if (status === undefined) return [];
  const { keys, user, state, pending } = status.identity;
  const key = keys.find(({ active }) => active);
  return [
    ...(key === undefined ? [] : [fact(t('menu.key', { key: key.name }))]),
    ...(state === 'signed-in'
      ? [fact(t('menu.signedInAs', { name: user?.name ?? '' })), act(t('menu.signOut'), { type: 'sign-out' })]
      : []),
    ...(state === 'signed-out'
      ? [act(t(pending === undefined ? 'menu.signIn' : 'menu.signInWaiting'), { type: 'sign-in' })]
      : []),
  ];
}

function pauseEntries({ status, mayPause }: MenuInput, { t }: Translator): MenuEntry[] {
  if (status === undefined) return [];
  if (status.state === 'paused') return [act(t('menu.resume'), { type: 'resume' })];
  if (mayPause === false) return [];
  return [
    act(t('menu.pause15'), { type: 'pause', minutes: 15 }),
    act(t('menu.pause60'), { type: 'pause', minutes: 60 }),
  ];
}

const USUAL_QUIET_HOURS: readonly QuietHours[] = [
  { from: 18, to: 8 },
  { from: 20, to: 7 },
  { from: 22, to: 7 },
];

/** Hours that were written into the settings by hand are offered beside the usual ones. */
function quietEntry(chosen: QuietHours | undefined, { t, time }: Translator): MenuEntry {
  const isSame = (hours: QuietHours | undefined): boolean =>
    hours?.from === chosen?.from && hours?.to === chosen?.to;
  const isUsual = chosen === undefined || USUAL_QUIET_HOURS.some(isSame);
  const offered = [undefined, ...USUAL_QUIET_HOURS, ...(isUsual ? [] : [chosen])];
  const clock = (hour: number): string => time(new Date(2000, 0, 1, hour).getTime());
  return {
    type: 'choice',
    label: t('menu.quietHours'),
    entries: offered.map((hours) => ({
      type: 'entry',
      label:
        hours === undefined
          ? t('menu.quietOff')
          : t('menu.quietBetween', { from: clock(hours.from), to: clock(hours.to) }),
      checked: isSame(hours),
      action: { type: 'quiet-hours', hours },
    })),
  };
}

const fact = (label: string): MenuEntry => ({ type: 'entry', label });
const act = (label: string, action: MenuAction): MenuEntry => ({ type: 'entry', label, action });
