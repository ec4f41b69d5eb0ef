/** One call's way through the gateway: which key, which base URL, what of the app's request goes along, and what then. */
import { type Decision, isRefusal, type Reason } from '../core/decision.ts';
import type { ExchangeRequest } from '../core/exchange.ts';
import type { RequestHead, RequestVerdict } from '../core/flow.ts';
import type { Gateway, GatewayCall, GatewayHop, GatewayRoute, RoutedMode } from '../core/gateway.ts';
import type { VirtualKey } from '../core/identity.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import type { CallContext } from '../decide/evaluation.ts';
import { patchJsonBytes, type StringEdit } from '../recognise/json/patch.ts';
import { modelPlaceOf } from '../recognise/model-place.ts';
import {
  downReason,
  goesThrough,
  noGateway,
  noKey,
  notServed,
  reasonOf,
  refusalReason,
  withReason,
} from './gateway-words.ts';
import { outboundTo } from './outbound-headers.ts';
import type { JourneyPorts } from './ports.ts';
import { type Turn, type TurnRoute, turnOf } from './turns.ts';

type Sent = Extract<GatewayRoute, { type: 'send' }>;

export interface Routing {
  readonly decision: Decision;
  /** Undefined: the call doesn't go through the gateway. */
  readonly routed: RoutedCall | undefined;
  readonly turn: Turn | undefined;
}

export interface RouteInput {
  readonly ports: JourneyPorts;
  readonly policy: CompiledPolicy;
  readonly head: RequestHead;
  readonly call: CallContext;
  readonly decision: Decision;
  readonly exchange: ExchangeRequest | undefined;
  /** The body, if it is JSON that may be edited. */
  readonly json: Uint8Array | undefined;
}

export const isRouted = (mode: Decision['mode']): mode is RoutedMode =>
  mode === 'gateway' || mode === 'passthrough';

/** Where a call goes that nobody has refused so far. */
export function routeCall(input: RouteInput): Routing {
  const { ports, policy, head, call, exchange, json } = input;
  const { decision } = input;
  const { mode } = decision;
  if (isRefusal(decision.effective) || (!isRouted(mode) && mode !== 'direct'))
    return { decision, routed: undefined, turn: undefined };
  // Without a gateway there is one way only, and no turn to keep together.
  const gateway = ports.gateway?.();
  if (gateway === undefined && !isRouted(mode)) return { decision, routed: undefined, turn: undefined };
  if (policy.shadow) return { decision: onTrial(decision), routed: undefined, turn: undefined };
  if (gateway === undefined) {
    const refused = withReason(decision, noGateway(decision.service));
    return { decision: refused, routed: undefined, turn: undefined };
  }
  const caller = { app: call.app.id, service: decision.service };
  const body = () => (json === undefined ? '' : Buffer.from(json).toString('utf8'));
  const turn = exchange === undefined ? undefined : turnOf(head.headers, exchange, caller, body);
  const before = turn === undefined ? undefined : ports.turns?.routeOf(turn, call.nowMs);
  const taken = before?.mode ?? mode;
  const onItsWay = taken === mode ? decision : { ...decision, mode: taken };
  if (!isRouted(taken)) return { decision: onItsWay, routed: undefined, turn };
  if (isHousekeeping(call, head)) return { decision: housekeeping(onItsWay), routed: undefined, turn };
  const routed = new RoutedCall(input, gateway, taken, before);
  return { ...routed.begin(onItsWay), turn };
}

/** In shadow a call goes where it would go without the policy; its record says where it would have gone. */
function onTrial(decision: Decision): Decision {
  if (!isRouted(decision.mode)) return decision;
  const text = `The policy would send it through the gateway (${decision.mode}); it is on trial, so it went direct.`;
  const reason: Reason = { ...reasonOf('allow', 'gateway', text), shadow: true };
  return { ...decision, mode: 'direct', reasons: [...decision.reasons, reason] };
}

const MODELS = /\/models(\/[^/:?]+)?\/?(\?|$)/i;

/**
 * Settings, telemetry and sign-in of the app itself, by the catalogue's word: no prompt, and nothing that a gateway
 * could answer. It goes where its credential belongs.
 */
const isHousekeeping = ({ location }: CallContext, { path }: RequestHead): boolean =>
  location.operation === 'control' && location.pathRule !== undefined && !MODELS.test(path);

function housekeeping(decision: Decision): Decision {
  const reason = reasonOf(
    'allow',
    'gateway',
    "It is the app's own housekeeping, which its maker alone can answer.",
  );
  return withReason({ ...decision, mode: 'direct' }, reason);
}

export class RoutedCall {
  readonly gateway: Gateway;
  readonly mode: RoutedMode;
  readonly #input: RouteInput;
  #route: Sent | undefined;
  /** Base URLs that have not taken the call. */
  readonly #failed: GatewayHop[] = [];
  readonly #keyOfTurn: VirtualKey | undefined;

  constructor(input: RouteInput, gateway: Gateway, mode: RoutedMode, before: TurnRoute | undefined) {
    this.#input = input;
    this.gateway = gateway;
    this.mode = mode;
    this.#keyOfTurn = before?.key;
  }

  get key(): VirtualKey | undefined {
    return this.#route?.key;
  }

  /** What its answer is, where the gateway says something else of it. */
  get answerType(): string | undefined {
    return this.#route?.place.answerType;
  }

  get hop(): GatewayHop | undefined {
    return this.#route?.hop;
  }

  /** The first word on whether the gateway takes it: before money is held for it. */
  begin(decision: Decision): { readonly decision: Decision; readonly routed: RoutedCall | undefined } {
    const route = this.#ask(decision.model, this.#input.head.path);
    const settled = this.#settle(decision, route);
    return { decision: settled, routed: route.type === 'send' ? this : undefined };
  }

  /**
   * The request as it leaves. `decision` may by now name another model than the app did; `edits` are what it and
   * budgets change.
   */
  send(
    decision: Decision,
    path: string,
    edits: readonly StringEdit[],
  ): { readonly decision: Decision; readonly verdict: RequestVerdict | undefined } {
    const route = this.#ask(decision.model, path);
    if (route.type !== 'send') return { decision: this.#settle(decision, route), verdict: undefined };
    const verdict = this.#verdict(route, path, edits);
    if (verdict !== undefined) return { decision, verdict };
    const why = `${this.gateway.name} has another name for this model, which can't be written into this body`;
    return { decision: withReason(decision, notServed(why)), verdict };
  }

  /** The base URL that was to take it doesn't answer: the next one, or what the policy says. */
  sendAgain(
    cause: string,
    decision: Decision,
    path: string,
    edits: readonly StringEdit[],
  ): { readonly decision: Decision; readonly verdict: RequestVerdict | undefined } {
    const { hop } = this;
    if (hop !== undefined) {
      this.gateway.failed(hop, cause);
      this.#failed.push(hop);
    }
    const route = this.#ask(decision.model, path);
    if (route.type === 'send') return { decision, verdict: this.#verdict(route, path, edits) };
    return { decision: this.#settle(decision, route, cause), verdict: undefined };
  }

  #ask(model: string | undefined, path: string): GatewayRoute {
    const { call, head } = this.#input;
    const asked: GatewayCall = {
      mode: this.mode,
      service: call.location.service.id,
      dialect: call.location.dialect,
      operation: call.location.operation,
      method: head.method,
      path: outboundTo(this.mode, call.location.service.id, head.headers, path).path,
      model,
    };
    const who = {
      user: call.user,
      device: call.device,
      app: call.app.id,
      service: call.location.service.id,
      decisionId: call.id,
    };
    const key = this.#keyOfTurn ?? this.gateway.activeKey();
    const route = this.gateway.route(asked, who, key, this.#failed);
    this.#route = route.type === 'send' ? route : undefined;
    return route;
  }

  #settle(decision: Decision, route: GatewayRoute, cause?: string): Decision {
    switch (route.type) {
      case 'send':
        return decision.reasons.some(({ rule }) => rule.id === 'gateway' && rule.kind === 'gateway')
          ? decision
          : withReason(decision, goesThrough(this.gateway, route.key.name));
      case 'no-key':
        return withReason(decision, noKey(this.gateway));
      case 'not-served':
        return withReason(decision, notServed(route.why));
      case 'refused':
        return withReason(decision, refusalReason(this.gateway, route.refusal));
      case 'down': {
        const then = this.#input.policy.policy.failure.gatewayDown;
        const reason = downReason(this.gateway, then, cause);
        if (then === 'refuse') return withReason(decision, reason);
        const told = decision.reasons.filter(({ rule }) => rule.id !== 'gateway');
        const joined = withReason({ ...decision, reasons: told }, reason);
        return then === 'direct'
          ? { ...joined, mode: then }
          : { ...joined, mode: then, effective: 'warn', edits: [] };
      }
    }
  }

  /** Undefined: the gateway's name of the model can't be written into the body. */
  #verdict(
    { place, hop, setHeaders }: Sent,
    path: string,
    edits: readonly StringEdit[],
  ): RequestVerdict | undefined {
    const { head, call, json } = this.#input;
    const { removeHeaders } = outboundTo(this.mode, call.location.service.id, head.headers, path);
    const moved =
      this.mode === 'passthrough' ? this.gateway.driver.moveCredential?.(head.headers) : undefined;
    const renamed = place.model === undefined ? [] : this.#rename(place.model, edits, path);
    if (renamed === undefined) return undefined;
    const all = [
      ...edits.filter((edit) => !renamed.some(({ pointer }) => pointer === edit.pointer)),
      ...renamed,
    ];
    const body = all.length === 0 || json === undefined ? undefined : patchJsonBytes(json, all);
    return {
      type: 'forward',
      target: hop.target,
      scheme: hop.scheme,
      path: place.path,
      setHeaders: [...setHeaders, ...(moved?.set ?? [])],
      removeHeaders: [...removeHeaders, ...(moved?.remove ?? [])],
      ...(body !== undefined && { body }),
    };
  }

  #rename(model: string, edits: readonly StringEdit[], path: string): readonly StringEdit[] | undefined {
    const { json, exchange } = this.#input;
    if (exchange === undefined) return [];
    const written = edits.find(({ pointer }) => pointer === '/model')?.replacement ?? exchange.model;
    if (written === model) return [];
    if (json === undefined) return undefined;
    const found = modelPlaceOf(JSON.parse(Buffer.from(json).toString('utf8')), path);
    if (found?.in !== 'body') return undefined;
    return [{ pointer: found.pointer, start: 0, end: found.length, replacement: model }];
  }
}
