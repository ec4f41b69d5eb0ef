import { connect, isIP, type Socket } from 'node:net';
import type { SocketReads } from '../ports.ts';
import { within } from './deadline.ts';
import { connectError, outgoingError } from './errors.ts';

/** RFC 8305 section 8: recommended Connection Attempt Delay. */
const ATTEMPT_DELAY_MS = 250;
/** A peer that vanished is noticed after this and ten probes one second apart (libuv), however long a stream may idle. */
const KEEP_ALIVE_AFTER_MS = 15_000;
/** Tunnels are many and mostly idle; the programs at their ends have keep-alives of their own. */
const TUNNEL_KEEP_ALIVE_AFTER_MS = 45_000;

export interface ConnectOptions {
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
  /** For tunnels: the peer's FIN doesn't end our side. */
  readonly allowHalfOpen: boolean;
  readonly attemptDelayMs?: number;
  readonly reads?: SocketReads | undefined;
}

/** RFC 8305 section 4: keep the resolver's order (RFC 6724), but alternate families, beginning with the first one's. */
export function interleaveFamilies(addresses: readonly string[]): readonly string[] {
  const first = addresses[0];
  if (first === undefined) return [];
  const family = isIP(first);
  const preferred = addresses.filter((address) => isIP(address) === family);
  const others = addresses.filter((address) => isIP(address) !== family);
  const mixed: string[] = [];
  for (let i = 0; i < Math.max(preferred.length, others.length); i++) {
    const pair = [preferred[i], others[i]];
    for (const address of pair) if (address !== undefined) mixed.push(address);
  }
  return mixed;
}

/**
 * A TCP connection to whichever address answers first (RFC 8305). Rejects with `connect-refused`,
 * `connect-timeout` or `aborted`; `name` is what the message calls the peer.
 */
export function connectFirst(
  name: string,
  addresses: readonly string[],
  port: number,
  options: ConnectOptions,
): Promise<Socket> {
  const race = new AddressRace(name, interleaveFamilies(addresses), port, options);
  const timedOut = () =>
    outgoingError('connect-timeout', `${name} did not accept a connection within ${options.deadlineMs} ms.`);
  return within(race.start(), { timeoutMs: options.deadlineMs, signal: options.signal }, timedOut, () =>
    race.stop(),
  );
}

class AddressRace {
  readonly #name: string;
  readonly #queue: string[];
  readonly #port: number;
  readonly #options: ConnectOptions;
  readonly #attempts = new Set<Socket>();
  #nextTimer: NodeJS.Timeout | undefined;
  #lastError: unknown;

  constructor(name: string, addresses: readonly string[], port: number, options: ConnectOptions) {
    this.#name = name;
    this.#queue = [...addresses];
    this.#port = port;
    this.#options = options;
  }

  start(): Promise<Socket> {
    return new Promise((resolve, reject) => this.#attemptNext(resolve, reject));
  }

  stop(): void {
    clearTimeout(this.#nextTimer);
    this.#queue.length = 0;
    for (const socket of this.#attempts) socket.destroy();
    this.#attempts.clear();
  }

  #attemptNext(resolve: (socket: Socket) => void, reject: (error: Error) => void): void {
    clearTimeout(this.#nextTimer);
    const address = this.#queue.shift();
    if (address === undefined) {
      if (this.#attempts.size === 0) reject(connectError(this.#name, this.#lastError));
      return;
    }
    const { reads } = this.#options;
    const socket = connect({
      ...(reads && { onread: reads.onread }),
      host: address,
      port: this.#port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: this.#options.allowHalfOpen ? TUNNEL_KEEP_ALIVE_AFTER_MS : KEEP_ALIVE_AFTER_MS,
      allowHalfOpen: this.#options.allowHalfOpen,
    });
    // Whoever asked for the reads begins them.
    if (reads !== undefined) socket.pause();
    this.#attempts.add(socket);
    socket.once('connect', () => {
      if (reads !== undefined) reads.used = true;
      this.#attempts.delete(socket);
      this.stop();
      socket.removeAllListeners('error');
      resolve(socket);
    });
    // Also swallows what a destroyed loser may still report: its fate was decided by stop().
    socket.on('error', (error) => {
      this.#lastError = error;
      if (this.#attempts.delete(socket)) this.#attemptNext(resolve, reject);
    });
    if (this.#queue.length > 0) {
      const delayMs = this.#options.attemptDelayMs ?? ATTEMPT_DELAY_MS;
      this.#nextTimer = setTimeout(() => this.#attemptNext(resolve, reject), delayMs);
    }
  }
}
