/**
 * Budgets of one HTTP/2 session for what costs us more than it costs a client: streams reset as soon as they are
 * opened (CVE-2023-44487), pings and settings that want an answer. nghttp2 has limits of its own, but with them a
 * flood slowed other connections to seconds; these end the session first.
 */
import http2, { type ServerHttp2Session } from 'node:http2';
import { Budget } from './budget.ts';
import type { Edge } from './edge.ts';

export class FloodGuard {
  readonly #edge: Edge;
  readonly #resets = new Budget(100, 20);
  /** gRPC clients measure bandwidth with pings, several a second. */
  readonly #pings = new Budget(500, 50);
  readonly #settings = new Budget(50, 2);
  readonly #session: ServerHttp2Session;
  #tripped = false;

  constructor(edge: Edge, session: ServerHttp2Session) {
    this.#edge = edge;
    this.#session = session;
    session.on('ping', () => this.#spend(this.#pings, 'ping'));
    session.on('remoteSettings', () => this.#spend(this.#settings, 'settings'));
  }

  /** The client has reset a stream that we had not answered to the end. */
  streamReset(): void {
    this.#spend(this.#resets, 'reset');
  }

  #spend(budget: Budget, kind: string): void {
    // A client that simply leaves takes all its streams along.
    if (this.#tripped || this.#session.destroyed || budget.spend(performance.now())) return;
    this.#tripped = true;
    this.#edge.counters.floods++;
    this.#edge.incident('http2-flood', kind);
    this.#session.destroy(new Error(`HTTP/2 ${kind} flood`), http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }
}
