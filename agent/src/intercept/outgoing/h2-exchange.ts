import type { ClientHttp2Stream } from 'node:http2';
import type { Readable } from 'node:stream';
import type { RawHeaders } from '../../core/connection.ts';
import { OutgoingError, type UpstreamCall, type UpstreamHandler, type UpstreamRequest } from '../ports.ts';
import { aborted, nodeCode, outgoingError } from './errors.ts';
import { H2_ERROR, type H2Sessions, type SessionLease } from './h2-sessions.ts';
import { isConnectionHeader } from './undici-adapter.ts';

/** How a call that has had no answer may go on. */
export interface H2CallOptions {
  readonly sessions: H2Sessions;
  readonly authority: string;
  readonly request: UpstreamRequest;
  readonly handler: UpstreamHandler;
  /** No session could be had; true if the call goes on elsewhere (HTTP/1.1). */
  readonly onNoSession: (error: OutgoingError) => boolean;
  readonly onRetry: () => void;
}

/** One HTTP/2 stream: bodies both ways at once, trailers both ways, backpressure, resets. */
export class H2Exchange implements UpstreamCall {
  readonly #options: H2CallOptions;
  readonly #handler: UpstreamHandler;
  #stream: ClientHttp2Stream | undefined;
  #trailers: RawHeaders = [];
  #headSeen = false;
  #retried = false;
  #finished = false;

  constructor(options: H2CallOptions) {
    this.#options = options;
    this.#handler = options.handler;
  }

  start(): void {
    this.#options.sessions.lease().then(
      (lease) => {
        if (this.#finished) lease.release();
        else this.#open(lease);
      },
      (error) => {
        const failure = error instanceof OutgoingError ? error : outgoingError('reset', `${error}`, error);
        if (this.#finished) return;
        if (this.#options.onNoSession(failure)) this.#finished = true;
        else this.#fail(failure);
      },
    );
  }

  resume(): void {
    this.#stream?.resume();
  }

  abort(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#stream?.close(H2_ERROR.cancel);
  }

  #open(lease: SessionLease): void {
    const { request, authority } = this.#options;
    const { body } = request;
    let stream: ClientHttp2Stream;
    try {
      stream = lease.session.request(h2Headers(request, authority), {
        endStream: body === undefined,
        waitForTrailers: body !== undefined && !(body instanceof Uint8Array),
      });
    } catch (cause) {
      lease.release();
      this.#fail(outgoingError('protocol-error', `The request can't be sent over HTTP/2: ${cause}`, cause));
      return;
    }
    this.#stream = stream;
    this.#listen(stream, lease);
    if (body instanceof Uint8Array) stream.end(body);
    else if (body !== undefined) sendBody(body, stream);
  }

  #listen(stream: ClientHttp2Stream, lease: SessionLease): void {
    const handler = this.#handler;
    let failure: Error | undefined;
    // A fault in the handler ends this stream, not the process.
    const guarded = (call: () => void): void => {
      if (this.#finished) return;
      try {
        call();
      } catch (error) {
        stream.destroy(error instanceof Error ? error : new Error(`${error}`));
      }
    };
    stream.on('headers', (headers, _flags, raw) => {
      guarded(() => handler.informational(Number(headers[':status']), regular(raw)));
    });
    stream.on('response', (headers, _flags, raw) => {
      this.#headSeen = true;
      guarded(() => handler.head(Number(headers[':status']), '', regular(raw)));
    });
    stream.on('data', (chunk: Buffer) => {
      guarded(() => {
        if (!handler.data(chunk)) stream.pause();
      });
    });
    stream.on('trailers', (_headers, _flags, raw) => {
      this.#trailers = regular(raw);
    });
    stream.on('end', () => {
      if (!stream.aborted && !stream.rstCode && failure === undefined) this.#end();
    });
    stream.on('error', (error) => {
      failure = error;
    });
    stream.on('close', () => {
      lease.release();
      if (!this.#finished) this.#closed(stream, lease, failure);
    });
  }

  #closed(stream: ClientHttp2Stream, lease: SessionLease, failure: Error | undefined): void {
    const { request, onRetry } = this.#options;
    const code = stream.rstCode;
    const sessionDied = lease.session.destroyed && lease.reused;
    const held = request.body === undefined || request.body instanceof Uint8Array;
    // RFC 9113 section 8.7: a refused stream was not processed. A died session: as on HTTP/1.1, trap of idle sockets.
    if (!this.#headSeen && !this.#retried && held && (code === H2_ERROR.refused || sessionDied)) {
      this.#retried = true;
      onRetry();
      this.start();
      return;
    }
    this.#fail(streamError(failure, code, this.#headSeen));
  }

  #end(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#handler.end(this.#trailers);
    // The answer is whole; a server may give it before the request is (RFC 9113 section 8.1).
    if (this.#stream !== undefined && !this.#stream.writableFinished) this.#stream.close(H2_ERROR.none);
  }

  #fail(error: OutgoingError): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#handler.error(error);
  }
}

function streamError(failure: Error | undefined, code: number | undefined, headSeen: boolean): OutgoingError {
  if (failure instanceof OutgoingError) return failure;
  const why = nodeCode(failure) ?? `stream error ${code ?? 'unknown'}`;
  if (why === 'ABORT_ERR') return aborted(failure);
  if (code === 1 || why.startsWith('ERR_HTTP2_INVALID')) {
    return outgoingError('protocol-error', `The exchange broke HTTP/2 (${why}).`, failure);
  }
  if (headSeen) return outgoingError('truncated', `The upstream broke off its answer (${why}).`, failure);
  return outgoingError('reset', `The upstream reset the stream (${why}).`, failure);
}

/** Pipes a body with backpressure; its trailers follow it, its failure resets the stream. */
function sendBody(body: Readable, stream: ClientHttp2Stream): void {
  let trailers: RawHeaders = [];
  body.on('trailers', (_headers: unknown, _flags: unknown, raw: RawHeaders | undefined) => {
    trailers = raw ?? [];
  });
  stream.on('wantTrailers', () => {
    const raw = 'rawTrailers' in body && Array.isArray(body.rawTrailers) ? body.rawTrailers : trailers;
    stream.sendTrailers(trailerRecord(raw));
  });
  const cancel = (): void => {
    if (!body.readableEnded) stream.close(H2_ERROR.cancel);
  };
  body.once('error', cancel).once('close', cancel);
  stream.once('close', () => {
    body.off('close', cancel);
    body.unpipe(stream);
  });
  body.pipe(stream);
}

function trailerRecord(raw: RawHeaders): Record<string, string | string[]> {
  const record: Record<string, string[]> = {};
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    if (name.startsWith(':')) continue;
    record[name] = [...(record[name] ?? []), raw[i + 1] as string];
  }
  return record;
}

/** RFC 9113 section 8.3.1: pseudo-headers first, Host becomes `:authority`, names in lower case. */
function h2Headers(request: UpstreamRequest, authority: string): string[] {
  const fields: string[] = [];
  let host = authority;
  for (let i = 0; i < request.headers.length; i += 2) {
    const name = (request.headers[i] as string).toLowerCase();
    const value = request.headers[i + 1] as string;
    if (name === 'host') host = value;
    // RFC 9113 section 8.2.2: connection headers must not be sent; `te` only as `trailers`.
    else if (!isConnectionHeader(name) && (name !== 'te' || value.toLowerCase() === 'trailers'))
      fields.push(name, value);
  }
  const { method, scheme, path } = request;
  return [':method', method, ':scheme', scheme, ':authority', host, ':path', path, ...fields];
}

/** Without the pseudo-headers. */
function regular(raw: RawHeaders | undefined): RawHeaders {
  if (raw === undefined) return [];
  return raw.filter((_, index) => !(raw[index & ~1] as string).startsWith(':'));
}
