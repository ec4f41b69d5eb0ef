/** From an authority to a connection: target rules, proxy, DNS, TCP and TLS, each with its own deadline. */
import { isIP, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Authority } from '../../core/connection.ts';
import type { SocketReads } from '../ports.ts';
import { isForbiddenAddress, isLocalName } from './addresses.ts';
import { openProxyTunnel } from './connect-proxy.ts';
import type { NameResolver } from './dns.ts';
import { aborted, outgoingError } from './errors.ts';
import { handshake, type VerifiedConnection } from './handshake.ts';
import { connectFirst } from './happy-eyeballs.ts';
import { hostAndPort, type ProxyEndpoint } from './proxy-url.ts';
import type { Revocation } from './revocation.ts';
import type { SessionCache } from './session-cache.ts';

export interface Deadlines {
  readonly dnsMs: number;
  /** Of the TCP connection; a proxy's answer to CONNECT gets this and `dnsMs`, since it does both for us. */
  readonly connectMs: number;
  readonly handshakeMs: number;
  /** From the end of the request to the answer's head. Absent: none, long reasoning calls are silent for minutes. */
  readonly headerMs?: number;
}

export interface DialOptions {
  readonly proxy: ProxyEndpoint | undefined;
  readonly allowPrivateTargets: boolean;
  readonly deadlines: Deadlines;
  readonly resolver: NameResolver;
  readonly secureContext: SecureContext;
  readonly sessions: SessionCache;
  readonly revocation: Revocation;
}

export const originKey = (target: Authority): string => {
  const place = hostAndPort(target.host, target.port);
  const origin = target.configured ? `${place}!` : place;
  return target.address === undefined ? origin : `${origin}@${target.address}`;
};

export class Dialler {
  readonly #options: DialOptions;
  constructor(options: DialOptions) {
    this.#options = options;
  }

  /** A byte pipe to the target, through the proxy if there is one. */
  async tunnel(
    target: Authority,
    signal: AbortSignal | undefined,
    allowHalfOpen = false,
    reads?: SocketReads,
  ): Promise<Socket> {
    if (signal?.aborted) throw aborted(signal.reason);
    const { proxy, deadlines } = this.#options;
    this.#refuseForbidden(target);
    if (proxy === undefined || isOwnMachine(target))
      return this.#direct(target, signal, allowHalfOpen, reads);
    const socket = await this.#toProxy(proxy, signal, allowHalfOpen);
    await openProxyTunnel(socket, {
      proxy,
      host: target.address ?? target.host,
      port: target.port,
      timeoutMs: deadlines.dnsMs + deadlines.connectMs,
      signal,
    });
    return socket;
  }

  /** For plain http: the proxy itself (which then gets absolute-form requests), or the target. */
  async plain(target: Authority, signal: AbortSignal | undefined): Promise<Socket> {
    this.#refuseForbidden(target);
    const { proxy } = this.#options;
    return proxy === undefined || isOwnMachine(target)
      ? this.#direct(target, signal, false)
      : this.#toProxy(proxy, signal, false);
  }

  async tls(
    target: Authority,
    alpn: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<VerifiedConnection> {
    const { secureContext, deadlines, revocation, sessions } = this.#options;
    const carrier = await this.tunnel(target, signal);
    const origin = originKey(target);
    const connection = await handshake(carrier, {
      host: target.host,
      alpn,
      secureContext,
      timeoutMs: deadlines.handshakeMs,
      signal,
      revocation,
      sessions: { cache: sessions, key: `${origin} ${alpn.join()}` },
    });
    // Off the hot path: a list that revokes this chain closes its connections later.
    void revocation.learn(origin, connection.chain);
    return connection;
  }

  #refuseForbidden(target: Authority): void {
    if (this.#options.allowPrivateTargets || target.configured) return;
    const literal = target.address ?? (isIP(target.host) === 0 ? undefined : target.host);
    const forbidden = literal === undefined ? isLocalName(target.host) : isForbiddenAddress(literal);
    if (forbidden) throw forbiddenTarget(target.host);
  }

  async #direct(
    target: Authority,
    signal: AbortSignal | undefined,
    allowHalfOpen: boolean,
    reads?: SocketReads,
  ): Promise<Socket> {
    const { resolver, deadlines, allowPrivateTargets } = this.#options;
    const found =
      target.address === undefined ? await resolver.resolve(target.host, signal) : [target.address];
    // After DNS: a public name may point here on purpose (rebinding).
    const addresses =
      allowPrivateTargets || target.configured
        ? found
        : found.filter((address) => !isForbiddenAddress(address));
    if (addresses.length === 0) throw forbiddenTarget(target.host);
    const name = hostAndPort(target.host, target.port);
    return connectFirst(name, addresses, target.port, {
      deadlineMs: deadlines.connectMs,
      signal,
      allowHalfOpen,
      reads,
    });
  }

  /** The administrator named the proxy, so it may be on loopback. */
  async #toProxy(
    proxy: ProxyEndpoint,
    signal: AbortSignal | undefined,
    allowHalfOpen: boolean,
  ): Promise<Socket> {
    const { resolver, deadlines, secureContext } = this.#options;
    const addresses = await resolver.resolve(proxy.host, signal);
    const name = `the proxy ${hostAndPort(proxy.host, proxy.port)}`;
    const options = { deadlineMs: deadlines.connectMs, signal, allowHalfOpen };
    const socket = await connectFirst(name, addresses, proxy.port, options);
    if (!proxy.secure) return socket;
    const timeoutMs = deadlines.handshakeMs;
    const secured = await handshake(socket, {
      host: proxy.host,
      alpn: ['http/1.1'],
      secureContext,
      timeoutMs,
      signal,
    });
    secured.socket.allowHalfOpen = allowHalfOpen;
    return secured.socket;
  }
}

/** The administrator's own sidecar: no proxy leads to this machine's loopback. */
export const isOwnMachine = ({ host, configured }: Authority): boolean =>
  configured === true && (host === '::1' || host === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(host));

const forbiddenTarget = (host: string) =>
  outgoingError('target-forbidden', `${host} leads to this machine or its own link; that is not allowed.`);
