import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { TunnelReads } from '../../../agent/src/intercept/inbound/tunnel-reads.ts';

const opened: { destroy?(): void; close?(): void }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) {
    one.destroy?.();
    one.close?.();
  }
});

/** A client whose socket on our side gets what `serve` writes to the upstream's. */
async function throughReads(serve: (socket: net.Socket) => void) {
  const upstreamServer = net.createServer({ allowHalfOpen: true }, serve).listen(0, '127.0.0.1');
  const clientServer = net.createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await Promise.all([once(upstreamServer, 'listening'), once(clientServer, 'listening')]);
  const client = net.connect((clientServer.address() as net.AddressInfo).port, '127.0.0.1');
  const [ours] = (await once(clientServer, 'connection')) as [net.Socket];
  const reads = new TunnelReads();
  const port = (upstreamServer.address() as net.AddressInfo).port;
  const upstream = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, onread: reads.onread });
  upstream.pause();
  opened.push(client, ours, upstream, upstreamServer, clientServer);
  await once(upstream, 'connect');
  reads.join(upstream, ours);
  return { client, ours, upstream };
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('reads of a tunnel', () => {
  it('pass every byte, in order, whatever the sizes, and the end', async () => {
    const pieces = Array.from({ length: 200 }, (_, index) => randomBytes(1 + ((index * 7_919) % 90_000)));
    const { client } = await throughReads((socket) => {
      for (const piece of pieces) socket.write(piece);
      socket.end();
    });
    const received = Buffer.concat(await client.toArray());
    expect(hashOf(received)).toBe(hashOf(Buffer.concat(pieces)));
  });

  it('wait for a client that does not read, and never overwrite what it has not got', async () => {
    const sent = randomBytes(24 * 1024 * 1024);
    const { client, ours } = await throughReads((socket) => socket.end(sent));
    client.pause();
    while (ours.writableLength === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    // One buffer waits, not the whole of it.
    expect(ours.writableLength).toBeLessThanOrEqual(1024 * 1024);
    const received = Buffer.concat(await client.toArray());
    expect(received.length).toBe(sent.length);
    expect(hashOf(received)).toBe(hashOf(sent));
  });

  it('let a server speak first, and keep the way back open after its end', async () => {
    const heard = Promise.withResolvers<string>();
    const { client, upstream } = await throughReads((socket) => {
      socket.write('220 ready\r\n');
      socket.end();
      socket.toArray().then((chunks) => heard.resolve(Buffer.concat(chunks).toString()), heard.reject);
    });
    expect(Buffer.concat(await client.toArray()).toString()).toBe('220 ready\r\n');
    upstream.end('QUIT\r\n');
    expect(await heard.promise).toBe('QUIT\r\n');
  });
});
