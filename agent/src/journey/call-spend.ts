/** The money of one call that has been let through: what it has used so far, and what it cost in the end. */
import type { Forecast } from '../account/forecast.ts';
import type { UsageReport } from '../account/merge-usage.ts';
import type { RawHeaders } from '../core/connection.ts';
import type { Decision, Reason } from '../core/decision.ts';
import type { ExchangeRequest, Usage } from '../core/exchange.ts';
import type { Amount, BudgetTerms, SpendAccount, SpendNote } from '../core/spend.ts';
import { tokens } from '../core/units.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import { joinReasons } from '../decide/spend-rules.ts';
import { crossingReason, cutReason } from '../decide/spend-words.ts';
import { imagesIn, linearPrice, type Price } from './call-price.ts';
import type { JourneyPorts } from './ports.ts';
import { downgradedHeader, spendHeaders } from './spend-headers.ts';
import type { SpendTerms } from './spend-terms.ts';

const FREE: Amount = { nanoUsd: 0, tokens: 0 };

interface SpendFacts {
  readonly exchange: ExchangeRequest;
  readonly service: string;
  readonly model: string | undefined;
  readonly terms: SpendTerms;
  readonly startedAtMs: number;
}

/** A call that has been let through and is counted until it is settled. */
export class CallSpend {
  readonly #ports: JourneyPorts;
  readonly #policy: CompiledPolicy;
  readonly #account: SpendAccount;
  readonly #forecast: Forecast;
  readonly #facts: SpendFacts;
  #price: Price | undefined;
  /** The latest count of the provider's: priced once it is asked what the answer has cost so far. */
  #unpriced: Usage | undefined;
  #inputTokens: number;
  #outputWeight = 0;
  /** As the provider counts it, reasoning that nobody sees included. */
  #reportedOutput = 0;
  /** As it was when the call was let through. */
  readonly note: SpendNote;
  /** Set once a budget has nothing left for the answer. */
  #cut: Reason | undefined;

  constructor(
    ports: JourneyPorts,
    policy: CompiledPolicy,
    account: SpendAccount,
    price: Price | undefined,
    forecast: Forecast,
    facts: SpendFacts,
  ) {
    this.#ports = ports;
    this.#policy = policy;
    this.#account = account;
    this.#price = price;
    this.#forecast = forecast;
    this.#facts = facts;
    this.#inputTokens = forecast.inputTokens;
    this.note = this.#makeNote();
  }

  /** True if the answer may have to be cut: it must not be on its way before it was counted. */
  get canStop(): boolean {
    return this.#account.canStop;
  }

  /** Estimated tokens of a piece of the answer, before rounding. */
  output(weight: number): void {
    this.#outputWeight += weight;
  }

  /** The provider's own count, also one that isn't final: its input is. */
  usage({ usage }: UsageReport): void {
    const { inputTokens, outputTokens } = usage;
    if (inputTokens !== undefined && inputTokens > 0) {
      this.#inputTokens = inputTokens;
      this.#unpriced = usage;
    }
    this.#reportedOutput = Math.max(this.#reportedOutput, outputTokens ?? 0);
  }

  get isUsedUp(): boolean {
    return this.#cut !== undefined;
  }

  /** Never sent: nothing is charged. */
  abandon(): void {
    this.#account.settle(FREE);
  }

  /** Counts what has come so far. Once true, what was just read must not be passed on. */
  usedUp(): boolean {
    if (this.#cut !== undefined) return true;
    if (this.#unpriced !== undefined) {
      this.#price = this.#priced(this.#unpriced) ?? this.#price;
      this.#unpriced = undefined;
    }
    const output = Math.max(Math.ceil(this.#outputWeight), this.#reportedOutput);
    const nanoUsd =
      this.#price === undefined ? 0 : this.#price.inputNanoUsd + this.#price.perOutputToken * output;
    const empty = this.#account.use({ nanoUsd: Math.ceil(nanoUsd), tokens: this.#inputTokens + output });
    if (empty === undefined) return false;
    this.#cut = cutReason(empty, this.#ports.nowMs());
    return true;
  }

  /** The decision of an answer that was cut. */
  conclude(decision: Decision): Decision {
    return this.#cut === undefined || decision.reasons.includes(this.#cut)
      ? decision
      : joinReasons(decision, [this.#cut], this.#policy.shadow);
  }

  /** The call is over; `undefined`: nothing is charged for it. Returns the decision with what this led to. */
  settle(
    decision: Decision,
    usage: Usage | undefined,
    nanoUsd: number | undefined,
    reported: boolean,
  ): Decision {
    const input = usage?.inputTokens ?? 0;
    if (reported && input > 0) this.#ports.spend?.forecaster.learn(this.#forecast.basis, input);
    const actual =
      usage === undefined ? FREE : { nanoUsd: nanoUsd ?? 0, tokens: input + (usage.outputTokens ?? 0) };
    const crossings = this.#account.settle(actual);
    return joinReasons(decision, crossings.map(crossingReason), this.#policy.shadow);
  }

  #makeNote(): SpendNote {
    const { exchange, model } = this.#facts;
    const price = this.#price;
    const { inputNanoUsd = 0, perOutputToken = 0 } = price ?? {};
    const state = this.#account.tightest();
    return {
      ...(price !== undefined && {
        estimatedNanoUsd: Math.ceil(inputNanoUsd + perOutputToken * this.#forecast.outputTokens),
      }),
      ...(state !== undefined && {
        budget: state.terms.id,
        ...remaining(state.terms, state.spent, state.held),
      }),
      ...(model !== exchange.model && exchange.model !== undefined && { downgradedFrom: exchange.model }),
    };
  }

  headers(): RawHeaders {
    const { downgradedFrom } = this.note;
    const headers = spendHeaders(this.note);
    return downgradedFrom === undefined
      ? headers
      : [...headers, ...downgradedHeader(downgradedFrom, this.#facts.model)];
  }

  /** Input priced by what the provider counted: cached tokens cost less than the forecast knew. */
  #priced(usage: Usage): Price | undefined {
    const { service, model, terms, startedAtMs, exchange } = this.#facts;
    const images = imagesIn(exchange);
    return linearPrice(
      (outputTokens) =>
        terms.prices.priceUsage({
          service,
          model,
          usage: {
            ...usage,
            outputTokens: tokens(outputTokens),
            reasoningTokens: undefined,
            outputAudioTokens: undefined,
            outputImageTokens: undefined,
          },
          images,
          atMs: startedAtMs,
        })?.nanoUsd,
    );
  }
}

function remaining({ limitNanoUsd, limitTokens }: BudgetTerms, spent: Amount, held: Amount) {
  return {
    ...(limitNanoUsd !== undefined && {
      remainingNanoUsd: Math.max(0, Math.floor(limitNanoUsd - spent.nanoUsd - held.nanoUsd)),
    }),
    ...(limitTokens !== undefined && {
      remainingTokens: Math.max(0, Math.floor(limitTokens - spent.tokens - held.tokens)),
    }),
  };
}
