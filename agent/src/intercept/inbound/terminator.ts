/**
 * Terminates TLS for inspected hosts: one never-listening server per CONNECT target, fed by `emit('connection')`, so
 * that every handler knows its only target and nothing on the wire can route elsewhere.
 */

import type { Server as HttpServer, IncomingMessage } from 'node:http';
import http2, { type Http2SecureServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Authority, Connection } from '../../core/connection.ts';
import type { ProcessIdentity } from '../../core/process.ts';
import type { HostCertificate } from '../ports.ts';
import { sendLastAnswer } from './answers.ts';
import { parseName } from './authority.ts';
import { type Client, ignore } from './client.ts';
import { type ClientEnd, whenKnown } from './client-ends.ts';
import type { Edge } from './edge.ts';
import { FloodGuard } from './flood-guard.ts';
import {
  agreeOnTarget,
  type Destination,
  destination,
  govern,
  type Inbound,
  refuse,
  refuseMisdirected,
} from './govern.ts';
import { handshakeCause } from './handshake-cause.ts';
import { ClientResponse, Http1Client } from './http1-client.ts';
import { Http2Client } from './http2-client.ts';
import { type HeadFacts, readRequestHead } from './request-head.ts';
import { detachedClient, isWebSocketUpgrade, serveUpgrade } from './upgrade.ts';

const MAX_SERVERS = 256;
const MAX_HEADER_BYTES = 65_536;
const HANDSHAKE_MS = 60_000;
const KEEP_ALIVE_MS = 120_000;
const MAX_STREAMS = 128;
const WINDOW_BYTES = 1 << 20;
/** A client that leaves this soon after the handshake, without a request, most likely refused our certificate. */
const REFUSAL_MS = 2_000;

/** One client connection as the handlers see it. */
interface Session {
  readonly connection: Connection;
  readonly client: ClientEnd | undefined;
  readonly startedAtMs: number;
  requests: number;
  /** The response to the last request of an HTTP/1 connection. */
  lastResponse: ClientResponse | undefined;
  /** Of HTTP/2 sessions. */
  readonly guard: FloodGuard | undefined;
}

/** Handshakes that we broke off ourselves are no sign of a client that refuses our certificate. */
class ServerNameMismatch extends Error {}

export class Terminator {
  readonly #edge: Edge;
  readonly #servers = new Map<string, TerminatingServer>();

  constructor(edge: Edge) {
    this.#edge = edge;
  }

  /** Takes over a client that was told 200: `head` is what it has sent since. */
  accept(target: Authority, socket: Socket, head: Buffer): void {
    this.#edge.counters.inspected++;
    this.#edge.clients.lookUp(socket);
    this.#edge.options.certificates.forHost(target.host).then(
      (certificate) => {
        if (socket.destroyed) return;
        if (head.length > 0) socket.unshift(head);
        // TLS inherits this: half-open, a client that left during the handshake would be waited for.
        socket.allowHalfOpen = false;
        this.#server(target, certificate).accept(socket);
      },
      (error: unknown) => {
        this.#edge.incident('certificate-failed', `${target.host}: ${error}`);
        socket.destroy();
      },
    );
  }

  #server(target: Authority, certificate: HostCertificate): TerminatingServer {
    const key = `${target.host} ${target.port} ${target.address ?? ''}`;
    let server = this.#servers.get(key);
    this.#servers.delete(key);
    server ??= new TerminatingServer(this.#edge, destination(target, 'https', true), certificate);
    this.#servers.set(key, server);
    server.use(certificate);
    if (this.#servers.size > MAX_SERVERS) {
      const oldest = this.#servers.keys().next().value;
      // Its connections live on: they hold the server themselves.
      if (oldest !== undefined) this.#servers.delete(oldest);
    }
    return server;
  }
}

class TerminatingServer {
  readonly #edge: Edge;
  readonly #to: Destination;
  readonly #server: Http2SecureServer;
  #certificate: HostCertificate;
  readonly #sessions = new WeakMap<object, Session>();
  /** Noted when they name their server: once a handshake has failed, its socket no longer knows its port. */
  readonly #handshaking = new WeakMap<object, ClientEnd>();

  constructor(edge: Edge, to: Destination, certificate: HostCertificate) {
    this.#edge = edge;
    this.#to = to;
    this.#certificate = certificate;
    const note = (socket: unknown): void => this.#noteHandshake(socket);
    const checkServerName = this.#checkServerName.bind(this);
    this.#server = http2.createSecureServer({
      key: certificate.key,
      cert: certificate.cert,
      minVersion: 'TLSv1.2',
      allowHTTP1: true,
      handshakeTimeout: HANDSHAKE_MS,
      // Node calls it on the TLS socket, which nothing else gives away before the handshake is over.
      SNICallback(this: unknown, name: string, done: (error: Error | null) => void) {
        note(this);
        checkServerName(name, done);
      },
      settings: {
        initialWindowSize: WINDOW_BYTES,
        maxConcurrentStreams: MAX_STREAMS,
        maxHeaderListSize: MAX_HEADER_BYTES,
        enableConnectProtocol: false, // RFC 8441 is not offered
      },
      maxSessionMemory: 64,
      // The peer's own headers decide; upstreams repeat fields that the RFCs want single.
      strictSingleValueFields: false,
      http1Options: {
        ServerResponse: ClientResponse,
        maxHeaderSize: MAX_HEADER_BYTES,
        requestTimeout: 0,
        headersTimeout: 0,
        keepAliveTimeout: KEEP_ALIVE_MS,
        noDelay: true,
      },
    } as http2.SecureServerOptions);
    this.#listen();
  }

  accept(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  /** A renewed certificate is used for new handshakes. */
  use(certificate: HostCertificate): void {
    if (certificate.cert === this.#certificate.cert) return;
    this.#certificate = certificate;
    this.#server.setSecureContext({ key: certificate.key, cert: certificate.cert, minVersion: 'TLSv1.2' });
  }

  #listen(): void {
    const server = this.#server;
    // Without this, a 'request' listener would build Node's compatibility objects for every HTTP/2 stream as well.
    server.removeAllListeners('newListener');
    const http1 = server as unknown as HttpServer & { shouldUpgradeCallback: typeof isWebSocketUpgrade };
    http1.shouldUpgradeCallback = isWebSocketUpgrade;
    http1.keepAliveTimeout = KEEP_ALIVE_MS;
    http1.on('request', (request, response) => this.#onRequest(request, response as ClientResponse, false));
    http1.on('checkContinue', (request, response) =>
      this.#onRequest(request, response as ClientResponse, true),
    );
    http1.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head));
    http1.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#onClientError(error, socket));
    server.on('session', (session) => this.#onSession(session));
    // The event's types don't know the raw headers.
    const onStream = (stream: ServerHttp2Stream, _: unknown, _flags: number, raw: readonly string[]): void =>
      this.#onStream(stream, raw);
    server.on('stream', onStream as (...event: unknown[]) => void);
    server.on('sessionError', () => {
      this.#edge.counters.clientErrors++;
    });
    server.on('secureConnection', (socket) => this.#onSecureConnection(socket));
    server.on('tlsClientError', (error, socket) => this.#onHandshakeError(error, socket));
  }

  #noteHandshake(socket: unknown): void {
    if (!(socket instanceof TLSSocket)) return;
    const client = this.#edge.clients.at(socket.remotePort);
    if (client !== undefined) this.#handshaking.set(socket, client);
  }

  #checkServerName(name: string, done: (error: Error | null) => void): void {
    // No context of its own: the server's default one is for this very name.
    if (parseName(name) === this.#to.target.host) {
      done(null);
      return;
    }
    this.#edge.counters.refused++;
    this.#edge.incident('server-name-mismatch', this.#to.target.host);
    done(new ServerNameMismatch('The server name is not the host this connection was opened to.'));
  }

  // ---- connections ----

  #onSecureConnection(socket: TLSSocket): void {
    if (socket.alpnProtocol === 'h2') return; // #onSession
    const { target } = this.#to;
    const serverName = socket.servername || undefined;
    const session = this.#open(target, socket, serverName, 'http/1.1', undefined);
    this.#sessions.set(socket, session);
    socket.on('close', () => this.#closed(session));
  }

  #onSession(session: ServerHttp2Session): void {
    const socket = session.socket as TLSSocket;
    const serverName = typeof socket.servername === 'string' ? socket.servername : undefined;
    const guard = new FloodGuard(this.#edge, session);
    const own = this.#open(this.#to.target, socket, serverName, 'h2', guard);
    this.#sessions.set(session, own);
    session.on('close', () => this.#closed(own));
  }

  #open(
    target: Authority,
    { remotePort }: TLSSocket,
    serverName: string | undefined,
    protocol: Connection['protocol'],
    guard: FloodGuard | undefined,
  ): Session {
    const client = this.#edge.clients.at(remotePort);
    const connection = this.#edge.connection(target, remotePort, serverName, protocol, client);
    const startedAtMs = performance.now();
    return { connection, client, startedAtMs, requests: 0, lastResponse: undefined, guard };
  }

  #closed(session: Session): void {
    if (
      session.requests === 0 &&
      performance.now() - session.startedAtMs < REFUSAL_MS &&
      !this.#edge.closing
    ) {
      this.#handshakeFailed('reset', session.client);
    }
  }

  #onHandshakeError(error: Error, socket: TLSSocket): void {
    const client = this.#handshaking.get(socket) ?? this.#edge.clients.at(socket.remotePort);
    socket.destroy();
    if (!(error instanceof ServerNameMismatch)) this.#handshakeFailed(handshakeCause(error), client);
  }

  #handshakeFailed(cause: string, client: ClientEnd | undefined): void {
    this.#edge.counters.handshakeFailures++;
    if (client?.pending === undefined) this.#tellHandshakeFailed(cause, client?.process);
    else void client.found.then((process) => this.#tellHandshakeFailed(cause, process));
  }

  #tellHandshakeFailed(cause: string, process: ProcessIdentity | undefined): void {
    try {
      this.#edge.options.governor.handshakeFailed(this.#to.target, cause, process);
    } catch (error) {
      this.#edge.flowThrew(error);
    }
  }

  #onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
    // Node reports failed handshakes here as well; tlsClientError has dealt with those.
    const session = this.#sessions.get(socket);
    this.#edge.counters.clientErrors++;
    // In the middle of another answer, ours would be read as part of it.
    const silent = session?.lastResponse === undefined || session.lastResponse.writableFinished;
    if (session !== undefined && silent && socket.writable && error.code !== 'ECONNRESET') {
      session.requests++;
      const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
      sendLastAnswer(socket, status, 'Postern could not read this as an HTTP request.');
    } else socket.destroy();
  }

  // ---- requests ----

  #onRequest(request: IncomingMessage, response: ClientResponse, expectsContinue: boolean): void {
    const startedAtMs = performance.now();
    const session = this.#sessions.get(request.socket);
    if (session === undefined) return void response.destroy();
    session.requests++;
    session.lastResponse = response;
    const facts = readRequestHead(request.rawHeaders, request.method, request.url);
    const client = new Http1Client(request, response, expectsContinue);
    if (this.#edge.closing) response.shouldKeepAlive = false;
    const inbound: Inbound = {
      edge: this.#edge,
      connection: session.connection,
      destination: this.#to,
      client,
      facts,
      hasBody: facts.chunked || (facts.contentLength ?? 0) > 0,
      httpVersion: request.httpVersionMinor === 0 ? '1.0' : '1.1',
      webSocket: false,
      startedAtMs,
    };
    this.#serve(inbound, session.client, response);
  }

  #onStream(stream: ServerHttp2Stream, raw: readonly string[]): void {
    const startedAtMs = performance.now();
    stream.on('error', ignore); // 'close' follows
    const session = stream.session && this.#sessions.get(stream.session);
    if (!session) return void stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
    session.requests++;
    const facts = readRequestHead(raw);
    const client = new Http2Client(stream, facts.method, expectsContinue(raw), () =>
      session.guard?.streamReset(),
    );
    if (facts.method === 'CONNECT') {
      refuse(this.#edge, client, 405, 'connect-in-tunnel', 'Postern opens no tunnel within a tunnel.');
      return;
    }
    const inbound: Inbound = {
      edge: this.#edge,
      connection: session.connection,
      destination: this.#to,
      client,
      facts,
      hasBody: !stream.endAfterHeaders,
      httpVersion: '2',
      webSocket: false,
      startedAtMs,
    };
    this.#serve(inbound, session.client, stream);
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const session = this.#sessions.get(socket);
    if (session === undefined) return void socket.destroy();
    session.requests++;
    const facts = readRequestHead(request.rawHeaders, request.method, request.url);
    const client = detachedClient(request, socket);
    if (!this.#agreed(facts, client)) return;
    const { connection } = session;
    const upgrade = {
      edge: this.#edge,
      connection,
      destination: this.#to,
      facts,
      request,
      socket,
      head,
      client,
    };
    whenKnown(session.client, socket, () => serveUpgrade(upgrade));
  }

  #serve(inbound: Inbound, client: ClientEnd | undefined, request: { readonly destroyed: boolean }): void {
    if (this.#agreed(inbound.facts, inbound.client)) whenKnown(client, request, () => govern(inbound));
  }

  #agreed(facts: HeadFacts, client: Client): boolean {
    const verdict = agreeOnTarget(facts, this.#to);
    if (verdict === 'agreed') return true;
    if (verdict === 'misdirected') refuseMisdirected(this.#edge, client);
    else
      refuse(this.#edge, client, 400, 'bad-request', 'The request target is not in a form Postern accepts.');
    return false;
  }
}

function expectsContinue(raw: readonly string[]): boolean {
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i] === 'expect') return raw[i + 1]?.toLowerCase() === '100-continue';
  }
  return false;
}
