/** WebSocket upgrades: the handshake is replayed to the upstream; a 101 hands both sockets to the relay. */
import http, { type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Authority, Connection, RawHeaders } from '../../core/connection.ts';
import { headerValue } from '../../core/connection.ts';
import type { WebSocketPlan } from '../../core/flow.ts';
import { OutgoingError, type UpstreamCall, type UpstreamRequest } from '../ports.ts';
import { withReadableOffers } from '../websocket/permessage-deflate.ts';
import { ignore } from './client.ts';
import type { Edge } from './edge.ts';
import type { FlowDriver } from './flow-driver.ts';
import { type Destination, govern } from './govern.ts';
import { ClientResponse, Http1Client } from './http1-client.ts';
import type { HeadFacts } from './request-head.ts';

/** Given to Node's servers: any other upgrade (h2c of Java clients) is served as a plain request instead. */
export function isWebSocketUpgrade(request: IncomingMessage): boolean {
  return request.method === 'GET' && request.headers.upgrade?.toLowerCase() === 'websocket';
}

/** A response on a socket that Node's HTTP server has let go of. Ends the connection when it is sent. */
export function detachedClient(request: IncomingMessage, socket: Duplex): Http1Client {
  const response = new ClientResponse(request);
  response.shouldKeepAlive = false;
  socket.on('error', ignore); // 'close' follows
  response.assignSocket(socket as Socket);
  response.on('finish', () => {
    response.detachSocket(socket as Socket);
    socket.end();
  });
  return new Http1Client(request, response, false);
}

export interface UpgradeRequest {
  readonly edge: Edge;
  readonly connection: Connection;
  readonly destination: Destination;
  readonly facts: HeadFacts;
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly client: Http1Client;
}

export function serveUpgrade(upgrade: UpgradeRequest): void {
  const { edge, connection, destination, facts, client, request } = upgrade;
  govern({
    edge,
    connection,
    destination,
    client,
    facts,
    hasBody: false,
    httpVersion: request.httpVersionMinor === 0 ? '1.0' : '1.1',
    webSocket: true,
    startedAtMs: performance.now(),
    dispatch: (target, upstreamRequest, driver) => new Handshake(upgrade, target, upstreamRequest, driver),
  });
}

/** One replayed handshake; an answer other than 101 goes to the driver like any other response. */
class Handshake implements UpstreamCall {
  readonly #upgrade: UpgradeRequest;
  readonly #driver: FlowDriver;
  readonly #dialling = new AbortController();
  #request: http.ClientRequest | undefined;
  #answer: IncomingMessage | undefined;
  #over = false;

  constructor(upgrade: UpgradeRequest, target: Authority, request: UpstreamRequest, driver: FlowDriver) {
    this.#upgrade = upgrade;
    this.#driver = driver;
    const { outgoing } = upgrade.edge.options;
    const { signal } = this.#dialling;
    const dialled: Promise<Socket> =
      request.scheme === 'https'
        ? outgoing.openTls(target, ['http/1.1'], signal)
        : outgoing.openTunnel(target, signal);
    dialled.then(
      (socket) => this.#send(socket, request),
      (error: unknown) => this.#fail(error),
    );
  }

  resume(): void {
    this.#answer?.resume();
  }

  abort(): void {
    this.#over = true;
    this.#dialling.abort();
    this.#request?.destroy();
  }

  #send(socket: Socket, request: UpstreamRequest): void {
    if (this.#over) return void socket.destroy();
    socket.on('error', ignore); // the request or the relay reports it
    const outgoing = http.request({
      createConnection: () => socket,
      method: request.method,
      path: request.path,
      headers: [...withReadableOffers(request.headers), 'Connection', 'Upgrade', 'Upgrade', 'websocket'],
      setHost: false,
      setDefaultHeaders: false,
      maxHeaderSize: 65_536,
    });
    this.#request = outgoing;
    outgoing.on('information', (info) =>
      this.#driver.response.informational(info.statusCode, info.rawHeaders),
    );
    outgoing.on('response', (answer) => this.#forward(answer));
    outgoing.on('upgrade', (answer, upstream, head) => this.#switch(answer, upstream, head));
    outgoing.on('error', (error) => this.#fail(error));
    outgoing.end();
  }

  #forward(answer: IncomingMessage): void {
    if (this.#over) return;
    this.#answer = answer;
    answer.on('data', (chunk: Buffer) => {
      if (!this.#over && !this.#driver.response.data(chunk)) answer.pause();
    });
    answer.on('end', () => {
      if (this.#over) return;
      this.#over = true;
      this.#driver.response.end(answer.rawTrailers);
    });
    answer.on('error', (error) => this.#fail(error, 'truncated'));
    answer.on('close', () => this.#fail(undefined, 'truncated'));
    this.#driver.response.head(answer.statusCode ?? 502, answer.statusMessage ?? '', answer.rawHeaders);
  }

  #switch(answer: IncomingMessage, upstream: Duplex, upstreamHead: Buffer): void {
    if (this.#over) return void upstream.destroy();
    this.#over = true;
    const { edge, socket, client, head } = this.#upgrade;
    const driver = this.#driver;
    let plan: WebSocketPlan;
    try {
      plan = driver.openWebSocket();
    } catch (error) {
      upstream.destroy();
      driver.threw(error);
      return;
    }
    driver.switchProtocols();
    client.release(socket as Socket);
    socket.write(switchingHead(answer.rawHeaders), 'latin1');
    const extensions = headerValue(answer.rawHeaders, 'sec-websocket-extensions');
    edge.options
      .relayWebSocket({ client: socket, clientHead: head, upstream, upstreamHead, extensions }, plan)
      .then(
        (outcome) => driver.finishWebSocket(outcome),
        (error: unknown) => {
          socket.destroy();
          upstream.destroy();
          edge.flowThrew(error);
          driver.finishWebSocket({
            result: 'upstream-failed',
            cause: 'postern-defect',
            requestBytes: 0,
            responseBytes: 0,
          });
        },
      );
  }

  #fail(error: unknown, code: 'reset' | 'truncated' = 'reset'): void {
    if (this.#over) return;
    this.#over = true;
    this.#request?.destroy();
    const message = error instanceof Error ? error.message : 'the connection was closed';
    this.#driver.response.error(
      error instanceof OutgoingError ? error : new OutgoingError(code, message, { cause: error }),
    );
  }
}

function switchingHead(headers: RawHeaders): string {
  let head = 'HTTP/1.1 101 Switching Protocols\r\n';
  for (let i = 0; i < headers.length; i += 2) {
    if ((headers[i] as string).toLowerCase() !== 'alt-svc') head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  }
  return `${head}\r\n`;
}
