/** Frame by frame over bare sockets: what `ws` would hide. */
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { WebSocketCommand, WebSocketPlan } from '../../../agent/src/core/flow.ts';
import { writeFrame } from '../../../agent/src/intercept/websocket/frame-header.ts';
import type { RelayLimits } from '../../../agent/src/intercept/websocket/relay-limits.ts';
import { createRelayWebSocket } from '../../../agent/src/intercept/websocket/websocket.ts';
import { createTestAuthority } from '../../kit/pki.ts';

const KEY = Buffer.from([1, 2, 3, 4]);
const LIMITS = { closeTimeoutMs: 200, lingerMs: 100, maxMessageBytes: 100_000 };
const forwardAll: WebSocketPlan = { type: 'govern', message: () => [{ type: 'forward' }] };
const hello = writeFrame(1, Buffer.from('hello'), undefined);
const close = (code: number, masked = false) =>
  writeFrame(8, Buffer.of(code >> 8, code & 0xff), masked ? KEY : undefined);

const opened: net.Socket[] = [];
afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy();
});

/** Two connected sockets: ours (given to the relay) and the peer's. */
async function socketPair(): Promise<{ ours: net.Socket; peer: net.Socket }> {
  const server = net.createServer({ allowHalfOpen: true, noDelay: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[net.Socket]>;
  const peer = net.connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    allowHalfOpen: true,
  });
  const [ours] = await accepted;
  server.close();
  opened.push(ours, peer);
  return { ours, peer };
}

/** What a peer received, and how it ended. */
function watch(socket: net.Socket) {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => {});
  socket.on('end', () => socket.end());
  return {
    bytes: () => Buffer.concat(chunks).toString('hex'),
    closed: new Promise<void>((resolve) => socket.on('close', () => resolve())),
    async until(expected: string) {
      while (!Buffer.concat(chunks).toString('hex').endsWith(expected)) await once(socket, 'data');
    },
  };
}

async function start(
  plan: WebSocketPlan,
  options: { limits?: Partial<RelayLimits>; extensions?: string; clientHead?: Buffer } = {},
) {
  const near = await socketPair();
  const far = await socketPair();
  const outcome = createRelayWebSocket({ ...LIMITS, ...options.limits })(
    {
      client: near.ours,
      clientHead: options.clientHead ?? Buffer.alloc(0),
      upstream: far.ours,
      upstreamHead: Buffer.alloc(0),
      extensions: options.extensions,
    },
    plan,
  );
  return {
    client: near.peer,
    server: far.peer,
    outcome,
    seenByClient: watch(near.peer),
    seenByServer: watch(far.peer),
  };
}

describe('ends', () => {
  it('a FIN without a Close frame: what came before arrives, then the other end is cut off', async () => {
    const { server, outcome, seenByClient } = await start(forwardAll);
    server.end(hello);
    await seenByClient.closed;
    expect(seenByClient.bytes()).toBe(hello.toString('hex'));
    expect(await outcome).toEqual({
      result: 'upstream-failed',
      cause: 'truncated',
      requestBytes: 0,
      responseBytes: hello.length,
    });
  });

  it('a FIN inside a frame: nothing of the frame arrives', async () => {
    const { client, outcome, seenByServer } = await start(forwardAll);
    client.end(writeFrame(1, Buffer.from('hello'), KEY).subarray(0, 8));
    await seenByServer.closed;
    expect(seenByServer.bytes()).toBe('');
    expect(await outcome).toMatchObject({ result: 'client-aborted', cause: 'truncated', requestBytes: 8 });
  });

  it('a FIN while the governor thinks: the message still gets its verdict', async () => {
    const gate = Promise.withResolvers<void>();
    const { server, outcome, seenByClient } = await start({
      type: 'govern',
      async message() {
        await gate.promise;
        return [{ type: 'forward' }];
      },
    });
    server.end(Buffer.concat([hello, close(1000)]));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seenByClient.bytes()).toBe('');
    gate.resolve();
    await seenByClient.closed;
    expect(seenByClient.bytes()).toBe(hello.toString('hex') + close(1000).toString('hex'));
    expect(await outcome).toMatchObject({ result: 'complete' });
  });

  it('a Close frame passes with its bytes, and nothing after it does', async () => {
    const { client, server, outcome, seenByClient, seenByServer } = await start(forwardAll);
    server.write(Buffer.concat([close(4001), hello]));
    await seenByClient.until(close(4001).toString('hex'));
    client.write(close(4001, true));
    await seenByServer.until(close(4001, true).toString('hex'));
    server.end();
    await seenByClient.closed;
    expect(seenByClient.bytes()).toBe(close(4001).toString('hex'));
    expect(await outcome).toMatchObject({ result: 'complete', cause: undefined });
  });

  it('a Close frame that nobody answers ends it after the deadline', async () => {
    const { client, outcome, seenByServer } = await start(forwardAll);
    client.write(close(1000, true));
    expect(await outcome).toMatchObject({ result: 'complete' });
    await seenByServer.closed;
  });
});

describe('violations', () => {
  it.each([
    ['client', hello, '1002', 'protocol-error'],
    ['client', writeFrame(1, Buffer.from([0xff]), KEY), '1007', 'invalid-data'],
    ['server', Buffer.from('8f00', 'hex'), '1002', 'protocol-error'],
    ['server', Buffer.from('827f00000000ffffffff', 'hex'), '1009', 'message-too-big'],
  ] as const)('of the %s: it gets a Close, the other end is cut off', async (who, bytes, code, cause) => {
    const { client, server, outcome, seenByClient, seenByServer } = await start(forwardAll);
    (who === 'client' ? client : server).write(bytes);
    const result = who === 'client' ? 'client-aborted' : 'upstream-failed';
    expect(await outcome).toMatchObject({ result, cause });
    await Promise.all([seenByClient.closed, seenByServer.closed]);
    const [guilty, innocent] = who === 'client' ? [seenByClient, seenByServer] : [seenByServer, seenByClient];
    expect(innocent.bytes()).toBe('');
    const frame = Buffer.from(guilty.bytes(), 'hex');
    const isMasked = who === 'server';
    expect([frame[0], (frame[1]! & 0x80) !== 0]).toEqual([0x88, isMasked]);
    const payload = frame.subarray(isMasked ? 6 : 2);
    const mask = isMasked ? frame.subarray(2, 6) : Buffer.alloc(4);
    expect(((payload[0]! ^ mask[0]!) << 8) | (payload[1]! ^ mask[1]!)).toBe(Number(code));
  });

  it('an extension that can not be read: both are told', async () => {
    const { outcome, seenByClient } = await start(forwardAll, { extensions: 'permessage-bzip' });
    expect(await outcome).toMatchObject({ result: 'upstream-failed', cause: 'unsupported-extension' });
    expect(seenByClient.bytes().slice(4, 8)).toBe('03f3');
  });

  it('nothing that either end sends makes it throw or hang', async () => {
    const noise = fc.array(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      { maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(noise, noise, fc.boolean(), async (fromClient, fromServer, compressed) => {
        const extensions = compressed ? { extensions: 'permessage-deflate' } : {};
        const { client, server, outcome } = await start(forwardAll, {
          ...extensions,
          limits: { lingerMs: 1 },
        });
        for (const chunk of fromClient) client.write(chunk);
        for (const chunk of fromServer) server.write(chunk);
        client.end();
        server.end();
        expect((await outcome).result).toMatch(/complete|client-aborted|upstream-failed/);
      }),
      { numRuns: 100 },
    );
  });
});

describe('bytes', () => {
  it('that came with the upgrade are read first', async () => {
    const first = writeFrame(1, Buffer.from('first'), KEY);
    const { client, seenByServer } = await start(forwardAll, { clientHead: first.subarray(0, 3) });
    client.write(first.subarray(3));
    await seenByServer.until(first.toString('hex'));
  });

  it('of a message pass as they came, fragments and masks included', async () => {
    const begin = writeFrame(1, Buffer.from('frag'), KEY);
    begin[0] = 0x01;
    const end = writeFrame(0, Buffer.from('ment'), Buffer.from([9, 8, 7, 6]));
    const ping = writeFrame(9, Buffer.from('!'), KEY);
    const { client, seenByServer } = await start(forwardAll);
    client.write(Buffer.concat([begin, ping, end]));
    await seenByServer.until(Buffer.concat([ping, begin, end]).toString('hex'));
  });

  it('of a message that the governor answers at once go out in the same tick', async () => {
    const near = await socketPair();
    const far = await socketPair();
    const relay = createRelayWebSocket(LIMITS);
    void relay(
      {
        client: near.ours,
        clientHead: Buffer.alloc(0),
        upstream: far.ours,
        upstreamHead: hello,
        extensions: undefined,
      },
      forwardAll,
    );
    expect(near.ours.bytesWritten).toBe(hello.length);
  });
});

describe('an upstream over TLS', () => {
  it.each([
    ['ends', (socket: tls.TLSSocket) => socket.end(Buffer.concat([hello, close(1000)])), 'complete'],
    ['ends without a Close frame', (socket: tls.TLSSocket) => socket.end(hello), 'upstream-failed'],
    [
      'vanishes',
      (socket: tls.TLSSocket) => socket.write(hello, () => setTimeout(() => socket.destroy(), 20)),
      'upstream-failed',
    ],
  ])('%s: what it said arrives first', async (_, act, result) => {
    const authority = await createTestAuthority();
    const server = tls.createServer(await authority.issue({ names: ['up.test'] }), (socket) => {
      socket.on('error', () => socket.destroy());
      act(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const upstream = tls.connect({ port, host: '127.0.0.1', servername: 'up.test', ca: authority.pem });
    await once(upstream, 'secureConnect');
    const near = await socketPair();
    const seen = watch(near.peer);
    const outcome = createRelayWebSocket(LIMITS)(
      {
        client: near.ours,
        clientHead: Buffer.alloc(0),
        upstream,
        upstreamHead: Buffer.alloc(0),
        extensions: undefined,
      },
      forwardAll,
    );
    expect((await outcome).result).toBe(result);
    await seen.closed;
    expect(seen.bytes().startsWith(hello.toString('hex'))).toBe(true);
    server.close();
  });
});

describe('messages that come late', () => {
  /** Holds what the server says until the test lets go of it. */
  function holding(maxHeld = Number.POSITIVE_INFINITY) {
    const held: string[] = [];
    let deliver: (take: () => readonly WebSocketCommand[]) => void = () => undefined;
    const plan: WebSocketPlan = {
      type: 'govern',
      late: {
        get full() {
          return held.length >= maxHeld;
        },
        get waiting() {
          return held.length > 0;
        },
        listen(listener) {
          deliver = listener;
        },
      },
      message(from, data) {
        if (from === 'client') return [{ type: 'forward' }];
        held.push(String(data));
        return [];
      },
    };
    const release = (): void => {
      const all = held.splice(0);
      deliver(() => all.map((data) => ({ type: 'forward', data })));
    };
    return { plan, held, release };
  }
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
  };

  it('arrive before the close that the server sent after them', async () => {
    const { plan, held, release } = holding();
    const { client, server, seenByClient, outcome } = await start(plan);
    server.write(Buffer.concat([hello, close(1000)]));
    await until(() => held.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(seenByClient.bytes()).toBe('');
    release();
    await seenByClient.until(close(1000).toString('hex'));
    expect(seenByClient.bytes()).toBe(Buffer.concat([hello, close(1000)]).toString('hex'));
    client.write(close(1000, true));
    expect(await outcome).toMatchObject({ result: 'complete' });
  });

  it('hold the server back while as many wait as may', async () => {
    const { plan, held, release } = holding(2);
    const { server, seenByClient } = await start(plan);
    server.write(Buffer.concat([hello, hello, hello]));
    await until(() => held.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(held).toHaveLength(2);
    release();
    await until(() => held.length === 1);
    release();
    await seenByClient.until(Buffer.concat([hello, hello, hello]).toString('hex'));
  });

  it('that can not be had close both sides', async () => {
    const { plan, held } = holding();
    const { server, outcome } = await start({
      ...plan,
      late: {
        full: false,
        waiting: true,
        listen(deliver) {
          setTimeout(
            () =>
              deliver(() => {
                throw new Error('flow failed');
              }),
            20,
          );
        },
      },
    });
    server.write(hello);
    await until(() => held.length === 1);
    expect(await outcome).toMatchObject({ result: 'cut', cause: 'governor-failed' });
  });
});
