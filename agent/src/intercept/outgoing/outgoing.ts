/**
 * Every byte that leaves the agent: tunnels, TLS connections for upgrades, and pooled HTTP calls. This folder dials
 * (corporate proxy, DNS, Happy Eyeballs), verifies (roots, name, revocation) and speaks HTTP/1.1 and HTTP/2 to the
 * upstream. It decides nothing about content, reads no environment variable, and keeps nothing on disk.
 */
import { isIP, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type Authority, headerValue } from '../../core/connection.ts';
import type {
  Outgoing,
  OutgoingError,
  SocketReads,
  UpstreamCall,
  UpstreamHandler,
  UpstreamRequest,
} from '../ports.ts';
import { type Deadlines, Dialler, isOwnMachine, originKey } from './dial.ts';
import { createNameResolver, type NameResolver } from './dns.ts';
import { aborted, outgoingError } from './errors.ts';
import { H1Call, H1Pool } from './h1-pool.ts';
import { H2Exchange } from './h2-exchange.ts';
import { H2Sessions } from './h2-sessions.ts';
import { fetchList } from './list-fetch.ts';
import { refuseProxyAnswers } from './proxied-handler.ts';
import { hostAndPort, type ProxyEndpoint, proxyAuthorization } from './proxy-url.ts';
import { Revocation, type RevocationCounters } from './revocation.ts';
import { SessionCache } from './session-cache.ts';
import { createTrust } from './trust.ts';

export interface OutgoingOptions {
  /** A corporate proxy that everything goes through. */
  readonly proxy?: ProxyEndpoint;
  /** PEM texts of further roots, beside Mozilla's and the system's. */
  readonly extraCertificates: readonly string[];
  readonly useSystemStore: boolean;
  /** Lets names and addresses lead to loopback and link-local targets: for tests and local models. */
  readonly allowPrivateTargets: boolean;
  readonly deadlines: Deadlines;
  readonly resolver?: NameResolver;
  /** Something a person may have to know; `code` is kebab-case. */
  readonly log?: (code: string, detail: string) => void;
}

interface OutgoingStats {
  readonly origins: number;
  readonly h1Connections: number;
  readonly h2Sessions: number;
  /** Full and resumed TLS handshakes that ended well. */
  readonly handshakes: number;
  readonly resumptions: number;
  /** Second attempts after an idle connection had died. */
  readonly retries: number;
  readonly revocation: Readonly<RevocationCounters>;
}

export interface OutgoingWithStats extends Outgoing {
  stats(): OutgoingStats;
  /** Handshakes with the host, sends nothing, and waits for its revocation lists. Never rejects. */
  prefetchRevocation(target: Authority): Promise<void>;
}

export const DEFAULT_DEADLINES: Deadlines = { dnsMs: 5_000, connectMs: 10_000, handshakeMs: 10_000 };

interface Origin {
  readonly target: Authority;
  readonly scheme: 'https' | 'http';
  readonly h1: H1Pool;
  readonly h2: H2Sessions;
  /** What the server turned out to speak; `h1` is believed until `untilMs`. */
  speaks: { readonly protocol: 'h1' | 'h2'; readonly untilMs: number } | undefined;
  /** No longer among the origins: its pools may not be used any more. */
  forgotten: boolean;
}

const H1_ONLY_MS = 600_000;
const MAX_ORIGINS = 1_000;

export function createOutgoing(options: OutgoingOptions): OutgoingWithStats {
  return new PooledOutgoing(options);
}

class PooledOutgoing implements OutgoingWithStats {
  readonly #options: OutgoingOptions;
  readonly #dialler: Dialler;
  readonly #revocation: Revocation;
  readonly #sessions = new SessionCache();
  readonly #origins = new Map<string, Origin>();
  /** The same by the caller's own object: making the key costs more than the look-up. */
  readonly #byTarget = new WeakMap<Authority, Origin>();
  readonly #counters = { handshakes: 0, resumptions: 0, retries: 0 };
  readonly #closing = new AbortController();

  constructor(options: OutgoingOptions) {
    this.#options = options;
    const { log } = options;
    this.#revocation = new Revocation({
      fetchList: (url) => fetchList(this, url, this.#closing.signal),
      onRevoked: (origin) => this.#dropOrigin(origin),
      now: Date.now,
      log,
    });
    this.#dialler = new Dialler({
      proxy: options.proxy,
      allowPrivateTargets: options.allowPrivateTargets,
      deadlines: options.deadlines,
      resolver: options.resolver ?? createNameResolver({ deadlineMs: options.deadlines.dnsMs }),
      secureContext: createTrust({ ...options, log }),
      sessions: this.#sessions,
      revocation: this.#revocation,
    });
  }

  openTunnel(target: Authority, signal: AbortSignal, reads?: SocketReads): Promise<Socket> {
    if (this.#closing.signal.aborted) return Promise.reject(closing());
    return this.#dialler.tunnel(target, signal, true, reads);
  }

  openTls(target: Authority, alpn: readonly string[], signal: AbortSignal): Promise<TLSSocket> {
    if (this.#closing.signal.aborted) return Promise.reject(closing());
    return this.#tls(target, alpn, signal);
  }

  request(target: Authority, request: UpstreamRequest, handler: UpstreamHandler): UpstreamCall {
    const fault = this.#closing.signal.aborted ? closing() : unsendable(request);
    if (fault !== undefined) return failed(handler, fault);
    const origin = this.#origin(target, request.scheme);
    if (origin === undefined)
      return failed(handler, outgoingError('protocol-error', 'The host is no host name.'));
    const call = new Call(this, origin, request, handler);
    call.start();
    return call;
  }

  stats(): OutgoingStats {
    const origins = [...this.#origins.values()];
    return {
      origins: origins.length,
      h1Connections: origins.reduce((sum, origin) => sum + origin.h1.size, 0),
      h2Sessions: origins.reduce((sum, origin) => sum + origin.h2.size, 0),
      ...this.#counters,
      revocation: { ...this.#revocation.counters },
    };
  }

  async prefetchRevocation(target: Authority): Promise<void> {
    try {
      const { socket, chain } = await this.#dialler.tls(target, ['http/1.1'], undefined);
      socket.destroy();
      await this.#revocation.learn(originKey(target), chain);
    } catch (error) {
      this.#options.log?.('revocation-prefetch-failed', error instanceof Error ? error.message : `${error}`);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(
      [...this.#origins.values()].flatMap((origin) => [origin.h1.drain(), origin.h2.drain()]),
    );
  }

  countRetry(): void {
    this.#counters.retries++;
  }

  async #tls(
    target: Authority,
    alpn: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<TLSSocket> {
    const { socket } = await this.#dialler.tls(target, alpn, signal);
    if (socket.isSessionReused()) this.#counters.resumptions++;
    else this.#counters.handshakes++;
    return socket;
  }

  #origin(target: Authority, scheme: 'https' | 'http'): Origin | undefined {
    const recent = this.#byTarget.get(target);
    if (recent !== undefined && recent.scheme === scheme && !recent.forgotten) return recent;
    const origin = this.#originByName(target, scheme);
    if (origin !== undefined) this.#byTarget.set(target, origin);
    return origin;
  }

  #originByName(target: Authority, scheme: 'https' | 'http'): Origin | undefined {
    const key = `${scheme}://${originKey(target)}`;
    const known = this.#origins.get(key);
    if (known !== undefined) return known;
    if (!isHost(target.host)) return undefined;
    if (this.#origins.size >= MAX_ORIGINS) this.#forgetIdle();
    const origin: Origin = {
      target,
      scheme,
      h1: this.#h1Pool(target, scheme),
      h2: new H2Sessions(`https://${hostAndPort(target.host, target.port)}`, () => this.#dialH2(origin)),
      speaks: undefined,
      forgotten: false,
    };
    this.#origins.set(key, origin);
    return origin;
  }

  #h1Pool(target: Authority, scheme: 'https' | 'http'): H1Pool {
    const { proxy, deadlines } = this.#options;
    const authorization =
      proxy === undefined || scheme === 'https' || isOwnMachine(target)
        ? undefined
        : proxyAuthorization(proxy);
    return new H1Pool({
      origin: `http://${hostAndPort(target.host, target.port)}`,
      headerMs: deadlines.headerMs ?? 0,
      extraHeaders: authorization === undefined ? [] : ['Proxy-Authorization', authorization],
      dial: (signal) =>
        scheme === 'http' ? this.#dialler.plain(target, signal) : this.#tls(target, ['http/1.1'], signal),
      onRetry: () => this.countRetry(),
    });
  }

  async #dialH2(origin: Origin): Promise<TLSSocket> {
    if (origin.scheme === 'http') throw outgoingError('protocol-error', 'HTTP/2 without TLS is not offered.');
    const socket = await this.#tls(origin.target, ['h2', 'http/1.1'], undefined);
    if (socket.alpnProtocol === 'h2') return socket;
    origin.speaks = { protocol: 'h1', untilMs: Date.now() + H1_ONLY_MS };
    origin.h1.adopt(socket);
    throw outgoingError('protocol-error', `${origin.target.host} speaks HTTP/1.1 only.`);
  }

  #forgetIdle(): void {
    for (const [key, origin] of this.#origins) {
      if (origin.h1.size > 0 || !origin.h1.idle || origin.h2.size > 0) continue;
      origin.forgotten = true;
      this.#origins.delete(key);
    }
  }

  /** A certificate was revoked: nothing more may be sent to whoever holds its key. */
  #dropOrigin(origin: string): void {
    const reason = outgoingError('certificate-revoked', `The certificate of ${origin} has been revoked.`);
    this.#options.log?.('certificate-revoked', origin);
    this.#sessions.dropAll(`${origin} `);
    const pools = this.#origins.get(`https://${origin}`);
    pools?.h1.destroy(reason);
    pools?.h2.destroy(reason);
  }

  /** Plain http through a proxy is asked for in absolute form: proxies commonly refuse CONNECT to port 80. */
  viaProxy(origin: Origin): boolean {
    return origin.scheme === 'http' && this.#options.proxy !== undefined && !isOwnMachine(origin.target);
  }
}

/** One call, on whichever protocol the upstream and the call agree on. */
class Call implements UpstreamCall {
  readonly #outgoing: PooledOutgoing;
  readonly #origin: Origin;
  readonly #request: UpstreamRequest;
  readonly #handler: UpstreamHandler;
  #h1: H1Call | undefined;
  #h2: H2Exchange | undefined;

  constructor(outgoing: PooledOutgoing, origin: Origin, request: UpstreamRequest, handler: UpstreamHandler) {
    this.#outgoing = outgoing;
    this.#origin = origin;
    this.#request = request;
    this.#handler = handler;
  }

  start(): void {
    if (this.#wantsH2()) this.#startH2();
    else this.#startH1();
  }

  resume(): void {
    if (this.#h1 !== undefined) this.#h1.exchange?.resume();
    else this.#h2?.resume();
  }

  abort(): void {
    if (this.#h1 !== undefined) this.#origin.h1.abort(this.#h1);
    else this.#h2?.abort();
  }

  #wantsH2(): boolean {
    const { speaks, scheme } = this.#origin;
    if (scheme === 'http') return false;
    if (speaks === undefined) return this.#request.protocol === 'h2';
    if (speaks.protocol === 'h2') return true;
    const believed = speaks.untilMs > Date.now() && !needsH2(this.#request);
    return this.#request.protocol === 'h2' && !believed;
  }

  #startH1(): void {
    const { path, handler } = this.#withProxyRules();
    this.#h2 = undefined;
    const call = new H1Call(this.#origin.h1, this.#request, path, handler, () => {
      this.#origin.speaks = { protocol: 'h2', untilMs: Number.POSITIVE_INFINITY };
      this.#startH2();
    });
    this.#h1 = call;
    this.#origin.h1.start(call);
  }

  #withProxyRules(): { readonly path: string; readonly handler: UpstreamHandler } {
    const { path } = this.#request;
    if (!this.#outgoing.viaProxy(this.#origin)) return { path, handler: this.#handler };
    const { host, port } = this.#origin.target;
    const authority = port === 80 ? hostAndPort(host, port).replace(/:80$/, '') : hostAndPort(host, port);
    return {
      path: `http://${authority}${path}`,
      handler: refuseProxyAnswers(this.#handler, () => this.abort()),
    };
  }

  #startH2(): void {
    const { host, port } = this.#origin.target;
    this.#h1 = undefined;
    this.#h2 = new H2Exchange({
      sessions: this.#origin.h2,
      authority: port === 443 ? hostAndPort(host, port).replace(/:443$/, '') : hostAndPort(host, port),
      request: this.#request,
      handler: this.#handler,
      onNoSession: () => {
        if (this.#origin.speaks?.protocol !== 'h1' || needsH2(this.#request)) return false;
        this.#startH1();
        return true;
      },
      onRetry: () => this.#outgoing.countRetry(),
    });
    this.#h2.start();
  }
}

/** gRPC is defined over HTTP/2 only; everything else, Connect included, has an HTTP/1.1 form. */
const needsH2 = (request: UpstreamRequest): boolean =>
  headerValue(request.headers, 'content-type')?.startsWith('application/grpc') ?? false;

/** What a URL can hold as a host; the strict grammar of CONNECT targets is the listener's matter. */
const isHost = (host: string): boolean => isIP(host) !== 0 || /^[a-z0-9_][a-z0-9_.-]*$/i.test(host);

function failed(handler: UpstreamHandler, error: OutgoingError): UpstreamCall {
  let given = false;
  queueMicrotask(() => {
    if (!given) handler.error(error);
  });
  return {
    resume() {},
    abort() {
      given = true;
    },
  };
}

function unsendable(request: UpstreamRequest) {
  if (request.method === 'CONNECT') return outgoingError('protocol-error', 'CONNECT is not a pooled call.');
  if (!request.path.startsWith('/') && request.path !== '*') {
    return outgoingError('protocol-error', 'The path is not in origin form (RFC 9112 section 3.2.1).');
  }
  return undefined;
}

const closing = () => aborted(new Error('the agent is closing its connections'));
