import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import type { FastifyReply } from 'fastify';
import type { AgentStatus, ExchangeView, Handlers, WatchEvent } from './contract.ts';
import { LocalApiError } from './local-api-error.ts';

/** Changes are gathered for this long: a busy agent sends five messages a second, not one per request. */
const GATHER_MS = 200;
const MAX_WATCHERS = 64;
/** A watcher that doesn't read is dropped; it may come back for a new snapshot. */
const MAX_UNREAD_BYTES = 1024 * 1024;

/** Exchanges kept for watchers that come back: a busy minute. */
const MAX_KEPT = 500;

interface Watcher {
  readonly response: ServerResponse;
  readonly lease: boolean;
  known: AgentStatus;
}

interface WatchersOptions {
  readonly handlers: Pick<Handlers, 'status'>;
  readonly onInternalError: (call: string, error: unknown) => void;
  readonly onLeases?: (count: number) => void;
}

/** Everybody who holds `GET /v1/watch` open, and what each has been told. */
export class Watchers {
  readonly #options: WatchersOptions;
  readonly #all = new Set<Watcher>();
  /** Ids of another run of the agent mean nothing to this one. */
  readonly #run = randomUUID().slice(0, 8);
  readonly #kept: { readonly number: number; readonly exchange: () => ExchangeView }[] = [];
  #number = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WatchersOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#all.size;
  }

  /** `after`: the id of the last event that this watcher has seen. */
  async open(reply: FastifyReply, lease: boolean, after?: string): Promise<void> {
    if (this.#all.size >= MAX_WATCHERS) throw new LocalApiError('unavailable', 'Too many watchers.');
    const status = await this.#options.handlers.status({});
    reply.hijack();
    const { raw: response } = reply;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const watcher: Watcher = { response, lease, known: status };
    this.#all.add(watcher);
    response.on('error', () => this.#drop(watcher)); // the watcher has gone: so has its place in the list
    response.on('close', () => this.#drop(watcher));
    const since = after === undefined ? this.#number : this.#numberOf(after);
    const missed = since === undefined || since < (this.#kept[0]?.number ?? this.#number + 1) - 1;
    this.#send(watcher, { type: 'snapshot', status, missed });
    if (!missed)
      for (const { number, exchange } of this.#kept)
        if (number > since) this.#send(watcher, { type: 'exchange', exchange: exchange() }, number);
    if (lease) this.#leasesChanged();
  }

  changed(): void {
    if (this.#all.size === 0 || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#publish().catch((error: unknown) => this.#options.onInternalError('watch', error));
    }, GATHER_MS);
  }

  exchangeEnded(exchange: () => ExchangeView): void {
    this.#number += 1;
    this.#kept.push({ number: this.#number, exchange });
    if (this.#kept.length > MAX_KEPT) this.#kept.shift();
    if (this.#all.size === 0) return;
    const event: WatchEvent = { type: 'exchange', exchange: exchange() };
    for (const watcher of this.#all) this.#send(watcher, event);
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const { response } of this.#all) response.end();
  }

  async #publish(): Promise<void> {
    const status = await this.#options.handlers.status({});
    for (const watcher of this.#all) {
      const event = difference(watcher.known, status);
      watcher.known = status;
      if (event) this.#send(watcher, event);
    }
  }

  #numberOf(id: string): number | undefined {
    const [, run, number] = /^(\w+)-(\d{1,15})$/.exec(id) ?? [];
    return run === this.#run && Number(number) <= this.#number ? Number(number) : undefined;
  }

  #send(watcher: Watcher, event: WatchEvent, number = this.#number): void {
    const id = `${this.#run}-${number}`;
    watcher.response.write(`id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    if (watcher.response.writableLength > MAX_UNREAD_BYTES) watcher.response.destroy();
  }

  #drop(watcher: Watcher): void {
    if (this.#all.delete(watcher) && watcher.lease) this.#leasesChanged();
  }

  #leasesChanged(): void {
    let count = 0;
    for (const { lease } of this.#all) if (lease) count += 1;
    this.#options.onLeases?.(count);
  }
}

/** The top-level keys that differ; undefined if none does. */
export function difference(before: AgentStatus, after: AgentStatus): WatchEvent | undefined {
  const keys = Object.keys(after) as (keyof AgentStatus)[];
  const changed = keys.filter(
    (key) => after[key] !== undefined && !isDeepStrictEqual(before[key], after[key]),
  );
  const removed = (Object.keys(before) as (keyof AgentStatus)[]).filter(
    (key) => before[key] !== undefined && after[key] === undefined,
  );
  if (changed.length === 0 && removed.length === 0) return undefined;
  return { type: 'change', status: Object.fromEntries(changed.map((key) => [key, after[key]])), removed };
}
