/**
 * Keeps what has been spent: holds, charges, warnings and limits of all budgets, in memory, in the time of a function
 * call. It reads no clock and no disk; what it must not forget it hands over as rows (`takeChanges`), and gets back at
 * the next start. What a call may use is held before it is sent, so that calls at the same time can't spend the same
 * money twice.
 */
import type {
  BudgetState,
  BudgetTerms,
  Counted,
  Crossing,
  LimitState,
  LimitTerms,
  Spend,
  SpendAnswer,
  SpendChanges,
  SpendHoldRow,
  SpendQuestion,
  SpendSlotRow,
  SpendSnapshot,
  Stop,
  WindowSlot,
} from '../../core/spend.ts';
import { Meter } from './meter.ts';
import {
  type AccountSink,
  isShort,
  OpenAccount,
  type OpenBudget,
  stateOf,
  usedShare,
} from './open-account.ts';
import { RateLimit } from './rate-limit.ts';

export interface SpendBookOptions {
  /** Time that budgets are counted at: never jumps (`BudgetClock`). */
  nowMs(): number;
  /** A monotonic clock, for limits. */
  monotonicMs(): number;
  /** Something has to be kept; `urgent` if a budget that stops calls depends on it. */
  onChange?(urgent: boolean): void;
}

/** What calls were cut off by a crash. */
export interface Unsettled {
  readonly calls: number;
  readonly nanoUsd: number;
}

/** Callers choose model names: past this, further subjects of a budget share one counter. */
const MAX_METERS = 5_000;
/** Leaves room for new ones. */
const MAX_RESTORED_METERS = 2_500;
const MAX_RATES = 5_000;
const OTHERS = '(others)';
/** Its counter marks a budget whose record was lost, for every subject. */
const EVERYBODY = '*';
/** And what they choose is cut, so that nobody fills the disk with a name. */
const MAX_SUBJECT = 200;

export class SpendBook implements Spend {
  readonly #options: SpendBookOptions;
  readonly #meters = new Map<string, Map<string, Meter>>();
  #meterCount = 0;
  readonly #rates = new Map<string, RateLimit>();
  readonly #goneMeters: SpendChanges['goneSlots'][number][] = [];
  readonly #open = new Map<string, OpenAccount>();
  readonly #changedMeters = new Set<Meter>();
  readonly #changedHolds = new Set<string>();
  /** Calls whose holds were handed over, and so have to be taken back. */
  readonly #keptHolds = new Set<string>();
  readonly #goneHolds = new Set<string>();

  constructor(options: SpendBookOptions) {
    this.#options = options;
  }

  /**
   * Takes over what an earlier run has left. Its open calls were cut off by a crash: what they held is charged, since
   * the provider may have charged it. Budgets that the policy no longer has are left as they are.
   */
  restore(snapshot: SpendSnapshot, slotOf: (budget: string) => WindowSlot | undefined): Unsettled {
    this.#restoreMeters(snapshot);
    const calls = new Map<string, number>();
    for (const { callId, budget, subject, nanoUsd, tokens } of snapshot.holds) {
      calls.set(callId, nanoUsd);
      this.#goneHolds.add(callId);
      const slot = slotOf(budget);
      if (slot === undefined) continue;
      const meter = this.#meter(budget, subject);
      meter.charge(slot, nanoUsd, tokens);
      this.#changedMeters.add(meter);
    }
    if (calls.size > 0 || this.#goneMeters.length > 0) this.#options.onChange?.(true);
    return { calls: calls.size, nanoUsd: [...calls.values()].reduce((sum, each) => sum + each, 0) };
  }

  /** The record of these budgets is gone: as nobody knows what was spent, they are used up until their window ends. */
  closeBudgets(budgets: readonly BudgetTerms[]): void {
    for (const terms of budgets) {
      const marker = this.#meter(terms.key, EVERYBODY);
      marker.charge(terms.slotAt(this.#options.nowMs()), 0, 1);
      this.#changedMeters.add(marker);
    }
    this.#options.onChange?.(true);
  }

  /** The store has lost what it was given: everything is handed over again. */
  markAllChanged(): void {
    for (const subjects of this.#meters.values()) {
      for (const meter of subjects.values()) {
        meter.markAllChanged();
        this.#changedMeters.add(meter);
      }
    }
    for (const id of this.#open.keys()) this.#changedHolds.add(id);
    this.#options.onChange?.(true);
  }

  open(question: SpendQuestion): SpendAnswer {
    const nowMs = this.#options.nowMs();
    const budgets = question.budgets.map((counted) => this.#budget(counted, nowMs));
    const limits = question.limits.map(({ terms, subject }) => ({
      terms,
      subject,
      rate: this.#rate(terms, subject),
    }));
    const stops: Stop[] = [];
    for (const budget of budgets) {
      const { terms, meter, lost } = budget;
      if (terms.action === 'warn' || question.passing?.has(terms.id)) continue;
      if (!lost && !isShort(terms, meter, terms.slotAt(nowMs), question.hold)) continue;
      stops.push({
        kind: 'budget',
        terms,
        state: stateOf(budget, nowMs, question.hold),
        wanted: question.hold,
      });
    }
    const monotonicMs = limits.length === 0 ? 0 : this.#options.monotonicMs();
    for (const { terms, subject, rate } of limits) {
      const stop = rate.check(terms, subject, question.hold.tokens, monotonicMs);
      if (stop !== undefined) stops.push(stop);
    }
    if (question.enforced && stops.some(({ terms }) => terms.action !== 'warn' && !terms.shadow))
      return { type: 'stopped', stops };
    const account = new OpenAccount(this.#sink, question, budgets, limits);
    this.#open.set(question.callId, account);
    if (account.urgent !== undefined) this.#holdChanged(question.callId, account.urgent);
    return { type: 'open', account, stops, crossings: this.#crossings(budgets, nowMs) };
  }

  /** How a budget stands for one subject. */
  state(counted: Counted<BudgetTerms>): BudgetState {
    const nowMs = this.#options.nowMs();
    return stateOf(this.#budget(counted, nowMs), nowMs);
  }

  /** Whom a budget has counted so far. */
  subjectsOf(budget: string): readonly string[] {
    return [...(this.#meters.get(budget)?.keys() ?? [])].filter((subject) => subject !== EVERYBODY);
  }

  /** How a limit stands for everybody whom it has counted lately, and for `own` even if it hasn't. */
  limitStates(terms: LimitTerms, own: string | undefined): ReadonlyMap<string, LimitState> {
    const prefix = `${terms.id}\n`;
    const monotonicMs = this.#options.monotonicMs();
    const states = new Map<string, LimitState>();
    if (own !== undefined) states.set(own, new RateLimit(terms, monotonicMs).state(terms, monotonicMs));
    for (const [key, rate] of this.#rates)
      if (key.startsWith(prefix)) states.set(key.slice(prefix.length), rate.state(terms, monotonicMs));
    return states;
  }

  /** What has changed since the last call; undefined if nothing has. */
  takeChanges(): SpendChanges | undefined {
    if (
      this.#changedMeters.size + this.#changedHolds.size + this.#goneHolds.size + this.#goneMeters.length ===
      0
    )
      return undefined;
    const slots: SpendChanges['slots'][number][] = [];
    const goneSlots: SpendChanges['goneSlots'][number][] = [];
    for (const meter of this.#changedMeters) {
      const { budget, subject } = meter;
      const changes = meter.takeChanges();
      slots.push(...changes.slots);
      for (const startMs of changes.gone) goneSlots.push({ budget, subject, startMs });
    }
    const holds: SpendHoldRow[] = [];
    for (const id of this.#changedHolds) {
      this.#keptHolds.add(id);
      holds.push(...(this.#open.get(id)?.rows() ?? []));
    }
    goneSlots.push(...this.#goneMeters.splice(0));
    const goneHolds = [...this.#goneHolds];
    this.#changedMeters.clear();
    this.#changedHolds.clear();
    this.#goneHolds.clear();
    return { slots, goneSlots, holds, goneHolds, seenMs: this.#options.nowMs() };
  }

  /** What open accounts may do to the book. */
  readonly #sink: AccountSink = {
    nowMs: () => this.#options.nowMs(),
    held: (callId, urgent) => this.#holdChanged(callId, urgent),
    charged: (meter) => {
      this.#changedMeters.add(meter);
    },
    closed: (callId, urgent) => {
      this.#open.delete(callId);
      this.#changedHolds.delete(callId);
      // One that came and went between two writes needs no row at all.
      if (this.#keptHolds.delete(callId)) this.#goneHolds.add(callId);
      if (urgent !== undefined) this.#options.onChange?.(urgent);
    },
    crossings: (budgets) => this.#crossings(budgets, this.#options.nowMs()),
  };

  #holdChanged(callId: string, urgent: boolean): void {
    this.#changedHolds.add(callId);
    this.#options.onChange?.(urgent);
  }

  #crossings(budgets: readonly OpenBudget[], nowMs: number): readonly Crossing[] {
    const crossings: Crossing[] = [];
    for (const budget of budgets) {
      const { terms, meter } = budget;
      if (terms.warnAt.length === 0) continue;
      const slot = terms.slotAt(nowMs);
      const used = usedShare(terms, meter, slot);
      const share = terms.warnAt.findLast((one) => one <= used);
      if (share === undefined || share <= meter.warned(slot)) continue;
      meter.warn(slot, share);
      this.#changedMeters.add(meter);
      this.#options.onChange?.(true);
      crossings.push({ terms, share, state: stateOf(budget, nowMs) });
    }
    return crossings;
  }

  #budget({ terms, subject }: Counted<BudgetTerms>, nowMs: number): OpenBudget {
    const meter = this.#meter(terms.key, subject === EVERYBODY ? OTHERS : subject);
    const marker = this.#meters.get(terms.key)?.get(EVERYBODY);
    const lost = marker !== undefined && marker.spent(terms.slotAt(nowMs)).tokens > 0;
    return { terms, subject: meter.subject, meter, lost };
  }

  #meter(budget: string, name: string): Meter {
    const subject = name.slice(0, MAX_SUBJECT);
    const found = this.#meters.get(budget)?.get(subject);
    if (found !== undefined) return found;
    if (this.#meterCount >= MAX_METERS && subject !== OTHERS && subject !== EVERYBODY)
      return this.#meter(budget, OTHERS);
    const made = new Meter(budget, subject);
    this.#addMeter(made);
    return made;
  }

  /** Of more than can be used, those that were charged last: by number, since ages are what a wrong clock gets wrong. */
  #restoreMeters({ slots }: SpendSnapshot): void {
    const all = [...Map.groupBy(slots, ({ budget }) => budget)].flatMap(([budget, rows]) =>
      [...Map.groupBy(rows, ({ subject }) => subject)].map(([subject, own]) => ({ budget, subject, own })),
    );
    const latest = (own: readonly SpendSlotRow[]): number => Math.max(...own.map(({ startMs }) => startMs));
    if (all.length > MAX_RESTORED_METERS) all.sort((a, b) => latest(b.own) - latest(a.own));
    for (const { budget, subject, own } of all.slice(0, MAX_RESTORED_METERS)) {
      this.#addMeter(new Meter(budget, subject, own));
    }
    this.#goneMeters.push(...all.slice(MAX_RESTORED_METERS).flatMap(({ own }) => own));
  }

  #addMeter(meter: Meter): void {
    let subjects = this.#meters.get(meter.budget);
    if (subjects === undefined) {
      subjects = new Map();
      this.#meters.set(meter.budget, subjects);
    }
    subjects.set(meter.subject, meter);
    this.#meterCount += 1;
  }

  #rate(terms: LimitTerms, name: string): RateLimit {
    const key = `${terms.id}\n${name.slice(0, MAX_SUBJECT)}`;
    const found = this.#rates.get(key);
    if (found !== undefined) return found;
    if (this.#rates.size >= MAX_RATES) this.#forgetIdleRate();
    const made = new RateLimit(terms, this.#options.monotonicMs());
    this.#rates.set(key, made);
    return made;
  }

  #forgetIdleRate(): void {
    for (const [key, rate] of this.#rates) {
      if (rate.streams > 0) continue;
      this.#rates.delete(key);
      return;
    }
  }
}
