/**
 * The one door clients come in by: a loopback listener for CONNECT, absolute-form requests and the PAC file. It sorts
 * connections into blind tunnels and inspected ones; what happens there is in `inbound/`. It listens on loopback only,
 * asks the governor before every connection, and resolves no names.
 */
import http, { type IncomingMessage } from 'node:http';
import { type AddressInfo, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Authority, Connection } from '../core/connection.ts';
import type { ConnectionRoute, Client as GovernorClient } from '../core/flow.ts';
import { errorAnswer, sendLastAnswer, textAnswer } from './inbound/answers.ts';
import { type ForbiddenTarget, forbiddenTarget, parseAuthority, parseName } from './inbound/authority.ts';
import { type Client, ignore } from './inbound/client.ts';
import { whenKnown } from './inbound/client-ends.ts';
import { Edge, type EdgeCounters, type EdgeGauges, type EdgeOptions } from './inbound/edge.ts';
import { InterceptError, type InterceptErrorCode } from './inbound/errors.ts';
import { type Destination, destination, govern, parseAbsoluteForm, refuse } from './inbound/govern.ts';
import { ClientResponse, Http1Client } from './inbound/http1-client.ts';
import { type HeadFacts, readRequestHead } from './inbound/request-head.ts';
import { Terminator } from './inbound/terminator.ts';
import { ESTABLISHED, openTunnel } from './inbound/tunnel.ts';
import { detachedClient, isWebSocketUpgrade, serveUpgrade } from './inbound/upgrade.ts';

export interface ListenerOptions extends EdgeOptions {
  /** A loopback address. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Lets clients reach loopback, link-local and private addresses: for tests and local models. */
  readonly allowPrivateTargets: boolean;
  /** The current PAC script; `version` changes whenever the script does. */
  pac(): { readonly script: string; readonly version: string };
}

export interface ListenerStats extends EdgeGauges {
  readonly totals: Readonly<EdgeCounters>;
}

export interface Listener {
  /** Rejects with InterceptError. */
  listen(): Promise<{ readonly host: string; readonly port: number }>;
  /** Stops accepting, lets flows finish for `graceMs` at most, then destroys what is left. */
  close(graceMs: number): Promise<void>;
  stats(): ListenerStats;
}

const MAX_HEADER_BYTES = 65_536;
const HEADERS_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_MS = 120_000;
/** For answers that are complete but not yet read by their clients. */
const FLUSH_MS = 250;
const PAC_MAX_AGE_SECONDS = 60;

export function createListener(options: ListenerOptions): Listener {
  return new LoopbackListener(options);
}

class LoopbackListener implements Listener {
  readonly #options: ListenerOptions;
  readonly #edge: Edge;
  readonly #terminator: Terminator;
  readonly #server: http.Server<typeof IncomingMessage, typeof ClientResponse>;
  readonly #sockets = new Set<Socket>();

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#edge = new Edge(options);
    this.#terminator = new Terminator(this.#edge);
    this.#server = http.createServer({
      ServerResponse: ClientResponse,
      noDelay: true,
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // A CONNECT or an absolute form says all there is to say without a Host.
      requireHostHeader: false,
      shouldUpgradeCallback: isWebSocketUpgrade,
    });
    const server = this.#server;
    server.on('connection', (socket) => this.#onConnection(socket));
    server.on('connect', (request, socket, head) => this.#onConnect(request, socket as Socket, head));
    server.on('request', (request, response) => this.#onRequest(request, response, false));
    server.on('checkContinue', (request, response) => this.#onRequest(request, response, true));
    server.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head));
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#onClientError(error, socket));
  }

  listen(): Promise<{ host: string; port: number }> {
    const { host, port } = this.#options;
    if (!isLoopback(host)) {
      const message = `Postern listens on loopback only: "${host}" would open it to the network.`;
      return Promise.reject(new InterceptError('host-not-loopback', message));
    }
    return new Promise((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException): void => reject(listenError(error, host, port));
      this.#server.once('error', onError);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', onError);
        this.#server.on('error', (error) => this.#edge.incident('listener-error', error.message));
        const address = this.#server.address() as AddressInfo;
        this.#edge.ownPort = address.port;
        resolve({ host: address.address, port: address.port });
      });
    });
  }

  async close(graceMs: number): Promise<void> {
    this.#edge.closing = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    if (this.#edge.gauges.flows > 0) await this.#flowsDone(graceMs);
    const flushing = [...this.#sockets].filter((socket) => socket.writableLength > 0);
    if (flushing.length > 0) await allClosed(flushing, Math.min(graceMs, FLUSH_MS));
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    await closed;
    // TLS and HTTP notice the end of their sockets a turn later; then their flows are finished as well.
    if (this.#edge.gauges.flows > 0) await this.#flowsDone(FLUSH_MS);
  }

  stats(): ListenerStats {
    return { ...this.#edge.gauges, totals: { ...this.#edge.counters } };
  }

  #flowsDone(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      this.#edge.onIdle = () => {
        clearTimeout(timer);
        // The last answer is handed to its socket in this very turn of the loop.
        setImmediate(resolve);
      };
    });
  }

  #onConnection(socket: Socket): void {
    this.#sockets.add(socket);
    this.#edge.gauges.connections++;
    // Whoever owns the socket sees its 'close'; nobody may be killed by its 'error'.
    socket.on('error', ignore);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#edge.gauges.connections--;
    });
  }

  // ---- CONNECT ----

  #onConnect(request: IncomingMessage, socket: Socket, head: Buffer): void {
    this.#edge.counters.connects++;
    socket.setTimeout(0);
    const target = parseAuthority(request.url ?? '');
    if (target === undefined) {
      this.#refuseConnect(socket, 400, 'CONNECT needs a host name or IP address, a colon and a port.');
      return;
    }
    const forbidden = forbiddenTarget(target, this.#edge.ownPort, this.#options.allowPrivateTargets);
    if (forbidden !== undefined) {
      this.#refuseConnect(socket, 403, forbiddenSentence(target, forbidden));
      return;
    }
    const route = this.#route(target);
    if (route !== 'ask-process') {
      this.#carry(route, target, socket, head);
      return;
    }
    const client = this.#edge.clients.lookUp(socket);
    whenKnown(client, socket, () => {
      this.#carry(this.#route(target, { process: client?.process }), target, socket, head);
    });
  }

  #carry(route: ConnectionRoute | undefined, target: Authority, socket: Socket, head: Buffer): void {
    if (route === undefined) {
      this.#refuseConnect(socket, 500, 'Postern could not decide where this goes.');
      return;
    }
    if (route === 'tunnel') {
      this.#tunnelled(target, socket);
      const byName = isIP(target.host) !== 0;
      openTunnel(this.#edge, target, socket, head, byName ? this.#takeOver(target, socket) : undefined);
      return;
    }
    if (!this.#covers(target)) {
      this.#tunnelled(target, socket);
      openTunnel(this.#edge, target, socket, head, undefined);
      return;
    }
    socket.write(ESTABLISHED);
    this.#terminator.accept(target, socket, head);
  }

  /** A tunnel to an address whose ClientHello names a listed host is inspected after all, at that same address. */
  #takeOver(target: Authority, socket: Socket) {
    return (serverName: string, seen: Buffer): boolean => {
      const host = parseName(serverName);
      if (host === undefined || isIP(host) !== 0) return false;
      const named: Authority = { host, port: target.port, address: target.host };
      const route = this.#route(named);
      if (route === undefined) {
        socket.destroy();
        return true;
      }
      if (route === 'tunnel' || !this.#covers(named)) {
        this.#tunnelled(named, socket);
        return false;
      }
      this.#terminator.accept(named, socket, seen);
      return true;
    };
  }

  #route(target: Authority, client?: GovernorClient): ConnectionRoute | undefined {
    try {
      return this.#options.governor.routeConnection(target, client);
    } catch (error) {
      this.#edge.flowThrew(error);
      return undefined;
    }
  }

  #tunnelled(target: Authority, socket: Socket): void {
    try {
      this.#options.governor.tunnelled?.(target, async () => this.#edge.clients.lookUp(socket)?.found);
    } catch (error) {
      this.#edge.flowThrew(error);
    }
  }

  /** Without a certificate that clients would accept, the only honest way is not to touch the connection. */
  #covers(target: Authority): boolean {
    if (this.#options.certificates.covers(target.host)) return true;
    this.#edge.incident('outside-name-constraints', target.host);
    return false;
  }

  #refuseConnect(socket: Socket, status: number, sentence: string): void {
    this.#edge.counters.refused++;
    sendLastAnswer(socket, status, sentence);
  }

  // ---- requests to the proxy itself, and through it without a tunnel ----

  #onRequest(request: IncomingMessage, response: ClientResponse, expectsContinue: boolean): void {
    const startedAtMs = performance.now();
    if (this.#edge.closing) response.shouldKeepAlive = false;
    const facts = readRequestHead(request.rawHeaders, request.method, request.url);
    const client = new Http1Client(request, response, expectsContinue);
    if (facts.path.startsWith('/')) {
      this.#serveOwn(facts, client);
      return;
    }
    const to = this.#destination(facts, client, request.socket);
    if (to === undefined) return;
    this.#whenKnown(to, request.socket, response, () =>
      govern({
        edge: this.#edge,
        connection: this.#plainConnection(to, request),
        destination: to,
        client,
        facts,
        hasBody: facts.chunked || (facts.contentLength ?? 0) > 0,
        httpVersion: request.httpVersionMinor === 0 ? '1.0' : '1.1',
        webSocket: false,
        startedAtMs,
      }),
    );
  }

  /** Nobody is looked up for what isn't looked at. */
  #whenKnown(
    to: Destination,
    socket: Socket,
    request: { readonly destroyed: boolean },
    go: () => void,
  ): void {
    whenKnown(to.inspected ? this.#edge.clients.lookUp(socket) : undefined, request, go);
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const facts = readRequestHead(request.rawHeaders, request.method, request.url);
    const client = detachedClient(request, socket);
    const to = this.#destination(facts, client, request.socket);
    if (to === undefined) return;
    this.#whenKnown(to, request.socket, socket, () => {
      const connection = this.#plainConnection(to, request);
      serveUpgrade({ edge: this.#edge, connection, destination: to, facts, request, socket, head, client });
    });
  }

  #plainConnection(to: Destination, request: IncomingMessage): Connection {
    const { remotePort } = request.socket;
    const client = this.#edge.clients.at(remotePort);
    return this.#edge.connection(to.target, remotePort, undefined, 'http/1.1', client);
  }

  /** Where an absolute-form request goes; answers it and returns undefined if it goes nowhere. */
  #destination(facts: HeadFacts, client: Client, socket: Socket): Destination | undefined {
    const edge = this.#edge;
    const form = parseAbsoluteForm(facts.path);
    const target = form && parseAuthority(form.authority, form.scheme === 'https' ? 443 : 80);
    if (form === undefined || target === undefined) {
      refuse(
        edge,
        client,
        400,
        'bad-request',
        'This is a proxy: the request must name an http or https URL.',
      );
      return undefined;
    }
    const forbidden = forbiddenTarget(target, edge.ownPort, this.#options.allowPrivateTargets);
    if (forbidden !== undefined) {
      refuse(edge, client, 403, 'target-forbidden', forbiddenSentence(target, forbidden));
      return undefined;
    }
    const route = this.#route(target);
    if (route === undefined) {
      client.answer(errorAnswer(500, 'postern-defect', 'Postern could not decide where this goes.'));
      return undefined;
    }
    facts.path = form.path;
    if (route === 'tunnel') this.#tunnelled(target, socket);
    // There is no handshake here that anybody could refuse: whoever asks, it is looked at.
    return destination(target, form.scheme, route !== 'tunnel');
  }

  #serveOwn(facts: HeadFacts, client: Client): void {
    const path = facts.path.split('?', 1)[0];
    if (path !== '/proxy.pac' || (facts.method !== 'GET' && facts.method !== 'HEAD')) {
      const sentence = 'This is the local proxy of Postern; it serves nothing here but /proxy.pac.';
      client.answer(textAnswer(404, sentence));
      return;
    }
    const { script, version } = this.#options.pac();
    client.answer({
      status: 200,
      headers: [
        'content-type',
        'application/x-ns-proxy-autoconfig',
        'cache-control',
        `max-age=${PAC_MAX_AGE_SECONDS}`,
        'etag',
        `"${version.replace(/[^\w.-]/g, '')}"`,
      ],
      body: script,
    });
  }

  #onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
    this.#edge.counters.clientErrors++;
    const fresh = (socket as Socket).bytesWritten === 0;
    if (!fresh || !socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
    const status =
      error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
    sendLastAnswer(socket, status, 'Postern could not read this as an HTTP request.');
  }
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

function forbiddenSentence(target: Authority, why: ForbiddenTarget): string {
  const place = `${target.host}:${target.port}`;
  if (why === 'own-port') return `Postern refused ${place}: that is Postern itself.`;
  const kind = why === 'local' ? 'an address of this machine or its links' : 'a private address';
  return (
    `Postern refused ${place}: it is ${kind}. Exclude it from the proxy (NO_PROXY), ` +
    'or allow such targets with "upstream.allowPrivateTargets" in the configuration.'
  );
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): InterceptError {
  const codes: Record<string, InterceptErrorCode> = {
    EADDRINUSE: 'port-in-use',
    EACCES: 'port-forbidden',
    EADDRNOTAVAIL: 'address-unavailable',
  };
  const code = codes[error.code ?? ''] ?? 'listen-failed';
  const reasons: Partial<Record<InterceptErrorCode, string>> = {
    'port-in-use': 'another program is listening there',
    'port-forbidden': 'this account may not use that port',
    'address-unavailable': 'this machine has no such address',
  };
  return new InterceptError(code, `Cannot listen on ${host}:${port}: ${reasons[code] ?? error.message}.`, {
    cause: error,
  });
}

function allClosed(sockets: readonly Socket[], timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    let left = sockets.length;
    const timer = setTimeout(resolve, timeoutMs);
    for (const socket of sockets) {
      socket.once('close', () => {
        left--;
        if (left > 0) return;
        clearTimeout(timer);
        resolve();
      });
      socket.end();
    }
  });
}
