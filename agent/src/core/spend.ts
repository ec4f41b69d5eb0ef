/**
 * What a call may spend: the words that policy (decide), arithmetic (account), records and journey share. Amounts are
 * nano-dollars and tokens; the journey asks before a call, tells as it goes on, and settles at its end.
 */
import type { NanoUsd, Tokens } from './units.ts';

export type SpendScope = 'device' | 'user' | 'app' | 'service' | 'model' | 'key';

/** One stretch of time in which a budget is counted, and the part of it that is being filled now. */
export interface WindowSlot {
  /** Start of the slot that takes charges now: the window itself, or one sixtieth of a rolling one. */
  readonly startMs: number;
  /** What was charged in slots that began earlier no longer counts. */
  readonly windowStartMs: number;
  /** This answer holds until then. */
  readonly untilMs: number;
  /** When the window begins anew; undefined for a rolling one. */
  readonly resetsAtMs: number | undefined;
  /** How long a charge counts; undefined for a calendar window. */
  readonly rollingMs: number | undefined;
}

/** A budget of the policy, compiled. */
export interface BudgetTerms {
  readonly id: string;
  /** Identity of its counters: a budget with another limit goes on counting, one with another window begins anew. */
  readonly key: string;
  readonly scope: SpendScope;
  /** As written: `1d`. */
  readonly window: string;
  readonly timezone: string | undefined;
  slotAt(atMs: number): WindowSlot;
  readonly limitNanoUsd: NanoUsd | undefined;
  readonly limitTokens: Tokens | undefined;
  /** Ascending shares of the limit. */
  readonly warnAt: readonly number[];
  readonly action: 'warn' | 'downgrade' | 'block';
  readonly models: readonly string[];
  readonly message: string | undefined;
  /** On trial: counts, but stops nothing. */
  readonly shadow: boolean;
}

/** A limit of the policy, compiled. */
export interface LimitTerms {
  readonly id: string;
  readonly scope: SpendScope;
  readonly requestsPerMinute: number | undefined;
  readonly tokensPerMinute: number | undefined;
  readonly concurrentStreams: number | undefined;
  readonly action: 'warn' | 'block';
  readonly message: string | undefined;
  readonly shadow: boolean;
}

/** How a limit stands for one subject: what fits into this minute, and how many answers are under way. */
export interface LimitState {
  readonly requestsLeft: number | undefined;
  readonly tokensLeft: number | undefined;
  readonly openStreams: number | undefined;
}

/** A rule that a call counts against, and for whom. */
export interface Counted<Terms> {
  readonly terms: Terms;
  /** The person, app, model … that the rule counts apart. */
  readonly subject: string;
}

export interface Amount {
  /** 0 where nothing is known about the price. */
  readonly nanoUsd: number;
  readonly tokens: number;
}

export interface SpendQuestion {
  /** The decision's id; unique among calls that are open. */
  readonly callId: string;
  readonly budgets: readonly Counted<BudgetTerms>[];
  readonly limits: readonly Counted<LimitTerms>[];
  /** What is held until the call has shown what it costs. */
  readonly hold: Amount;
  /** False in shadow mode: everything is counted, nothing is stopped. */
  readonly enforced: boolean;
  /** Ids of budgets that are let pass, because the call already goes to the model that they ask for. */
  readonly passing?: ReadonlySet<string>;
}

/** How a budget stands, for words and figures. */
export interface BudgetState extends Counted<BudgetTerms> {
  readonly spent: Amount;
  /** Of calls that are still open. */
  readonly held: Amount;
  readonly slot: WindowSlot;
  /** When there is room again; undefined if nothing is known to end it. */
  readonly roomAtMs: number | undefined;
  /** True if its record was lost, so that the whole limit counts as spent. */
  readonly lost: boolean;
}

export type Stop =
  | {
      readonly kind: 'budget';
      readonly terms: BudgetTerms;
      readonly state: BudgetState;
      /** What the call was expected to cost. */
      readonly wanted: Amount;
    }
  | {
      readonly kind: 'limit';
      readonly terms: LimitTerms;
      readonly subject: string;
      readonly which: 'requests' | 'tokens' | 'streams';
      readonly limit: number;
      /** Until there is room again; undefined for streams, which end when they end. */
      readonly waitMs: number | undefined;
    };

/** A share of a limit that was passed, told once per window. */
export interface Crossing {
  readonly terms: BudgetTerms;
  readonly state: BudgetState;
  readonly share: number;
}

export type SpendAnswer =
  | { readonly type: 'stopped'; readonly stops: readonly Stop[] }
  | {
      readonly type: 'open';
      readonly account: SpendAccount;
      /** Rules that would have stopped the call, but only warn, or run in shadow mode. */
      readonly stops: readonly Stop[];
      readonly crossings: readonly Crossing[];
    };

/** One call that is counted, from its request to its settlement. */
export interface SpendAccount {
  /**
   * Raises what is held to what the call has used so far. Returns the budget that has nothing left for it, if there is
   * one that stops calls: the answer is to be cut before what was just counted.
   */
  use(soFar: Amount): BudgetState | undefined;
  /** True if `use` can ever return a budget: only then must an answer wait for it. */
  readonly canStop: boolean;
  /** The budget with the least left, by share of its limit. */
  tightest(): BudgetState | undefined;
  /** The call is over. Lets go of what was held and charges what was used. Later calls do nothing. */
  settle(actual: Amount): readonly Crossing[];
}

export interface Spend {
  open(question: SpendQuestion): SpendAnswer;
}

/** What `account` remembers for a later run; `record` keeps it. Every write is absolute, so that it can be repeated. */
export interface SpendSlotRow {
  readonly budget: string;
  readonly subject: string;
  readonly startMs: number;
  readonly nanoUsd: number;
  readonly tokens: number;
  /** The highest share that the person was told of in this slot. */
  readonly warned: number;
}

export interface SpendHoldRow {
  readonly callId: string;
  readonly budget: string;
  readonly subject: string;
  readonly nanoUsd: number;
  readonly tokens: number;
}

export interface SpendChanges {
  readonly slots: readonly SpendSlotRow[];
  readonly goneSlots: readonly Pick<SpendSlotRow, 'budget' | 'subject' | 'startMs'>[];
  readonly holds: readonly SpendHoldRow[];
  /** Calls whose holds are settled. */
  readonly goneHolds: readonly string[];
  /** The latest time that budgets were counted at. */
  readonly seenMs: number;
}

export interface SpendSnapshot {
  readonly slots: readonly SpendSlotRow[];
  readonly holds: readonly SpendHoldRow[];
  readonly seenMs: number;
}

/** What one exchange tells of its money beforehand: for headers, records and the local API. */
export interface SpendNote {
  readonly estimatedNanoUsd?: number;
  /** The tightest budget. */
  readonly budget?: string;
  readonly remainingNanoUsd?: number;
  readonly remainingTokens?: number;
  /** The model that the caller named, where the policy sent the call to another. */
  readonly downgradedFrom?: string;
}
