/**
 * The real listener between real clients and real loopback origins, with a governor that a test programs and that
 * remembers everything it was told.
 */
import http from 'node:http';
import http2 from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { Authority, Connection } from '../../agent/src/core/connection.ts';
import type {
  Client,
  ConnectionRoute,
  Flow,
  FlowOutcome,
  Governor,
  RequestHead,
  RequestVerdict,
} from '../../agent/src/core/flow.ts';
import type { ClientProcesses, ProcessIdentity } from '../../agent/src/core/process.ts';
import { createListener, type Listener } from '../../agent/src/intercept/listener.ts';
import { createOutgoing } from '../../agent/src/intercept/outgoing/outgoing.ts';
import type {
  CertificateSource,
  HostCertificate,
  RelayWebSocket,
  WebSocketOutcome,
} from '../../agent/src/intercept/ports.ts';
import { createTestAuthority, type TestAuthority } from './pki.ts';

interface SeenFlow {
  readonly head: RequestHead;
  readonly connection: Connection;
  body: string | undefined;
  bodyFailed: string | undefined;
  responseHead: { status: number; headers: readonly string[] } | undefined;
  response: string;
  responseEnded: boolean;
  readonly outcomes: FlowOutcome[];
}

interface RecordingGovernor extends Governor {
  readonly flows: SeenFlow[];
  readonly incidents: { code: string; detail: string }[];
  readonly handshakes: { target: Authority; cause: string; process: ProcessIdentity | undefined }[];
  /** Connections that nobody reads; `who` looks their client up. */
  readonly tunnels: { target: Authority; who: () => Promise<ProcessIdentity | undefined> }[];
  route: (target: Authority, client: Client | undefined) => ConnectionRoute;
  /** What a flow does differently from streaming and tapping everything. */
  flow: (head: RequestHead, seen: SeenFlow) => Partial<Flow>;
  /** Resolves once `count` flows have finished. */
  finished(count: number): Promise<readonly SeenFlow[]>;
}

function recordingGovernor(): RecordingGovernor {
  const governor: RecordingGovernor = {
    flows: [],
    incidents: [],
    handshakes: [],
    tunnels: [],
    route: () => 'inspect',
    flow: () => ({}),
    routeConnection: (target, client) => governor.route(target, client),
    openFlow(head, connection) {
      const seen: SeenFlow = {
        head,
        connection,
        body: undefined,
        bodyFailed: undefined,
        responseHead: undefined,
        response: '',
        responseEnded: false,
        outcomes: [],
      };
      governor.flows.push(seen);
      const own = governor.flow(head, seen);
      const forward: RequestVerdict = { type: 'forward' };
      return {
        requestPlan: own.requestPlan ?? { type: 'stream' },
        requestBody(body) {
          seen.body = Buffer.from(body).toString();
          return own.requestBody?.(body) ?? forward;
        },
        requestBodyFailed(why, raw) {
          seen.bodyFailed = why;
          return own.requestBodyFailed?.(why, raw) ?? forward;
        },
        sendFailed: (cause) => own.sendFailed?.(cause),
        responseHead(status, headers) {
          seen.responseHead = { status, headers };
          return own.responseHead?.(status, headers) ?? { type: 'tap' };
        },
        responseBody(body) {
          seen.response = Buffer.from(body).toString();
          return own.responseBody?.(body) ?? { type: 'forward' };
        },
        responseBodyFailed() {
          seen.bodyFailed = 'response';
          return own.responseBodyFailed?.() ?? { type: 'forward' };
        },
        responseData(chunk) {
          seen.response += Buffer.from(chunk).toString();
          return own.responseData?.(chunk) ?? [];
        },
        responseEnd() {
          seen.responseEnded = true;
          return own.responseEnd?.() ?? [];
        },
        openWebSocket: () => own.openWebSocket?.() ?? { type: 'relay', message: () => [{ type: 'forward' }] },
        finish(outcome) {
          seen.outcomes.push(outcome);
          own.finish?.(outcome);
        },
      };
    },
    handshakeFailed: (target, cause, process) => void governor.handshakes.push({ target, cause, process }),
    tunnelled: (target, who) => void governor.tunnels.push({ target, who }),
    incident: (code, detail) => void governor.incidents.push({ code, detail }),
    async finished(count) {
      await eventually(() => governor.flows.filter((flow) => flow.outcomes.length > 0).length >= count);
      return governor.flows;
    },
  };
  return governor;
}

/** Waits for what another side of a socket must still notice. */
export async function eventually(condition: () => boolean, timeoutMs = 3_000): Promise<void> {
  const until = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > until) throw new Error(`not within ${timeoutMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function testCertificates(authority: TestAuthority, covers = (_host: string) => true): CertificateSource {
  const issued = new Map<string, Promise<HostCertificate>>();
  return {
    covers,
    forHost(host) {
      let certificate = issued.get(host);
      if (certificate === undefined) {
        certificate = authority
          .issue({ names: [host] })
          .then((pair) => ({ ...pair, notAfterMs: Date.now() + 86_400_000 }));
        issued.set(host, certificate);
      }
      return certificate;
    },
  };
}

/** Pipes an upgraded pair and counts; frames are the websocket room's business. */
const pipeWebSocket: RelayWebSocket = (pair) =>
  new Promise<WebSocketOutcome>((resolve) => {
    let requestBytes = pair.clientHead.length;
    let responseBytes = pair.upstreamHead.length;
    pair.client.on('data', (chunk: Buffer) => {
      requestBytes += chunk.length;
    });
    pair.upstream.on('data', (chunk: Buffer) => {
      responseBytes += chunk.length;
    });
    if (pair.clientHead.length > 0) pair.upstream.write(pair.clientHead);
    if (pair.upstreamHead.length > 0) pair.client.write(pair.upstreamHead);
    pair.client.pipe(pair.upstream);
    pair.upstream.pipe(pair.client);
    const end = (): void => {
      pair.client.destroy();
      pair.upstream.destroy();
      resolve({ result: 'complete', cause: undefined, requestBytes, responseBytes });
    };
    pair.client.on('close', end);
    pair.upstream.on('close', end);
  });

export interface Rig {
  readonly governor: RecordingGovernor;
  readonly authority: TestAuthority;
  readonly listener: Listener;
  readonly port: number;
  /** Sends CONNECT and hands over the socket once it was answered 200. */
  connect(authority: string): Promise<net.Socket>;
  /** CONNECT, then TLS to `host`. */
  tls(authority: string, options?: tls.ConnectionOptions): Promise<tls.TLSSocket>;
  /** An HTTP/2 session through the listener. */
  http2(authority: string): Promise<http2.ClientHttp2Session>;
  close(): Promise<void>;
}

export interface RigOptions {
  readonly governor?: RecordingGovernor;
  readonly allowPrivateTargets?: boolean;
  readonly covers?: (host: string) => boolean;
  readonly relayWebSocket?: RelayWebSocket;
  readonly processes?: ClientProcesses;
}

let sharedAuthority: Promise<TestAuthority> | undefined;
export const rigAuthority = (): Promise<TestAuthority> => {
  sharedAuthority ??= createTestAuthority('Edge Rig Root');
  return sharedAuthority;
};

/** Every name leads to loopback, so that `any.name:port` reaches a test's origin. */
export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const authority = await rigAuthority();
  const governor = options.governor ?? recordingGovernor();
  const outgoing = createOutgoing({
    extraCertificates: [authority.pem],
    useSystemStore: false,
    allowPrivateTargets: true,
    deadlines: { dnsMs: 2_000, connectMs: 2_000, handshakeMs: 2_000 },
    resolver: { resolve: () => Promise.resolve(['127.0.0.1']) },
  });
  let id = 0;
  const listener = createListener({
    host: '127.0.0.1',
    port: 0,
    governor,
    certificates: testCertificates(authority, options.covers),
    outgoing,
    relayWebSocket: options.relayWebSocket ?? pipeWebSocket,
    ...(options.processes && { processes: options.processes }),
    pac: () => ({ script: 'function FindProxyForURL() { return "DIRECT"; }', version: 'v1' }),
    newId: () => `connection-${++id}`,
    nowMs: Date.now,
    allowPrivateTargets: options.allowPrivateTargets ?? true,
  });
  const { port } = await listener.listen();
  const sessions = new Set<http2.ClientHttp2Session>();
  const rig: Rig = {
    governor,
    authority,
    listener,
    port,
    connect: (target) => connectThrough(port, target),
    async tls(target, tlsOptions = {}) {
      const socket = await rig.connect(target);
      const servername = target.slice(0, target.lastIndexOf(':'));
      const secure = tls.connect({ socket, servername, ca: authority.pem, ...tlsOptions });
      await new Promise<void>((resolve, reject) => {
        secure.once('secureConnect', resolve);
        secure.once('error', reject);
      });
      return secure;
    },
    async http2(target) {
      const socket = await rig.tls(target, { ALPNProtocols: ['h2'] });
      const session = http2.connect(`https://${target}`, { createConnection: () => socket });
      session.on('error', () => undefined);
      sessions.add(session);
      return session;
    },
    async close() {
      for (const session of sessions) session.destroy();
      await listener.close(0);
      await outgoing.close();
    },
  };
  return rig;
}

export function connectThrough(port: number, target: string): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let answer = '';
    const onData = (chunk: Buffer): void => {
      answer += chunk.toString('latin1');
      const end = answer.indexOf('\r\n\r\n');
      if (end === -1) return;
      if (!answer.startsWith('HTTP/1.1 200')) return;
      socket.off('data', onData);
      socket.pause();
      const rest = answer.slice(end + 4);
      if (rest !== '') socket.unshift(Buffer.from(rest, 'latin1'));
      resolve(socket);
    };
    socket.on('data', onData);
    socket.on('end', () => reject(new Error(answer)));
    socket.on('error', reject);
    socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  });
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly trailers: NodeJS.Dict<string>;
  readonly informational: { statusCode: number; rawHeaders: readonly string[] }[];
}

export interface Ask {
  readonly method?: string;
  readonly path?: string;
  /** Alternating names and values; sent as they are. Host is added if missing. */
  readonly headers?: readonly string[];
  readonly body?: string | Uint8Array;
}

/** One HTTP/1.1 call on a socket that is already connected (and, for inspected hosts, TLS). */
export function ask(socket: Duplex, host: string, options: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const informational: Answer['informational'] = [];
    const headers = [...(options.headers ?? [])];
    if (!headers.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'host'))
      headers.unshift('Host', host);
    const framed = headers.some((name) => /^(content-length|transfer-encoding)$/i.test(name));
    if (options.body !== undefined && !framed)
      headers.push('Content-Length', String(Buffer.byteLength(options.body)));
    const request = http.request({
      createConnection: () => socket as net.Socket,
      method: options.method ?? (options.body === undefined ? 'GET' : 'POST'),
      path: options.path ?? '/',
      headers,
      setHost: false,
      setDefaultHeaders: false,
    });
    request.on('information', (info) =>
      informational.push({ statusCode: info.statusCode, rawHeaders: info.rawHeaders }),
    );
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          rawHeaders: response.rawHeaders,
          body: Buffer.concat(chunks),
          trailers: response.trailers,
          informational,
        }),
      );
    });
    request.end(options.body);
  });
}

export interface Http2Answer {
  readonly headers: http2.IncomingHttpHeaders;
  readonly body: Buffer;
  readonly trailers: http2.IncomingHttpHeaders | undefined;
  readonly informational: http2.IncomingHttpHeaders[];
  readonly rstCode: number;
}

export function ask2(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body?: string | Uint8Array,
): Promise<Http2Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: body === undefined });
    const chunks: Buffer[] = [];
    const informational: http2.IncomingHttpHeaders[] = [];
    let head: http2.IncomingHttpHeaders = {};
    let trailers: http2.IncomingHttpHeaders | undefined;
    stream.on('headers', (info) => informational.push(info));
    stream.on('response', (received) => {
      head = received;
    });
    stream.on('trailers', (received) => {
      trailers = received;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('close', () =>
      resolve({
        headers: head,
        body: Buffer.concat(chunks),
        trailers,
        informational,
        rstCode: stream.rstCode ?? 0,
      }),
    );
    if (body !== undefined) stream.end(body);
  });
}

export interface Origin {
  readonly port: number;
  /** Connections accepted so far. */
  connections(): number;
  close(): Promise<void>;
}

export interface TlsOriginHandlers {
  http1?(request: http.IncomingMessage, response: http.ServerResponse): void;
  http2?(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): void;
  upgrade?(request: http.IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** An HTTPS origin for all names; `h2` only if `http2` is given. */
export async function startTlsOrigin(handlers: TlsOriginHandlers): Promise<Origin> {
  const authority = await rigAuthority();
  const contexts = new Map<string, Promise<tls.SecureContext>>();
  const server = http2.createSecureServer({
    ...(await authority.issue({ names: ['origin.test'] })),
    allowHTTP1: true,
    ALPNProtocols: ['h2', 'http/1.1'],
    ...(handlers.http2 === undefined && { ALPNCallback: () => 'http/1.1', ALPNProtocols: undefined }),
    SNICallback(name, done) {
      let context = contexts.get(name);
      context ??= authority.issue({ names: [name] }).then((pair) => tls.createSecureContext(pair));
      contexts.set(name, context);
      context.then((made) => done(null, made), done);
    },
  } as http2.SecureServerOptions);
  server.removeAllListeners('newListener');
  const http1 = server as unknown as http.Server;
  if (handlers.http1) http1.on('request', handlers.http1);
  if (handlers.upgrade) http1.on('upgrade', handlers.upgrade);
  if (handlers.http2) {
    const { http2: onStream } = handlers;
    server.on('stream', (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => {
      stream.on('error', () => undefined);
      onStream(stream, headers);
    });
  }
  server.on('sessionError', () => undefined);
  return listening(server);
}

/** Plain TCP or HTTP: whatever `server` is. */
export async function listening(server: net.Server): Promise<Origin> {
  const sockets = new Set<net.Socket>();
  let connections = 0;
  server.on('connection', (socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
