/** An unstreamed answer that may still be refused: head and body wait until the flow has spoken. */
import type { RawHeaders } from '../../core/connection.ts';
import type { Flow, ResponseVerdict } from '../../core/flow.ts';
import { type Coding, decodeBody } from './content-coding.ts';
import { BODY_BOUND_HEADERS, withoutHeaders } from './response-head.ts';

export interface HeldHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: RawHeaders;
  /** Trailers may come. */
  readonly trailers: boolean;
  /** Undefined: a coding that we can't undo. */
  readonly codings: readonly Coding[] | undefined;
  readonly maxBytes: number;
}

export class HeldResponse {
  readonly head: HeldHead;
  /** Wire bytes so far. */
  bytes = 0;
  readonly #flow: Flow;
  #chunks: Uint8Array[] = [];

  constructor(head: HeldHead, flow: Flow) {
    this.head = head;
    this.#flow = flow;
  }

  /** The flow's word once it is clear that the body is too much to hold; undefined: go on. */
  push(chunk: Uint8Array): ResponseVerdict | undefined {
    this.bytes += chunk.byteLength;
    this.#chunks.push(chunk);
    return this.bytes > this.head.maxBytes ? this.#flow.responseBodyFailed() : undefined;
  }

  /** The body is complete. */
  judge(): ResponseVerdict | Promise<ResponseVerdict> {
    const { codings, maxBytes } = this.head;
    if (codings === undefined) return this.#flow.responseBodyFailed();
    const original = Buffer.concat(this.#chunks);
    if (codings.length === 0) return this.#flow.responseBody(original);
    return decodeBody(original, codings, maxBytes).then((decoded) =>
      'failed' in decoded ? this.#flow.responseBodyFailed() : this.#flow.responseBody(decoded.bytes),
    );
  }

  /** Original bytes held so far; they are handed over once. */
  take(): readonly Uint8Array[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }

  headersFor(replacement: Uint8Array): RawHeaders {
    const kept = withoutHeaders(this.head.headers, BODY_BOUND_HEADERS);
    return [...kept, 'Content-Length', String(replacement.byteLength)];
  }
}
