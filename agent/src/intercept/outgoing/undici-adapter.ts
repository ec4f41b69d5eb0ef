/**
 * The only file that knows undici: one HTTP/1.1 connection at a time, driven by `Dispatcher.DispatchHandler` (undici
 * 8's only interface). docs/decisions/0015-undici.md has the figures.
 */
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Client, Dispatcher } from 'undici';
// The client alone: the whole package brings fetch, WebSocket and caches, 9 MB that nobody here uses (0050).
import UndiciClient from 'undici/lib/dispatcher/client.js';
import type { RawHeaders } from '../../core/connection.ts';
import { OutgoingError, type UpstreamHandler, type UpstreamRequest } from '../ports.ts';
import { aborted, nodeCode, outgoingError } from './errors.ts';

const MAX_HEADER_BYTES = 65_536;
/** Idle connections are kept a little less long than the 60 s after which common load balancers drop them. */
const KEEP_ALIVE_MS = 55_000;
const KEEP_ALIVE_MAX_MS = 300_000;

/** One connection slot: connects on first use, and again if its socket has gone. */
export class H1Connection {
  /** Requests that the current socket has begun to serve. */
  served = 0;
  /** Set if the current socket failed rather than ended. */
  socketError: Error | undefined;
  readonly #client: Client;
  readonly #dialling = new AbortController();

  constructor(
    origin: string,
    headerMs: number,
    dial: (signal: AbortSignal) => Promise<Socket>,
    onGone: () => void,
  ) {
    this.#client = new UndiciClient(origin, {
      pipelining: 1,
      // Else UNDICI_USE_MILO in the environment would choose an experimental parser.
      useMilo: false,
      headersTimeout: headerMs,
      bodyTimeout: 0,
      maxHeaderSize: MAX_HEADER_BYTES,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MAX_MS,
      connect: (_options, callback) => {
        dial(this.#dialling.signal).then(
          (socket) => {
            this.served = 0;
            this.socketError = undefined;
            // Before undici's own listener, which takes a reset for the end of a body without length.
            socket.on('error', (error) => {
              this.socketError = error;
            });
            callback(null, socket);
          },
          (error) => callback(error, null),
        );
      },
    });
    this.#client.on('disconnect', onGone);
    // Emitted when a handler throws while being told of an error; unheard, it would end the process.
    (this.#client as EventEmitter).on('error', () => this.destroy());
  }

  send(exchange: H1Exchange, options: Dispatcher.DispatchOptions): void {
    exchange.connection = this;
    this.#client.dispatch(options, exchange);
  }

  /** Ends the socket, also one that is still being dialled; an exchange on it gets an error. */
  destroy(reason?: Error): void {
    this.#dialling.abort(reason);
    void this.#client.destroy(reason ?? null);
  }
}

/** How an exchange ended, as far as its pool must know. */
export type H1Outcome = 'complete' | 'failed' | 'retry';

/** What an exchange belongs to. */
export interface ExchangeOwner {
  readonly handler: UpstreamHandler;
  /** Called once, before `end`; instead of `error`, which the owner passes on if it doesn't try again. */
  settled(exchange: H1Exchange, outcome: H1Outcome, error: OutgoingError | undefined): void;
}

/** One request and its response on one connection. */
export class H1Exchange implements Dispatcher.DispatchHandler {
  connection: H1Connection | undefined;
  /** True once the connection that carries this request had carried another one. */
  #reused = false;
  #answered = false;
  #headSeen = false;
  #finished = false;
  #aborted = false;
  #controller: Dispatcher.DispatchController | undefined;
  #held: Uint8Array[] | undefined;
  #heldEnd: RawHeaders | undefined;
  readonly #handler: UpstreamHandler;
  readonly #owner: ExchangeOwner;

  constructor(owner: ExchangeOwner) {
    this.#owner = owner;
    this.#handler = owner.handler;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.connection !== undefined) this.#reused = this.connection.served++ > 0;
    if (this.#aborted) controller.abort(aborted());
  }

  onResponseStarted(): void {
    this.#answered = true;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    statusText?: string,
  ): void {
    const headers = rawHeaders(controller.rawHeaders);
    if (status < 200) {
      this.#handler.informational(status, headers);
      return;
    }
    this.#headSeen = true;
    this.#handler.head(status, statusText ?? '', headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    // Once the peer has closed, undici delivers what is left in spite of a pause.
    if (this.#held !== undefined) this.#held.push(chunk);
    else if (!this.#handler.data(chunk)) {
      this.#held = [];
      controller.pause();
    }
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const failure = this.connection?.socketError;
    if (failure !== undefined) {
      this.#fail(truncated(failure));
      return;
    }
    const trailers = rawHeaders(controller.rawTrailers);
    if (this.#held !== undefined) {
      this.#heldEnd = trailers;
      return;
    }
    this.#end(trailers);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#finished || this.#aborted) {
      this.#settle('failed', undefined);
      return;
    }
    if (this.#answered || !isConnectionDeath(error) || error.message.startsWith('bad ')) {
      this.#fail(translate(error, this.#headSeen, error === this.connection?.socketError));
      return;
    }
    this.#settle(this.#reused ? 'retry' : 'failed', translate(error, false, true));
  }

  resume(): void {
    const held = this.#held;
    this.#held = undefined;
    for (let i = 0; held !== undefined && i < held.length; i++) {
      if (this.#aborted) return;
      if (!this.#handler.data(held[i] as Uint8Array)) {
        this.#held = held.slice(i + 1);
        return;
      }
    }
    if (this.#heldEnd !== undefined) {
      this.#end(this.#heldEnd);
      return;
    }
    this.#controller?.resume();
  }

  abort(): void {
    if (this.#aborted || this.#finished) return;
    this.#aborted = true;
    // Whole already, and only waiting for the client: the connection is free again.
    if (this.#heldEnd !== undefined) this.#settle('complete', undefined);
    else if (this.#controller !== undefined) this.#controller.abort(aborted());
    else this.connection?.destroy(aborted());
  }

  /** Told by the pool when a failure turns out to be final. */
  fail(error: OutgoingError): void {
    if (!this.#aborted) this.#handler.error(error);
  }

  #end(trailers: RawHeaders): void {
    if (this.#aborted) return;
    this.#settle('complete', undefined);
    this.#handler.end(trailers);
  }

  #fail(error: OutgoingError): void {
    this.#settle('failed', error);
  }

  #settle(outcome: H1Outcome, error: OutgoingError | undefined): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#owner.settled(this, outcome, error);
  }
}

/** undici's options for a request; its own rules about framing and connection headers are met here. */
export function dispatchOptions(
  request: UpstreamRequest,
  path: string,
  extraHeaders: RawHeaders,
): Dispatcher.DispatchOptions {
  const headers = withoutConnectionHeaders(request.headers);
  return {
    path,
    method: request.method,
    headers: (extraHeaders.length === 0 ? headers : [...headers, ...extraHeaders]) as string[],
    body: (request.body ?? null) as Uint8Array | Readable | null,
  };
}

/** Connection-level headers (RFC 9110 section 7.6.1) are the connection's; the caller should have kept them. */
function withoutConnectionHeaders(headers: RawHeaders): RawHeaders {
  for (let i = 0; i < headers.length; i += 2) {
    if (isConnectionHeader(headers[i] as string)) return filtered(headers);
  }
  return headers;
}

const filtered = (headers: RawHeaders): RawHeaders =>
  headers.filter((_, index) => !isConnectionHeader(headers[index & ~1] as string));

export function isConnectionHeader(name: string): boolean {
  switch (name.length) {
    case 6:
      return name.toLowerCase() === 'expect';
    case 7:
      return name.toLowerCase() === 'upgrade';
    case 10:
      return name.toLowerCase() === 'connection' || name.toLowerCase() === 'keep-alive';
    case 14:
      return name.toLowerCase() === 'http2-settings';
    case 16:
      return name.toLowerCase() === 'proxy-connection';
    case 17:
      return name.toLowerCase() === 'transfer-encoding';
    case 19:
      return name.toLowerCase() === 'proxy-authorization';
    default:
      return false;
  }
}

function rawHeaders(raw: Dispatcher.DispatchController['rawHeaders']): RawHeaders {
  if (!Array.isArray(raw)) return [];
  const headers = new Array<string>(raw.length);
  for (let i = 0; i < raw.length; i++) {
    const part = raw[i] as Buffer | string;
    headers[i] = typeof part === 'string' ? part : part.toString('latin1');
  }
  return headers;
}

function isConnectionDeath(error: Error): boolean {
  const code = nodeCode(error);
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}

const truncated = (cause: Error): OutgoingError =>
  outgoingError('truncated', 'The upstream broke off in the middle of its answer.', cause);

function translate(error: Error, headSeen: boolean, fromSocket: boolean): OutgoingError {
  if (error instanceof OutgoingError) return error;
  const code = nodeCode(error) ?? error.name;
  if (headSeen && (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' || code === 'HPE_INVALID_EOF_STATE')) {
    return truncated(error);
  }
  // undici reports an answer that breaks the rules as a socket error of its own ("bad upgrade", "bad response").
  if (error.name === 'HTTPParserError' || error.message.startsWith('bad ')) {
    return outgoingError('protocol-error', `The upstream broke HTTP/1.1: ${error.message}`, error);
  }
  if (isConnectionDeath(error) || code === 'ETIMEDOUT') {
    return headSeen
      ? truncated(error)
      : outgoingError('reset', `The upstream closed the connection (${code}).`, error);
  }
  if (code === 'UND_ERR_HEADERS_TIMEOUT') {
    return outgoingError('header-timeout', 'The upstream did not begin its answer in time.', error);
  }
  if (code === 'UND_ERR_ABORTED' || code === 'UND_ERR_DESTROYED' || code === 'ABORT_ERR')
    return aborted(error);
  if (code.startsWith('UND_ERR_') || code.startsWith('HPE_')) {
    return outgoingError('protocol-error', `The exchange broke HTTP/1.1 (${code}): ${error.message}`, error);
  }
  if (fromSocket) {
    return headSeen ? truncated(error) : outgoingError('reset', `The connection broke (${code}).`, error);
  }
  // What is left comes from the request's body: the client went away while sending it.
  return aborted(error);
}
