import type { RawHeaders } from './connection.ts';

/**
 * The agent's own calls (gateway, identity provider, policy server, collector, remote checks). main joins this to the
 * way that everything else leaves the device: corporate proxy, extra roots, hardened TLS, revocation.
 */
export type SendHttp = (request: OwnRequest) => Promise<OwnReply>;

export interface OwnRequest {
  readonly url: URL;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Names in lower case; `host` and `content-length` are the sender's. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Every call has a deadline: there is no other. */
  readonly signal: AbortSignal;
  /** A longer reply is broken off: the call rejects with `ReplyTooLarge`. Not counted where `onData` takes it. */
  readonly maxReplyBytes: number;
  /** The answer has begun; redirects are never followed. */
  onHead?(status: number, headers: RawHeaders): void;
  /** Takes the body as it arrives; `OwnReply.body` is empty then. For event streams. */
  onData?(chunk: Uint8Array): void;
}

export interface OwnReply {
  readonly status: number;
  readonly headers: RawHeaders;
  /** As sent: nothing is decoded, so ask for `identity` or take what comes. */
  readonly body: Uint8Array;
}

export class ReplyTooLarge extends Error {
  override readonly name = 'ReplyTooLarge';
}

/** Plain HTTP to this very machine. All else must be HTTPS. */
export const isLoopbackHttp = ({ protocol, hostname }: URL): boolean =>
  protocol === 'http:' && /^(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(hostname);
