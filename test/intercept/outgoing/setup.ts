/** What most tests here need: an `Outgoing` that trusts a test root, and TLS or raw servers on loopback. */

import { createSecureServer, type Http2SecureServer } from 'node:http2';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Authority } from '../../../agent/src/core/connection.ts';
import {
  createOutgoing,
  type OutgoingOptions,
  type OutgoingWithStats,
} from '../../../agent/src/intercept/outgoing/outgoing.ts';
import { createTestAuthority, type IssuedCertificate } from '../../kit/pki.ts';

export const HOST = 'api.example.test';

export interface Bench {
  readonly certificate: IssuedCertificate;
  readonly rootPem: string;
  outgoing(options?: Partial<OutgoingOptions>): OutgoingWithStats;
  listen(server: Server | Http2SecureServer): Promise<number>;
  /** A TLS server that speaks HTTP/1.1 by hand. */
  h1(onSocket: (socket: Socket, nth: number) => void, alpn?: readonly string[]): Promise<Authority>;
  tcp(onSocket: (socket: Socket, nth: number) => void): Promise<number>;
  h2(set: (server: Http2SecureServer) => void): Promise<Authority>;
  close(): Promise<void>;
}

export const local = (port: number): Authority => ({ host: HOST, port, address: '127.0.0.1' });

export async function createBench(): Promise<Bench> {
  const authority = await createTestAuthority('Outgoing Test Root');
  const certificate = await authority.issue({ names: [HOST, 'localhost'], addresses: ['127.0.0.1'] });
  const outgoings: OutgoingWithStats[] = [];
  const servers: (Server | Http2SecureServer)[] = [];
  const sockets = new Set<Socket>();
  const listen = (server: Server | Http2SecureServer): Promise<number> => {
    servers.push(server);
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
    });
    return new Promise((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
    );
  };
  const bench: Bench = {
    certificate,
    rootPem: authority.pem,
    outgoing(options = {}) {
      const outgoing = createOutgoing({
        extraCertificates: [authority.pem],
        useSystemStore: false,
        allowPrivateTargets: true,
        deadlines: { dnsMs: 1_000, connectMs: 1_000, handshakeMs: 1_000 },
        ...options,
      });
      outgoings.push(outgoing);
      return outgoing;
    },
    listen,
    async h1(onSocket, alpn = ['http/1.1']) {
      let count = 0;
      const server = createTlsServer({ ...certificate, ALPNProtocols: [...alpn] }, (socket) => {
        socket.on('error', () => {});
        onSocket(socket, count++);
      });
      server.on('tlsClientError', () => {});
      return local(await listen(server));
    },
    tcp(onSocket) {
      let count = 0;
      return listen(createServer({ allowHalfOpen: true }, (socket) => onSocket(socket, count++)));
    },
    async h2(set) {
      const server = createSecureServer({ ...certificate });
      server.on('sessionError', () => {});
      set(server);
      return local(await listen(server));
    },
    async close() {
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all(outgoings.map((outgoing) => outgoing.close()));
    },
  };
  return bench;
}

/** Answers each request head (and sized body) that arrives on a hand-made connection. */
export function onRequests(
  socket: Socket,
  answer: (head: string, body: string, nth: number) => string | undefined,
): void {
  let pending = '';
  let count = 0;
  socket.on('data', (chunk) => {
    pending += chunk.toString('latin1');
    for (;;) {
      const end = pending.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = pending.slice(0, end);
      const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      if (pending.length < end + 4 + length) return;
      const body = pending.slice(end + 4, end + 4 + length);
      pending = pending.slice(end + 4 + length);
      const text = answer(head, body, count++);
      if (text !== undefined) socket.write(text, 'latin1');
    }
  });
}

export const ok = (body: string, ...headers: readonly string[]): string =>
  ['HTTP/1.1 200 OK', ...headers, `Content-Length: ${body.length}`, '', body].join('\r\n');

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits for something that happens soon; fails the test if it doesn't. */
export async function until(condition: () => boolean, limitMs = 3_000): Promise<void> {
  const start = Date.now();
  while (!condition()) {
    if (Date.now() - start > limitMs) throw new Error('It did not happen in time.');
    await pause(5);
  }
}
