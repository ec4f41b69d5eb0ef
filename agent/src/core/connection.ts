import type { ProcessIdentity } from './process.ts';

/** Where a client asked to go: the CONNECT authority or the authority of an absolute-form target. */
export interface Authority {
  /** Lower-case DNS name without a trailing dot, or an IP literal without brackets. */
  readonly host: string;
  readonly port: number;
  /**
   * Connect to this IP address instead of resolving `host`; the certificate is still verified for `host`. For a
   * CONNECT to an IP literal whose ClientHello names a host: the bytes must go where the client was going.
   */
  readonly address?: string;
  /**
   * A place that the administrator's configuration names, and no client's words: it may be this machine itself, and
   * is then reached without the corporate proxy.
   */
  readonly configured?: true;
}

/** One client connection: its metadata, no socket. */
export interface Connection {
  readonly id: string;
  readonly openedAtMs: number;
  /** The CONNECT target; routing follows this and nothing else. */
  readonly target: Authority;
  /** Loopback port of the client's end; lets a platform find the process behind it. */
  readonly clientPort: number;
  /** Who holds that end, where the platform could tell in time. May come to be known while the connection lasts. */
  readonly process?: ProcessIdentity | undefined;
  readonly serverName: string | undefined;
  /** What the client negotiated with us. */
  readonly protocol: 'http/1.1' | 'h2';
}

/** Header names and values in wire order, alternating: name, value, name, value. Case is kept for HTTP/1. */
export type RawHeaders = readonly string[];

/** First value of a header, or undefined. `name` is lower-case. */
export function headerValue(headers: RawHeaders, name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) {
    const candidate = headers[i] as string;
    if (candidate.length === name.length && candidate.toLowerCase() === name) return headers[i + 1];
  }
  return undefined;
}
