/** The request's body on its way up: collected whole, or bridged to the upstream with backpressure. */
import { Readable } from 'node:stream';
import type { RawHeaders } from '../../core/connection.ts';
import { ignore } from './client.ts';

export type CollectedBody =
  | { readonly type: 'whole'; readonly bytes: Buffer }
  /** More than the limit: what was read so far; the source is paused and holds the rest. */
  | { readonly type: 'too-large'; readonly head: Buffer }
  | { readonly type: 'gone' };

/** Reads to the end, but not beyond `maxBytes`. Calls back exactly once. */
export function collectBody(source: Readable, maxBytes: number, done: (body: CollectedBody) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const join = (): Buffer => (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size));
  const settle = (body: CollectedBody): void => {
    source.off('data', onData);
    source.off('end', onEnd);
    source.off('close', onGone);
    done(body);
  };
  const onData = (chunk: Buffer): void => {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size <= maxBytes) return;
    source.pause();
    settle({ type: 'too-large', head: join() });
  };
  const onEnd = (): void => settle({ type: 'whole', bytes: join() });
  const onGone = (): void => settle({ type: 'gone' });
  source.on('data', onData);
  source.on('end', onEnd);
  source.on('close', onGone);
  source.on('error', ignore); // 'close' follows
}

/**
 * A stream of its own for the upstream's side. Whoever reads it may destroy it, as HTTP clients do on failure;
 * destroying the client's own message would cut the connection that the answer must still travel on.
 */
export class BodyBridge extends Readable {
  bytes = 0;
  readonly #source: Readable;
  readonly #trailers: () => RawHeaders;
  readonly #head: Buffer | undefined;
  #started = false;

  constructor(source: Readable, trailers: () => RawHeaders, head?: Buffer) {
    super({ highWaterMark: 65_536 });
    this.#source = source;
    this.#trailers = trailers;
    this.#head = head;
  }

  /** Complete once the body has ended. */
  get rawTrailers(): RawHeaders {
    return this.#trailers();
  }

  override _read(): void {
    if (this.#started) {
      this.#source.resume();
      return;
    }
    this.#started = true;
    this.#source.on('data', this.#onData);
    this.#source.on('end', this.#onEnd);
    this.#source.on('close', this.#onClose);
    this.#source.on('error', ignore); // 'close' follows
    if (this.#head !== undefined) this.#onData(this.#head);
    else this.#source.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#detach();
    callback(error);
  }

  #detach(): void {
    this.#source.off('data', this.#onData);
    this.#source.off('end', this.#onEnd);
    this.#source.off('close', this.#onClose);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.bytes += chunk.byteLength;
    if (!this.push(chunk)) this.#source.pause();
  };

  readonly #onEnd = (): void => {
    this.#detach();
    this.push(null);
  };

  /** Without an end before: the client broke off, and its request must not look complete. */
  readonly #onClose = (): void => {
    this.destroy(new Error('The client closed its connection before the request was complete.'));
  };
}
