/**
 * Drives one flow from request head to `finish`, in the order of the port: `request-side.ts` takes the request up,
 * `response-side.ts` the answer down, `flow-life.ts` knows how it ends.
 */
import type { WebSocketPlan } from '../../core/flow.ts';
import type { UpstreamHandler, WebSocketOutcome } from '../ports.ts';
import type { ClientEvents } from './client.ts';
import type { DrivenCall } from './driven-call.ts';
import { FlowLife } from './flow-life.ts';
import { RequestSide } from './request-side.ts';
import { ResponseSide } from './response-side.ts';

export class FlowDriver implements ClientEvents {
  readonly #call: DrivenCall<FlowDriver>;
  readonly #life: FlowLife;
  readonly #response: ResponseSide;

  constructor(call: DrivenCall<FlowDriver>) {
    this.#call = call;
    this.#life = new FlowLife(call);
    this.#response = new ResponseSide(this.#life);
  }

  /** Takes what the upstream answers. */
  get response(): UpstreamHandler {
    return this.#response;
  }

  start(): void {
    const { client, edge, flow, dispatch } = this.#call;
    client.events = this;
    edge.flowOpened();
    const request = new RequestSide(
      this.#life,
      (target, upstreamRequest) =>
        dispatch?.(target, upstreamRequest, this) ??
        edge.options.outgoing.request(target, upstreamRequest, this.#response),
    );
    this.#life.guarded(() => request.carryOutPlan(flow.requestPlan));
  }

  // ---- the client's side (ClientEvents) ----

  clientDrained(): void {
    this.#response.clientDrained();
  }

  clientClosed(): void {
    const life = this.#life;
    life.clientGone = true;
    if (life.finished || this.#response.clientEnded) return;
    life.abortUpstream();
    life.bridge?.destroy();
    life.finish('client-aborted', undefined);
  }

  // ---- WebSocket ----

  openWebSocket(): WebSocketPlan {
    return this.#call.flow.openWebSocket();
  }

  threw(error: unknown): void {
    this.#life.defect(error);
  }

  /** The upstream accepted an upgrade: the sockets are the relay's from here on. */
  switchProtocols(): void {
    this.#call.client.events = undefined;
    this.#life.upstream = undefined;
    this.#life.headSent = true;
    this.#call.edge.flowSwitched();
  }

  finishWebSocket(outcome: WebSocketOutcome): void {
    this.#life.finishWebSocket(outcome);
  }
}
