import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { RawHeaders } from '../../core/connection.ts';
import type { LocalResponse } from '../../core/flow.ts';
import { type Client, type ClientEvents, discard, type HeadOptions, ignore } from './client.ts';
import { withoutHeaders } from './response-head.ts';

/** Node's response, knowing whose it is: listeners are shared functions instead of closures per request. */
export class ClientResponse extends ServerResponse {
  client: Http1Client | undefined;
}

function onDrain(this: ClientResponse): void {
  this.client?.events?.clientDrained();
}

function onClose(this: ClientResponse): void {
  const events = this.client?.events;
  if (this.client !== undefined) this.client.events = undefined;
  events?.clientClosed();
}

function hasLength(headers: RawHeaders): boolean {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]?.toLowerCase() === 'content-length') return true;
  }
  return false;
}

export class Http1Client implements Client {
  readonly headOnly: boolean;
  events: ClientEvents | undefined;
  readonly #request: IncomingMessage;
  readonly #response: ClientResponse;
  #waitsForInvitation: boolean;

  constructor(request: IncomingMessage, response: ClientResponse, expectsContinue: boolean) {
    this.#request = request;
    this.#response = response;
    this.#waitsForInvitation = expectsContinue;
    this.headOnly = request.method === 'HEAD';
    response.client = this;
    response.sendDate = false;
    response.on('drain', onDrain);
    response.on('close', onClose);
    response.on('error', ignore); // 'close' follows
  }

  get body(): Readable {
    return this.#request;
  }

  requestTrailers(): RawHeaders {
    return this.#request.rawTrailers;
  }

  invite(): void {
    if (!this.#waitsForInvitation || this.#response.destroyed) return;
    this.#waitsForInvitation = false;
    this.#response.writeContinue();
  }

  informational(status: number, headers: RawHeaders): void {
    // RFC 9110 section 15.2: never to an HTTP/1.0 client. 100 is ours to send, and with pipelining it may not be our turn.
    if (status < 102 || this.#request.httpVersionMinor === 0 || this.#response.socket === null) return;
    this.#response.writeInformation(status, headers as string[]);
  }

  head(status: number, statusText: string, headers: RawHeaders, options: HeadOptions): void {
    const response = this.#response;
    response.writeHead(status, statusText, this.#sendable(headers, options) as string[]);
    if (options.flush && !options.endsHere) response.flushHeaders();
  }

  /** Only a chunked body can have trailers; to announce them for another, Node throws. */
  #sendable(headers: RawHeaders, options: HeadOptions): RawHeaders {
    if (!options.trailers) return headers;
    const chunked =
      this.#request.httpVersionMinor > 0 && !this.headOnly && !options.endsHere && !hasLength(headers);
    return chunked ? headers : withoutHeaders(headers, ['trailer']);
  }

  write(chunk: Uint8Array): boolean {
    return this.#response.write(chunk);
  }

  end(trailers: RawHeaders): void {
    if (trailers.length > 0) {
      const pairs: [string, string][] = [];
      for (let i = 0; i < trailers.length; i += 2)
        pairs.push([trailers[i] as string, trailers[i + 1] as string]);
      this.#response.addTrailers(pairs);
    }
    this.#response.end();
  }

  answer(local: LocalResponse): void {
    const body = Buffer.from(local.body);
    // A client that still waits for its 100 may or may not send the body now: RFC 9110 section 10.1.1.
    if (this.#waitsForInvitation) this.#response.shouldKeepAlive = false;
    this.#response.writeHead(local.status, [...local.headers, 'content-length', String(body.byteLength)]);
    this.#response.end(this.headOnly ? undefined : body);
    if (!this.#waitsForInvitation) discard(this.#request, () => this.abort());
  }

  abort(): void {
    this.#response.destroy();
  }

  /** Gives the socket back unanswered: it speaks another protocol from here on. */
  release(socket: Socket): void {
    this.events = undefined;
    this.#response.detachSocket(socket);
  }
}
