import { type ClientHttp2Session, connect, constants } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { aborted, outgoingError } from './errors.ts';

/** Until the server's SETTINGS arrive (RFC 9113 section 6.5.2 recommends at least 100). */
const ASSUMED_STREAMS = 100;
const MAX_ATTEMPTS = 16;
const IDLE_MS = 60_000;
const STREAM_WINDOW_BYTES = 1_048_576;
const CONNECTION_WINDOW_BYTES = 4_194_304;
const MAX_HEADER_LIST_BYTES = 65_536;

interface PooledSession {
  readonly session: ClientHttp2Session;
  /** Streams opened and not yet closed. */
  active: number;
  /** How many streams the server allows at a time. */
  maxStreams: number;
  served: number;
  /** No new streams: the server said GOAWAY, or we are closing. */
  draining: boolean;
}

/** What a caller gets: a session with room for one more stream, to be given back when the stream has closed. */
export interface SessionLease {
  readonly session: ClientHttp2Session;
  /** True if the session has carried a stream before. */
  readonly reused: boolean;
  release(): void;
}

/** HTTP/2 connections of one origin. New ones are dialled only while the others are full. */
export class H2Sessions {
  readonly #origin: string;
  readonly #dial: () => Promise<TLSSocket>;
  readonly #sessions = new Set<PooledSession>();
  #dialling: Promise<PooledSession> | undefined;
  #draining = false;

  constructor(origin: string, dial: () => Promise<TLSSocket>) {
    this.#origin = origin;
    this.#dial = dial;
  }

  get size(): number {
    return this.#sessions.size;
  }

  async lease(): Promise<SessionLease> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const pooled = this.#withRoom() ?? (await this.#connecting());
      // While we waited, others may have filled it, or the server may have gone away again.
      if (hasRoom(pooled)) return lease(pooled);
    }
    throw outgoingError('reset', 'The upstream offers HTTP/2 but takes no streams.');
  }

  /** Lets running streams finish, then closes. */
  drain(): Promise<void> {
    this.#draining = true;
    const closing = [...this.#sessions].map((pooled) => {
      pooled.draining = true;
      const { session } = pooled;
      // Not close(callback): it is never called for a session that is closing already.
      return new Promise<void>((resolve) => {
        if (session.destroyed) resolve();
        session.once('close', () => resolve());
        session.close();
      });
    });
    return Promise.all(closing).then(() => undefined);
  }

  destroy(reason: Error): void {
    for (const pooled of this.#sessions) pooled.session.destroy(reason);
    this.#sessions.clear();
  }

  #withRoom(): PooledSession | undefined {
    for (const pooled of this.#sessions) if (hasRoom(pooled)) return pooled;
    return undefined;
  }

  #connecting(): Promise<PooledSession> {
    this.#dialling ??= this.#open().finally(() => {
      this.#dialling = undefined;
    });
    return this.#dialling;
  }

  async #open(): Promise<PooledSession> {
    const socket = await this.#dial();
    if (this.#draining) {
      socket.destroy();
      throw aborted();
    }
    const session = connect(this.#origin, {
      createConnection: () => socket,
      maxSessionMemory: 64,
      settings: {
        enablePush: false,
        initialWindowSize: STREAM_WINDOW_BYTES,
        maxHeaderListSize: MAX_HEADER_LIST_BYTES,
      },
    });
    const pooled: PooledSession = {
      session,
      active: 0,
      maxStreams: ASSUMED_STREAMS,
      served: 0,
      draining: false,
    };
    const gone = (): void => {
      pooled.draining = true;
      this.#sessions.delete(pooled);
    };
    session.on('remoteSettings', (settings) => {
      pooled.maxStreams = Math.max(1, settings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY);
    });
    session.once('close', gone);
    // RFC 9113 section 6.8: streams above the announced one were not processed; node fails them as refused.
    session.once('goaway', gone);
    // Streams report the error themselves; without a listener it would end the process.
    session.on('error', gone);
    session.setTimeout(IDLE_MS, () => {
      if (pooled.active === 0) session.close();
    });
    this.#sessions.add(pooled);
    await connected(session);
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    return pooled;
  }
}

function connected(session: ClientHttp2Session): Promise<void> {
  if (!session.connecting) return Promise.resolve();
  return new Promise((resolve, reject) => {
    session.once('connect', () => resolve());
    session.once('close', () => reject(outgoingError('reset', 'The HTTP/2 connection closed at once.')));
  });
}

function hasRoom(pooled: PooledSession): boolean {
  const { session } = pooled;
  if (pooled.draining || session.closed || session.destroyed) return false;
  return pooled.active < pooled.maxStreams;
}

function lease(pooled: PooledSession): SessionLease {
  pooled.active++;
  let released = false;
  return {
    session: pooled.session,
    reused: pooled.served++ > 0,
    release() {
      if (released) return;
      released = true;
      pooled.active--;
    },
  };
}

export const H2_ERROR = {
  none: constants.NGHTTP2_NO_ERROR,
  cancel: constants.NGHTTP2_CANCEL,
  refused: constants.NGHTTP2_REFUSED_STREAM,
} as const;
