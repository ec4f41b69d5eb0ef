/** The money of one call before it is sent: which budgets and limits it counts against, and what is held for it. */
import type { Forecast } from '../account/forecast.ts';
import type { Decision, Reason } from '../core/decision.ts';
import type { DialectId, Operation } from '../core/exchange.ts';
import { isGatewayTerm } from '../core/gateway.ts';
import type { BudgetTerms, Counted, LimitTerms, SpendScope, Stop } from '../core/spend.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import type { RequestContext } from '../decide/evaluation.ts';
import { joinReasons, spendRulesFor } from '../decide/spend-rules.ts';
import { crossingReason, downgradeReason, stopReason, unpricedReason } from '../decide/spend-words.ts';
import { imagesIn, linearPrice, type Price, usageOf } from './call-price.ts';
import { CallSpend } from './call-spend.ts';
import type { JourneyPorts } from './ports.ts';
import { type SpendTerms, spendTermsOf } from './spend-terms.ts';

/** Operations that a provider charges for. */
const CHARGED: ReadonlySet<Operation> = new Set(['generate', 'embed']);

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
    const { prices } = this.#terms;
    const { inputTokens } = this.#forecast;
    const images = imagesIn(exchange);
    return linearPrice((outputTokens) => {
      const usage = usageOf(inputTokens, outputTokens);
      return prices.priceUsage({ service: location.service.id, model, usage, images, atMs: nowMs })?.nanoUsd;
    });
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

const GOOGLES_OWN = /(^|\/)(gemini|gemma|learnlm)/i;

/** Clouds list the models of several makers under one name, but each is called in its own maker's format. */
const speaks = (dialect: DialectId, model: string): boolean => {
  if (dialect === 'gemini') return GOOGLES_OWN.test(model);
  return dialect !== 'anthropic-messages' || !(GOOGLES_OWN.test(model) || /(^|\/)gpt-/i.test(model));
};
