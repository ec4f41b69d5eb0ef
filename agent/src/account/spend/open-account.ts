import type {
  Amount,
  BudgetState,
  BudgetTerms,
  Crossing,
  LimitTerms,
  SpendAccount,
  SpendHoldRow,
  SpendQuestion,
  WindowSlot,
} from '../../core/spend.ts';
import type { Meter } from './meter.ts';
import type { RateLimit } from './rate-limit.ts';

export interface OpenBudget {
  readonly terms: BudgetTerms;
  readonly subject: string;
  readonly meter: Meter;
  /** Nobody knows what was spent: it counts as used up. */
  readonly lost: boolean;
}

export interface OpenLimit {
  readonly terms: LimitTerms;
  readonly rate: RateLimit;
}

/** What an open call may do to the book. */
export interface AccountSink {
  nowMs(): number;
  held(callId: string, urgent: boolean): void;
  charged(meter: Meter): void;
  closed(callId: string, urgent: boolean | undefined): void;
  crossings(budgets: readonly OpenBudget[]): readonly Crossing[];
}

const NOTHING: Amount = { nanoUsd: 0, tokens: 0 };

export class OpenAccount implements SpendAccount {
  readonly #sink: AccountSink;
  readonly #callId: string;
  readonly #budgets: readonly OpenBudget[];
  readonly #limits: readonly OpenLimit[];
  readonly #stopping: readonly OpenBudget[];
  readonly #expectedTokens: number;
  #nanoUsd = 0;
  #tokens = 0;
  #settled = false;

  constructor(
    sink: AccountSink,
    question: SpendQuestion,
    budgets: readonly OpenBudget[],
    limits: readonly OpenLimit[],
  ) {
    this.#sink = sink;
    this.#callId = question.callId;
    this.#budgets = budgets;
    this.#limits = limits;
    this.#stopping = question.enforced
      ? budgets.filter(({ terms }) => terms.action === 'block' && !terms.shadow)
      : [];
    this.#expectedTokens = question.hold.tokens;
    this.#hold(sane(question.hold));
    for (const { rate } of limits) rate.begin(question.hold.tokens);
  }

  /** Whether what it holds has to be kept soon; undefined if nothing of it has to be kept. */
  get urgent(): boolean | undefined {
    if (this.#budgets.length === 0) return undefined;
    return this.#budgets.some(({ terms }) => terms.action !== 'warn');
  }

  get canStop(): boolean {
    return this.#stopping.length > 0;
  }

  use(amount: Amount): BudgetState | undefined {
    const soFar = sane(amount);
    if (this.#settled || (soFar.nanoUsd <= this.#nanoUsd && soFar.tokens <= this.#tokens)) return undefined;
    const more = {
      nanoUsd: Math.max(0, soFar.nanoUsd - this.#nanoUsd),
      tokens: Math.max(0, soFar.tokens - this.#tokens),
    };
    const nowMs = this.#sink.nowMs();
    const empty = this.#stopping.find(({ terms, meter }) => isShort(terms, meter, terms.slotAt(nowMs), more));
    this.#hold(soFar);
    if (this.urgent !== undefined) this.#sink.held(this.#callId, this.urgent);
    return empty === undefined ? undefined : stateOf(empty, nowMs, more);
  }

  tightest(): BudgetState | undefined {
    const nowMs = this.#sink.nowMs();
    let tightest: OpenBudget | undefined;
    let most = Number.NEGATIVE_INFINITY;
    for (const budget of this.#budgets) {
      const used = usedShare(budget.terms, budget.meter, budget.terms.slotAt(nowMs));
      if (used <= most) continue;
      most = used;
      tightest = budget;
    }
    return tightest === undefined ? undefined : stateOf(tightest, nowMs);
  }

  settle(actual: Amount): readonly Crossing[] {
    if (this.#settled) return [];
    const { nanoUsd, tokens } = sane(actual);
    this.#settled = true;
    const nowMs = this.#sink.nowMs();
    for (const { terms, meter } of this.#budgets) {
      meter.heldNanoUsd -= this.#nanoUsd;
      meter.heldTokens -= this.#tokens;
      meter.charge(terms.slotAt(nowMs), nanoUsd, tokens);
      this.#sink.charged(meter);
    }
    for (const { rate } of this.#limits) rate.end(tokens - this.#expectedTokens);
    this.#sink.closed(this.#callId, this.urgent);
    return this.#sink.crossings(this.#budgets);
  }

  rows(): readonly SpendHoldRow[] {
    return this.#budgets.map(({ terms, subject }) => ({
      callId: this.#callId,
      budget: terms.key,
      subject,
      nanoUsd: this.#nanoUsd,
      tokens: this.#tokens,
    }));
  }

  /** A hold only grows: what a later, smaller figure says is settled at the end. */
  #hold({ nanoUsd, tokens }: Amount): void {
    const moreNanoUsd = Math.max(0, nanoUsd - this.#nanoUsd);
    const moreTokens = Math.max(0, tokens - this.#tokens);
    this.#nanoUsd += moreNanoUsd;
    this.#tokens += moreTokens;
    for (const { meter } of this.#budgets) {
      meter.heldNanoUsd += moreNanoUsd;
      meter.heldTokens += moreTokens;
    }
  }
}

/** A million dollars, and more tokens than any model reads. */
const MOST = 1e15;
/** Providers' counts are not trusted to be counts: one that isn't must not turn a budget back or make it unwritable. */
const sane = ({ nanoUsd, tokens }: Amount): Amount => ({
  nanoUsd: saneCount(nanoUsd),
  tokens: saneCount(tokens),
});
const saneCount = (count: number): number => (count > 0 ? Math.min(Math.ceil(count), MOST) : 0);

/** True if the budget hasn't room for this. What costs nothing passes: a free model, at any balance. */
export function isShort(terms: BudgetTerms, meter: Meter, slot: WindowSlot, more: Amount): boolean {
  const spent = meter.spent(slot);
  const { limitNanoUsd, limitTokens } = terms;
  const money =
    limitNanoUsd !== undefined &&
    more.nanoUsd > 0 &&
    spent.nanoUsd + meter.heldNanoUsd + more.nanoUsd > limitNanoUsd;
  const tokens =
    limitTokens !== undefined &&
    more.tokens > 0 &&
    spent.tokens + meter.heldTokens + more.tokens > limitTokens;
  return money || tokens;
}

/** Spent and held, as a share of the limit that is nearer. A limit of nothing is used up from the start. */
export function usedShare(terms: BudgetTerms, meter: Meter, slot: WindowSlot): number {
  const spent = meter.spent(slot);
  const share = (used: number, limit: number | undefined): number =>
    limit === undefined ? 0 : limit === 0 ? 1 : used / limit;
  return Math.max(
    share(spent.nanoUsd + meter.heldNanoUsd, terms.limitNanoUsd),
    share(spent.tokens + meter.heldTokens, terms.limitTokens),
  );
}

export function stateOf(
  { terms, subject, meter, lost }: OpenBudget,
  nowMs: number,
  wanted: Amount = NOTHING,
): BudgetState {
  const slot = terms.slotAt(nowMs);
  return {
    terms,
    subject,
    spent: meter.spent(slot),
    held: { nanoUsd: meter.heldNanoUsd, tokens: meter.heldTokens },
    slot,
    roomAtMs: meter.roomAt(slot, terms.limitNanoUsd, terms.limitTokens, wanted),
    lost,
  };
}
