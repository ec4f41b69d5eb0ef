/** The client's end of one request, whatever its HTTP version; `flow-driver.ts` works against this alone. */
import type { Readable } from 'node:stream';
import type { RawHeaders } from '../../core/connection.ts';
import type { LocalResponse } from '../../core/flow.ts';

export interface ClientEvents {
  /** The client takes bytes again. */
  clientDrained(): void;
  /** No more can be sent: the client is gone, or everything was sent. Called once. */
  clientClosed(): void;
}

export interface HeadOptions {
  /** Nothing follows: the head ends the response. */
  readonly endsHere: boolean;
  /** Send the head now instead of with the first chunk. */
  readonly flush: boolean;
  /** Trailers may come. */
  readonly trailers: boolean;
}

export interface Client {
  /** The request's body as it arrives. */
  readonly body: Readable;
  readonly headOnly: boolean;
  events: ClientEvents | undefined;
  requestTrailers(): RawHeaders;
  /** `100 Continue`, if the client waits for it. */
  invite(): void;
  informational(status: number, headers: RawHeaders): void;
  /** Throws if the head can't be sent in this HTTP version. */
  head(status: number, statusText: string, headers: RawHeaders, options: HeadOptions): void;
  /** False: wait for `clientDrained`. */
  write(chunk: Uint8Array): boolean;
  end(trailers: RawHeaders): void;
  /** A complete answer of our own; the rest of the request is read and thrown away. */
  answer(response: LocalResponse): void;
  /** Breaks the response off so that no client can take it for complete. */
  abort(): void;
}

/** Bytes of a refused request that are read so that the client gets to see the answer. */
const MAX_DISCARD_BYTES = 64 * 1024 * 1024;

/** Lets the rest of a request run out, so that the connection stays usable; calls `enough` if there is no end to it. */
export function discard(body: Readable, enough: () => void): void {
  if (body.readableEnded || body.destroyed) return;
  let seen = 0;
  body.on('data', (chunk: Uint8Array) => {
    seen += chunk.byteLength;
    if (seen <= MAX_DISCARD_BYTES) return;
    body.pause();
    enough();
  });
  body.on('error', ignore);
  body.resume();
}

/** For errors that another event of the same stream reports as well. */
export function ignore(): void {}
