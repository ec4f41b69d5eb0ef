import type { Refusal } from './decision.ts';
import type { DialectId, ExchangeEvent, ExchangeRequest, Operation } from './exchange.ts';

/** One wire format. Pure; a new decoder is made for every exchange. Lives in `recognise/dialects/<name>/`. */
export interface Dialect {
  readonly id: DialectId;
  /**
   * Reads a complete request body (decoded, already parsed JSON). `operation` is what the catalogue's path rule says;
   * the dialect may refine it (a prewarm). `path` includes the query: Gemini names model and method there.
   * Throws DialectError if the body is not of this dialect.
   */
  readRequest(body: unknown, path: string, operation: Operation): ExchangeRequest;
  /** A decoder for the answer to `request`. */
  openResponse(request: ExchangeRequest): ResponseDecoder;
  /** The provider's own error body for an HTTP caller; the journey sends it with status 400. */
  refuse(refusal: Refusal): string;
  /** An error event that ends a stream already begun: SSE text, complete with its blank line. */
  refuseInStream(refusal: Refusal): string;
  /** The same for a stream that is one JSON array (Gemini without `alt=sse`), closing it; `isFirst`: nothing was sent. */
  refuseInJsonArray?(refusal: Refusal, isFirst: boolean): string;
  /** The frame for a refused WebSocket message, where the dialect has a WebSocket transport; `to` is that message's mark. */
  refuseOnWebSocket?(refusal: Refusal, to?: SocketMark): string;
  /** Which call a WebSocket message belongs to; goes with `refuseOnWebSocket`. Never throws. */
  markOnWebSocket?(message: string): SocketMark;
}

/** What ties a WebSocket message to its call, where several are on their way at once. */
export interface SocketMark {
  /**
   * `call` asks for an answer; `steer` adds to an answer on its way and may be answered by one of its own; `started`
   * begins an answer; `steer-over` says that a steer gets no answer of its own. `other` is all the rest.
   */
  readonly type: 'call' | 'steer' | 'started' | 'steer-over' | 'other';
  /** Calls of one lane are answered in their order; lanes go on side by side. Undefined: the connection's own lane. */
  readonly lane: string | undefined;
  /** The answer that has started, or that is steered. */
  readonly responseId: string | undefined;
}

/** Stateful reader of one response. A frame is the JSON text of one SSE event, one WebSocket message, one NDJSON line or one whole body. */
export interface ResponseDecoder {
  /** Text of one streamed frame. `[DONE]` and frames that aren't JSON become `unknown` events, never an exception. */
  frame(data: string, eventName: string | undefined): readonly ExchangeEvent[];
  /** A complete, unstreamed body. */
  body(data: string): readonly ExchangeEvent[];
}

export class DialectError extends Error {
  override readonly name = 'DialectError';
  /** `too-deep`, `too-many`: more nesting, or more texts, than any real call has. */
  readonly code: 'not-json' | 'not-this-dialect' | 'too-deep' | 'too-many';
  constructor(code: DialectError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
