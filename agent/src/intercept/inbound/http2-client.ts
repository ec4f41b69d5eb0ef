import { constants, type ServerHttp2Stream, type ServerStreamResponseOptions } from 'node:http2';
import type { Readable } from 'node:stream';
import type { RawHeaders } from '../../core/connection.ts';
import type { LocalResponse } from '../../core/flow.ts';
import { type Client, type ClientEvents, discard, type HeadOptions } from './client.ts';

/** No Date of our own. Documented for `respond()`, missing in its types. */
const AS_IT_IS: ServerStreamResponseOptions & { readonly sendDate: boolean } = { sendDate: false };

export class Http2Client implements Client {
  readonly headOnly: boolean;
  events: ClientEvents | undefined;
  readonly #stream: ServerHttp2Stream;
  #waitsForInvitation: boolean;
  #requestTrailers: string[] = [];
  #responseTrailers: RawHeaders | undefined;
  #brokenOff = false;

  /** `stream` already has an error listener. `onReset`: the client gave up a stream that wasn't answered to the end. */
  constructor(stream: ServerHttp2Stream, method: string, expectsContinue: boolean, onReset: () => void) {
    this.#stream = stream;
    this.#waitsForInvitation = expectsContinue;
    this.headOnly = method === 'HEAD';
    stream.on('drain', () => this.events?.clientDrained());
    stream.on('close', () => {
      const { events } = this;
      this.events = undefined;
      if (stream.aborted && !this.#brokenOff) onReset();
      events?.clientClosed();
    });
    if (!stream.endAfterHeaders) {
      stream.on('trailers', (_headers, _flags, raw: string[]) => {
        this.#requestTrailers = raw;
      });
    }
  }

  get body(): Readable {
    return this.#stream;
  }

  requestTrailers(): RawHeaders {
    return this.#requestTrailers;
  }

  invite(): void {
    if (!this.#waitsForInvitation || this.#stream.destroyed) return;
    this.#waitsForInvitation = false;
    this.#stream.additionalHeaders({ ':status': 100 });
  }

  informational(status: number, headers: RawHeaders): void {
    if (status < 102 || this.#stream.destroyed) return;
    this.#stream.additionalHeaders({ ...toObject(headers), ':status': status });
  }

  head(status: number, _statusText: string, headers: RawHeaders, options: HeadOptions): void {
    const waitForTrailers = options.trailers && !options.endsHere;
    if (waitForTrailers) {
      this.#stream.on('wantTrailers', () => {
        if (!this.#stream.destroyed) this.#stream.sendTrailers(toObject(this.#responseTrailers ?? []));
      });
    }
    this.#stream.respond([':status', String(status), ...headers], {
      ...AS_IT_IS,
      endStream: options.endsHere,
      waitForTrailers,
    });
  }

  write(chunk: Uint8Array): boolean {
    return this.#stream.destroyed || this.#stream.write(chunk);
  }

  end(trailers: RawHeaders): void {
    if (this.#stream.destroyed) return;
    this.#responseTrailers = trailers;
    this.#stream.end();
  }

  answer(local: LocalResponse): void {
    if (this.#stream.destroyed) return;
    const body = Buffer.from(local.body);
    const headers = [...local.headers, 'content-length', String(body.byteLength)];
    this.#stream.respond([':status', String(local.status), ...headers], AS_IT_IS);
    if (!this.headOnly) this.#stream.end(body);
    discard(this.#stream, () => this.#stream.close(constants.NGHTTP2_NO_ERROR));
  }

  abort(): void {
    this.#brokenOff = true;
    // Not close(): that ends the writable side first, and the client would see END_STREAM before the reset.
    if (!this.#stream.destroyed) this.#stream.destroy(new Error('The response was broken off.'));
  }
}

function toObject(headers: RawHeaders): Record<string, string | string[]> {
  const object: Record<string, string | string[]> = {};
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase();
    const value = headers[i + 1] as string;
    const before = object[name];
    if (before === undefined) object[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else object[name] = [before, value];
  }
  return object;
}
