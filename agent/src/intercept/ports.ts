/**
 * The parts of the byte edge, and how they fit: `inbound/` faces the client, `outgoing/` faces the network,
 * `certificates/` mints what the client sees, `websocket/` carries frames. They meet in these interfaces only.
 */

import type { OnReadOpts, Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Authority, RawHeaders } from '../core/connection.ts';
import type { WebSocketPlan } from '../core/flow.ts';

/** Key and chain for one inspected host, ready for a TLS server. */
export interface HostCertificate {
  /** PEM private key, one per process. */
  readonly key: string;
  /** PEM: leaf, then intermediate. */
  readonly cert: string;
  readonly notAfterMs: number;
}

export interface CertificateSource {
  /** True if the device CA's name constraints allow this name; IP literals never. */
  covers(host: string): boolean;
  /** Minted on first use, cached, renewed before it expires. */
  forHost(host: string): Promise<HostCertificate>;
}

export type OutgoingErrorCode =
  | 'dns-failed'
  | 'dns-timeout'
  | 'connect-refused'
  | 'connect-timeout'
  | 'proxy-refused'
  | 'proxy-auth'
  | 'handshake-timeout'
  | 'handshake-failed'
  | 'certificate-invalid'
  | 'certificate-revoked'
  | 'header-timeout'
  | 'reset'
  | 'truncated'
  | 'protocol-error'
  | 'target-forbidden'
  | 'aborted';

export class OutgoingError extends Error {
  override readonly name = 'OutgoingError';
  readonly code: OutgoingErrorCode;
  constructor(code: OutgoingErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface UpstreamRequest {
  readonly scheme: 'https' | 'http';
  readonly method: string;
  readonly path: string;
  /** End-to-end headers only, Host included, in the client's order and case. */
  readonly headers: RawHeaders;
  /** `h2` where the call needs it (gRPC, Connect, `te: trailers`), else `h1`. */
  readonly protocol: 'h1' | 'h2';
  /**
   * Bytes already held, or a stream to forward with backpressure; undefined: no body. A stream may be destroyed by its
   * reader, and has its trailers as `rawTrailers` once it has ended (HTTP/1.1 may drop them, RFC 9110 section 6.5.1).
   */
  readonly body: Uint8Array | Readable | undefined;
}

/** What comes back, as it comes. Exactly one of `end` and `error` is called, last. */
export interface UpstreamHandler {
  /** 1xx other than 101. */
  informational(status: number, headers: RawHeaders): void;
  head(status: number, statusText: string, headers: RawHeaders): void;
  /** False: stop sending until `UpstreamCall.resume`. */
  data(chunk: Uint8Array): boolean;
  end(trailers: RawHeaders): void;
  error(error: OutgoingError): void;
}

export interface UpstreamCall {
  resume(): void;
  /** The client is gone or the answer was cut. No handler method is called afterwards. */
  abort(): void;
}

/** How a socket is read without a stream in between, where that is possible. */
export interface SocketReads {
  readonly onread: OnReadOpts;
  /** Set if the socket was opened with them: it is paused, and emits no data. */
  used: boolean;
}

/** Every byte that leaves the agent goes through here: corporate proxy, DNS, deadlines and verification included. */
export interface Outgoing {
  /** A raw connection for a tunnel. Half-open: the caller forwards FIN both ways. */
  openTunnel(target: Authority, signal: AbortSignal, reads?: SocketReads): Promise<Socket>;
  /** A verified TLS connection of its own, for upgrades. */
  openTls(target: Authority, alpn: readonly string[], signal: AbortSignal): Promise<TLSSocket>;
  /** A pooled HTTP call. */
  request(target: Authority, request: UpstreamRequest, handler: UpstreamHandler): UpstreamCall;
  close(): Promise<void>;
}

/** An upgraded pair, both heads already exchanged (101 sent to the client). */
export interface WebSocketPair {
  readonly client: Duplex;
  /** Bytes that arrived with the client's upgrade request. */
  readonly clientHead: Buffer;
  readonly upstream: Duplex;
  readonly upstreamHead: Buffer;
  /** The `sec-websocket-extensions` value of the 101, if any. */
  readonly extensions: string | undefined;
}

export interface WebSocketOutcome {
  readonly result: 'complete' | 'client-aborted' | 'upstream-failed' | 'cut';
  readonly cause: string | undefined;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

export type RelayWebSocket = (pair: WebSocketPair, plan: WebSocketPlan) => Promise<WebSocketOutcome>;
