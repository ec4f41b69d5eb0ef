import type { AgentStatus, BudgetView, ExchangeView } from '../../../agent/src/serve/contract.ts';
import type { PageAddress } from '../shared/bridge.ts';
import type { Translator } from '../shared/i18n/translator.ts';
import { serviceOf } from '../shared/tray-state.ts';
import type { QuietHours } from './settings.ts';

export interface Notice {
  /** Notices of one group replace each other on the screen. */
  readonly group: string;
  readonly title: string;
  readonly body: string;
  readonly opens: PageAddress;
}

export interface NotifierOptions {
  readonly words: Translator;
  readonly nowMs: () => number;
  readonly show: (notice: Notice) => void;
  /** Local hours in which nothing is shown: from, to; may pass midnight. */
  readonly quietHours: () => QuietHours | undefined;
  readonly hourOf: (atMs: number) => number;
}

const HOUR_MS = 3_600_000;
/** The first stop of a kind is news; the next of that kind soon after isn't. */
const SAME_KIND_MS = 4 * HOUR_MS;
/** More than one stop within this time becomes one notice. */
const GATHER_MS = 10_000;
const WARN_SHARES = [0.8, 1] as const;

/**
 * Few and useful: the first stop of a kind, a budget's threshold, a pause that lasts, a sign-in that is needed. What a
 * person has been told is remembered, so that a restart of the agent or a flood of refused retries doesn't tell it
 * again. What quiet hours kept back counts as untold: if it still holds afterwards, it is said then.
 */
export class Notifier {
  readonly #options: NotifierOptions;
  readonly #toldKinds = new Map<string, number>();
  readonly #toldBudgets = new Map<string, number>();
  #toldSignIn = false;
  #lastStopAtMs = Number.NEGATIVE_INFINITY;
  #stops = 0;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  exchangeEnded(exchange: ExchangeView): void {
    if (exchange.effective !== 'block' && exchange.effective !== 'justify') return;
    const { words, nowMs } = this.#options;
    const now = nowMs();
    const reason = exchange.reasons.find(
      ({ action, shadow }) => action === exchange.effective && shadow !== true,
    );
    const kind = `${exchange.app.id} ${reason?.rule ?? exchange.service}`;
    const told = this.#toldKinds.get(kind) ?? Number.NEGATIVE_INFINITY;
    if (now - told < SAME_KIND_MS || this.#isQuiet()) return;
    this.#toldKinds.set(kind, now);
    this.#stops = now - this.#lastStopAtMs < GATHER_MS ? this.#stops + 1 : 1;
    this.#lastStopAtMs = now;
    if (this.#stops > 1) {
      const title = words.t('notify.stops.title', { count: this.#stops });
      this.#show({ group: 'stops', title, body: words.t('notify.stops.body'), opens: { page: 'activity' } });
      return;
    }
    this.#show({
      group: 'stops',
      title: words.t('notify.stop.title', { service: serviceOf(exchange) }),
      body: words.t('notify.stop.body', { reason: reason?.message ?? reason?.text ?? '' }),
      opens: { page: 'activity', decision: exchange.id },
    });
  }

  statusChanged(status: AgentStatus): void {
    for (const budget of status.budgets) this.#budget(budget);
    this.#signIn(status);
  }

  /** `minutes`: for at least so long. */
  stillPaused(minutes: number): void {
    const { t } = this.#options.words;
    const body = t('notify.paused.body', { minutes });
    this.#show({ group: 'paused', title: t('notify.paused.title'), body, opens: { page: 'now' } });
  }

  /** Once for each time that it is needed; not while the person is at it. */
  #signIn({ identity: { state, pending, problem } }: AgentStatus): void {
    if (state !== 'signed-out') this.#toldSignIn = false;
    else if (pending === undefined && !this.#toldSignIn && !this.#isQuiet()) this.#tellSignIn(problem?.text);
  }

  #tellSignIn(why: string | undefined): void {
    this.#toldSignIn = true;
    const { t } = this.#options.words;
    const body = why ?? t('notify.signIn.body');
    this.#show({ group: 'sign-in', title: t('notify.signIn.title'), body, opens: { page: 'now' } });
  }

  #budget(budget: BudgetView): void {
    const { id, subject, limitNanoUsd, spentNanoUsd, remainingNanoUsd = 0, shadow, resetsAtMs } = budget;
    if (limitNanoUsd === undefined || limitNanoUsd === 0 || shadow) return;
    // A new window is a new budget.
    const key = `${id} ${subject} ${resetsAtMs ?? ''}`;
    const share = spentNanoUsd / limitNanoUsd;
    const reached = WARN_SHARES.filter((one) => share >= one).at(-1) ?? 0;
    const told = this.#toldBudgets.get(key) ?? 0;
    // A rolling window empties again: from then on it is news once more.
    if (reached < told) this.#toldBudgets.set(key, reached);
    if (reached <= told || this.#isQuiet()) return;
    this.#toldBudgets.set(key, reached);
    const { t, percent, money } = this.#options.words;
    this.#show({
      group: `budget ${id}`,
      opens: { page: 'money' },
      ...(reached >= 1
        ? { title: t('notify.budgetEmpty.title', { budget: id }), body: t('notify.budgetEmpty.body') }
        : {
            title: t('notify.budget.title', { budget: id, share: percent(share) }),
            body: t('notify.budget.body', { left: money(Math.max(0, remainingNanoUsd)) }),
          }),
    });
  }

  #show(notice: Notice): void {
    if (!this.#isQuiet()) this.#options.show(notice);
  }

  #isQuiet(): boolean {
    const { quietHours, hourOf, nowMs } = this.#options;
    const quiet = quietHours();
    return quiet !== undefined && isWithin(hourOf(nowMs()), quiet);
  }
}

/** `22` to `7` passes midnight. */
const isWithin = (hour: number, { from, to }: QuietHours): boolean =>
  from <= to ? hour >= from && hour < to : hour >= from || hour < to;
