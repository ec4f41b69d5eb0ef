/**
 * The money of one call: which budgets and limits it counts against, what is held for it before it is sent, what it has
 * used so far, and what it cost in the end.
 */
import type { Forecast } from '../account/forecast.ts';
import type { UsageReport } from '../account/merge-usage.ts';
import type { RawHeaders } from '../core/connection.ts';
import type { Decision, Reason } from '../core/decision.ts';
import type { DialectId, ExchangeRequest, Operation, Usage } from '../core/exchange.ts';
import { isGatewayTerm } from '../core/gateway.ts';
import type {
  Amount,
  BudgetTerms,
  Counted,
  LimitTerms,
  SpendAccount,
  SpendNote,
  SpendScope,
  Stop,
} from '../core/spend.ts';
import { tokens } from '../core/units.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import type { RequestContext } from '../decide/evaluation.ts';
import { joinReasons, spendRulesFor } from '../decide/spend-rules.ts';
import {
  crossingReason,
  cutReason,
  downgradeReason,
  stopReason,
  unpricedReason,
} from '../decide/spend-words.ts';
import type { JourneyPorts } from './ports.ts';
import { downgradedHeader, spendHeaders } from './spend-headers.ts';
import { type SpendTerms, spendTermsOf } from './spend-terms.ts';

/** Operations that a provider charges for. */
const CHARGED: ReadonlySet<Operation> = new Set(['generate', 'embed']);
const FREE: Amount = { nanoUsd: 0, tokens: 0 };

export interface OpenedSpend {
  /** The decision, with what budgets and limits said. */
  readonly decision: Decision;
  /** Undefined if the call costs nothing, or isn't sent. */
  readonly spend: CallSpend | undefined;
  /** The model to send the call to instead. */
  readonly model: string | undefined;
  /** Nothing but a limit of the gateway's stops the call, until then: as the gateway itself would, it says so. */
  readonly waitMs?: number;
}

/** What a call costs by its numbers: linear in the output, so that a chunk is priced by one multiplication. */
interface Price {
  readonly inputNanoUsd: number;
  readonly perOutputToken: number;
}

/** Asks before the call is sent. `canDowngrade`: whether the model's place in the call can be changed. */
export function openSpend(
  ports: JourneyPorts,
  policy: CompiledPolicy,
  request: RequestContext,
  decision: Decision,
  canDowngrade: () => boolean,
): OpenedSpend {
  const { exchange } = request;
  const asItIs = { decision, spend: undefined, model: undefined };
  if (ports.spend === undefined || !CHARGED.has(exchange.operation)) return asItIs;
  const terms = spendTermsOf(policy);
  const rules = spendRulesFor(policy, request);
  const forecast = ports.spend.forecaster.forecast(decision.service, exchange);
  const opening = new Opening(ports, policy, request, terms, forecast);
  const notes: Reason[] = [...rules.reasons];
  let model = exchange.model;
  let answer = opening.ask(rules, model);
  if (answer.type === 'stopped') {
    const smaller = opening.downgrade(answer.stops);
    if (smaller !== undefined && (smaller.model === model || canDowngrade())) {
      const { stops } = smaller;
      answer = opening.ask(rules, smaller.model, new Set(stops.map(({ terms }) => terms.id)));
      if (answer.type === 'open' && smaller.model !== model) {
        notes.push(...stops.map(({ state }) => downgradeReason(state, model ?? '', smaller.model)));
        model = smaller.model;
      }
    }
  }
  const { nowMs } = request;
  notes.push(...answer.stops.map((stop) => stopReason(stop, nowMs)));
  if (answer.type === 'stopped') {
    const waitMs = gatewayWaitMs(answer.stops);
    const stopped = { ...asItIs, decision: joinReasons(decision, notes, policy.shadow) };
    return waitMs === undefined ? stopped : { ...stopped, waitMs };
  }
  notes.push(...answer.crossings.map(crossingReason), ...opening.unpriced(rules, model));
  const downgraded = model !== exchange.model;
  const joined = joinReasons(decision, notes, policy.shadow);
  return {
    decision: downgraded ? { ...joined, model } : joined,
    spend: new CallSpend(ports, policy, answer.account, opening.price(model), forecast, {
      exchange,
      service: decision.service,
      model,
      terms,
      startedAtMs: nowMs,
    }),
    model: downgraded ? model : undefined,
  };
}

function gatewayWaitMs(stops: readonly Stop[]): number | undefined {
  const waits = stops.map((stop) =>
    stop.kind === 'limit' && isGatewayTerm(stop.terms) ? stop.waitMs : undefined,
  );
  return waits.some((waitMs) => waitMs === undefined) ? undefined : Math.max(...waits.map(Number));
}

/** One call's questions to the book. */
class Opening {
  readonly #ports: JourneyPorts;
  readonly #policy: CompiledPolicy;
  readonly #request: RequestContext;
  readonly #terms: SpendTerms;
  readonly #forecast: Forecast;
  #priced: { readonly model: string | undefined; readonly price: Price | undefined } | undefined;

  constructor(
    ports: JourneyPorts,
    policy: CompiledPolicy,
    request: RequestContext,
    terms: SpendTerms,
    forecast: Forecast,
  ) {
    this.#ports = ports;
    this.#policy = policy;
    this.#request = request;
    this.#terms = terms;
    this.#forecast = forecast;
  }

  ask(rules: ReturnType<typeof spendRulesFor>, model: string | undefined, passing?: ReadonlySet<string>) {
    const { inputTokens, outputTokens } = this.#forecast;
    const price = this.price(model);
    const nanoUsd = price === undefined ? 0 : price.inputNanoUsd + price.perOutputToken * outputTokens;
    const counted = <Terms extends { readonly scope: SpendScope }>(
      list: readonly { readonly id: string }[],
      all: ReadonlyMap<string, Terms>,
    ): Counted<Terms>[] =>
      list.flatMap(({ id }) => {
        const terms = all.get(id);
        return terms === undefined ? [] : [{ terms, subject: this.#subject(terms.scope, model) }];
      });
    const own = this.#gatewayTerms();
    return this.#spend.open({
      callId: this.#request.id,
      budgets: [...counted(rules.budgets, this.#terms.budgets), ...own.budgets],
      limits: [...counted(rules.limits, this.#terms.limits), ...own.limits],
      hold: { nanoUsd: Math.ceil(nanoUsd), tokens: inputTokens + outputTokens },
      enforced: !this.#policy.shadow,
      ...(passing && { passing }),
    });
  }

  /** What the gateway keeps for the key counts beside the policy's own rules: the tighter one stops the call. */
  #gatewayTerms(): { readonly budgets: Counted<BudgetTerms>[]; readonly limits: Counted<LimitTerms>[] } {
    const { key } = this.#request;
    const terms = key === undefined ? undefined : this.#ports.gateway?.()?.terms(key);
    if (key === undefined || terms === undefined) return { budgets: [], limits: [] };
    return {
      budgets: terms.budgets.map((each) => ({ terms: each, subject: key })),
      limits: terms.limits.map((each) => ({ terms: each, subject: key })),
    };
  }

  /**
   * The model that the first budget wants the call to go on with, and the budgets that let it: the call's own, if it
   * is one of those that they name. Others that stopped the call are asked again, at the new model's price.
   */
  downgrade(stops: readonly Stop[]) {
    const wanting = stops
      .filter((stop) => stop.kind === 'budget')
      .filter(({ terms }) => terms.action === 'downgrade' && !terms.shadow);
    const { exchange, location, nowMs } = this.#request;
    const fitting = wanting[0]?.terms.models.filter(
      (name) => speaks(exchange.dialect, name) && this.#terms.prices.knows(location.service.id, name, nowMs),
    );
    const own = this.#modelName(exchange.model);
    const model = fitting?.some((name) => this.#modelName(name) === own) ? exchange.model : fitting?.[0];
    return model === undefined ? undefined : { model, stops: wanting };
  }

  /** Asked several times about one model, and hardly ever about a second. */
  price(model: string | undefined): Price | undefined {
    if (this.#priced === undefined || this.#priced.model !== model)
      this.#priced = { model, price: this.#priceOf(model) };
    return this.#priced.price;
  }

  #priceOf(model: string | undefined): Price | undefined {
    const { location, nowMs, exchange } = this.#request;
    const images = imagesIn(exchange);
    const at = (outputTokens: number) =>
      this.#terms.prices.priceUsage({
        service: location.service.id,
        model,
        usage: usageOf(this.#forecast.inputTokens, outputTokens),
        images,
        atMs: nowMs,
      })?.nanoUsd;
    const inputNanoUsd = at(0);
    const withOutput = at(1_000);
    if (inputNanoUsd === undefined || withOutput === undefined) return undefined;
    return { inputNanoUsd, perOutputToken: (withOutput - inputNanoUsd) / 1_000 };
  }

  unpriced(rules: ReturnType<typeof spendRulesFor>, model: string | undefined): Reason[] {
    if (model === undefined || this.#request.exchange.dialect === 'opaque' || this.price(model) !== undefined)
      return [];
    const blind = rules.budgets.find(({ rule }) => rule.limitUsd !== undefined);
    return blind === undefined ? [] : [unpricedReason(blind.id, model)];
  }

  get #spend() {
    if (this.#ports.spend === undefined) throw new Error('there is no spend to ask');
    return this.#ports.spend.book;
  }

  #subject(scope: SpendScope, model: string | undefined): string {
    const { user, device, app, location } = this.#request;
    if (scope === 'user') return user;
    if (scope === 'device') return device;
    if (scope === 'app') return app.id;
    if (scope === 'service') return location.service.id;
    // Calls that don't go through the gateway are made with the app's own key, which nobody here knows by name.
    return scope === 'key' ? (this.#request.key ?? 'none') : this.#modelName(model);
  }

  /** By its name in the price list: another spelling of the same model has no budget of its own. */
  #modelName(model: string | undefined): string {
    if (model === undefined || this.#request.exchange.dialect === 'opaque') return 'unknown';
    const { location, nowMs } = this.#request;
    const usage = usageOf(0, 0);
    return (
      this.#terms.prices.priceUsage({ service: location.service.id, model, usage, atMs: nowMs })?.pricedAs ??
      model
    );
  }
}

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
    const at = (outputTokens: number) =>
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
      })?.nanoUsd;
    const inputNanoUsd = at(0);
    const withOutput = at(1_000);
    if (inputNanoUsd === undefined || withOutput === undefined) return undefined;
    return { inputNanoUsd, perOutputToken: (withOutput - inputNanoUsd) / 1_000 };
  }
}

const GOOGLES_OWN = /(^|\/)(gemini|gemma|learnlm)/i;

/** Clouds list the models of several makers under one name, but each is called in its own maker's format. */
const speaks = (dialect: DialectId, model: string): boolean => {
  if (dialect === 'gemini') return GOOGLES_OWN.test(model);
  return dialect !== 'anthropic-messages' || !(GOOGLES_OWN.test(model) || /(^|\/)gpt-/i.test(model));
};

const imagesIn = ({ parts }: ExchangeRequest): number =>
  parts.reduce((sum, { kind }) => sum + (kind === 'image' ? 1 : 0), 0);

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

const usageOf = (inputTokens: number, outputTokens: number): Usage => ({
  inputTokens: tokens(inputTokens),
  cacheReadTokens: undefined,
  cacheWriteTokens: undefined,
  cacheWrite1hTokens: undefined,
  outputTokens: tokens(outputTokens),
  reasoningTokens: undefined,
  inputAudioTokens: undefined,
  outputAudioTokens: undefined,
  raw: undefined,
});
