import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { RawHeaders } from '../../core/connection.ts';
import type { OutgoingError, UpstreamHandler, UpstreamRequest } from '../ports.ts';
import { aborted } from './errors.ts';
import { isAlpnRefusal } from './handshake.ts';
import {
  dispatchOptions,
  type ExchangeOwner,
  H1Connection,
  H1Exchange,
  type H1Outcome,
} from './undici-adapter.ts';

/** More would be a bug or an attack; what comes on top waits. */
const MAX_CONNECTIONS = 256;

export interface H1PoolOptions {
  /** `http://host:port`, always: TLS is the dialler's matter, and undici would reconnect whenever Host changes. */
  readonly origin: string;
  /** Appended to every request: a proxy's credentials, for plain http. */
  readonly extraHeaders: RawHeaders;
  readonly headerMs: number;
  readonly dial: (signal: AbortSignal) => Promise<Socket>;
  readonly onRetry: () => void;
}

/** One request through a pool, over as many connections as it takes. */
export class H1Call implements ExchangeOwner {
  readonly request: UpstreamRequest;
  readonly path: string;
  readonly handler: UpstreamHandler;
  /** The server refused HTTP/1.1 in the TLS handshake; the call is untouched and may be made over h2. */
  readonly onAlpnRefused: () => void;
  exchange: H1Exchange | undefined;
  retried = false;
  aborted = false;
  readonly #pool: H1Pool;

  constructor(
    pool: H1Pool,
    request: UpstreamRequest,
    path: string,
    handler: UpstreamHandler,
    onAlpnRefused: () => void,
  ) {
    this.#pool = pool;
    this.request = request;
    this.path = path;
    this.handler = handler;
    this.onAlpnRefused = onAlpnRefused;
  }

  settled(exchange: H1Exchange, outcome: H1Outcome, error: OutgoingError | undefined): void {
    this.#pool.settled(this, exchange, outcome, error);
  }
}

/** Connections of one origin, one exchange at a time each, most recently used first so that the others can lapse. */
export class H1Pool {
  readonly #options: H1PoolOptions;
  readonly #idle: H1Connection[] = [];
  readonly #all = new Set<H1Connection>();
  readonly #waiting: H1Call[] = [];
  #active = 0;
  readonly #adopted: Socket[] = [];
  #drained: (() => void) | undefined;

  constructor(options: H1PoolOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#all.size;
  }

  get idle(): boolean {
    return this.#active === 0 && this.#waiting.length === 0;
  }

  /** A connection that already exists, because the server preferred HTTP/1.1 when h2 was offered. */
  adopt(socket: Socket): void {
    this.#adopted.push(socket);
  }

  start(call: H1Call): void {
    const connection = this.#idle.pop() ?? this.#open();
    if (connection === undefined) this.#waiting.push(call);
    else this.#send(call, connection);
  }

  abort(call: H1Call): void {
    call.aborted = true;
    const { exchange } = call;
    if (exchange !== undefined) {
      exchange.abort();
      return;
    }
    const index = this.#waiting.indexOf(call);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  /** Closes every connection, busy ones included. */
  destroy(reason: Error): void {
    for (const connection of this.#all) connection.destroy(reason);
    for (const socket of this.#adopted.splice(0)) socket.destroy();
    this.#all.clear();
    this.#idle.length = 0;
  }

  /** Resolves once no call is left; idle connections are closed at once. */
  async drain(): Promise<void> {
    for (const connection of this.#idle.splice(0)) this.#drop(connection);
    if (this.idle) return;
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
  }

  #open(): H1Connection | undefined {
    if (this.#all.size >= MAX_CONNECTIONS) return undefined;
    const { origin, headerMs, dial } = this.#options;
    const connect = (signal: AbortSignal): Promise<Socket> => {
      const adopted = this.#adopted.pop();
      return adopted === undefined || adopted.destroyed ? dial(signal) : Promise.resolve(adopted);
    };
    const connection: H1Connection = new H1Connection(origin, headerMs, connect, () => {
      const index = this.#idle.indexOf(connection);
      if (index < 0) return;
      this.#idle.splice(index, 1);
      this.#drop(connection);
    });
    this.#all.add(connection);
    return connection;
  }

  #drop(connection: H1Connection): void {
    this.#all.delete(connection);
    connection.destroy();
  }

  #send(call: H1Call, connection: H1Connection): void {
    const exchange = new H1Exchange(call);
    call.exchange = exchange;
    this.#active++;
    connection.send(exchange, dispatchOptions(call.request, call.path, this.#options.extraHeaders));
  }

  settled(call: H1Call, exchange: H1Exchange, outcome: H1Outcome, error: OutgoingError | undefined): void {
    this.#active--;
    const { connection } = exchange;
    if (connection !== undefined) {
      if (outcome === 'complete' && this.#all.has(connection) && this.#drained === undefined) {
        this.#idle.push(connection);
      } else this.#drop(connection);
    }
    if (call !== undefined && outcome !== 'complete' && !call.aborted)
      this.#failed(call, exchange, outcome, error);
    this.#next();
  }

  #failed(call: H1Call, exchange: H1Exchange, outcome: H1Outcome, error = aborted()): void {
    if (isAlpnRefusal(error)) {
      call.onAlpnRefused();
      return;
    }
    // RFC 9112 section 9.3.1: the server may have closed an idle connection just as the request left. A second
    // attempt goes over a fresh one, so that a server which always breaks off is asked twice and no more.
    if (outcome === 'retry' && !call.retried && isHeld(call.request.body)) {
      call.retried = true;
      this.#options.onRetry();
      const connection = this.#open();
      if (connection !== undefined) {
        this.#send(call, connection);
        return;
      }
    }
    exchange.fail(error);
  }

  #next(): void {
    const call = this.#waiting.shift();
    if (call !== undefined) this.start(call);
    else if (this.#drained !== undefined && this.idle) this.#drained();
  }
}

const isHeld = (body: Uint8Array | Readable | undefined): boolean =>
  body === undefined || body instanceof Uint8Array;
