/** A WebSocket server, a client and the relay under test between them, over real sockets on loopback. */
import net, { type AddressInfo } from 'node:net';
import type { WebSocketPlan } from '../../agent/src/core/flow.ts';
import type { RelayWebSocket, WebSocketOutcome } from '../../agent/src/intercept/ports.ts';

export interface RelayBetween {
  readonly port: number;
  /** Of the first connection. */
  readonly outcome: Promise<WebSocketOutcome>;
  /** Bytes written to the upstream and to the client after the upgrade. */
  readonly toUpstream: Buffer[];
  close(): Promise<void>;
}

/** Forwards both heads of the upgrade as they are, then hands the pair over. */
export async function startRelay(
  upstreamPort: number,
  relay: RelayWebSocket,
  plan: WebSocketPlan,
): Promise<RelayBetween> {
  const outcome = Promise.withResolvers<WebSocketOutcome>();
  const toUpstream: Buffer[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, async (client) => {
    const upstream = net.connect({
      port: upstreamPort,
      host: '127.0.0.1',
      allowHalfOpen: true,
      noDelay: true,
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    const request = await readHead(client);
    upstream.write(request.head);
    const response = await readHead(upstream);
    client.write(response.head);
    const write = upstream.write.bind(upstream);
    upstream.write = ((chunk: Buffer, ...rest: []) => {
      toUpstream.push(chunk);
      return write(chunk, ...rest);
    }) as typeof upstream.write;
    const extensions = /^sec-websocket-extensions: *(.*)\r$/im.exec(response.head.toString('latin1'))?.[1];
    outcome.resolve(
      relay({ client, clientHead: request.rest, upstream, upstreamHead: response.rest, extensions }, plan),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    outcome: outcome.promise,
    toUpstream,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function readHead(socket: net.Socket): Promise<{ head: Buffer; rest: Buffer }> {
  return new Promise((resolve) => {
    let seen = Buffer.alloc(0);
    const onData = (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
      const end = seen.indexOf('\r\n\r\n');
      if (end === -1) return;
      socket.off('data', onData);
      socket.pause();
      resolve({ head: seen.subarray(0, end + 4), rest: seen.subarray(end + 4) });
    };
    socket.on('data', onData);
  });
}
