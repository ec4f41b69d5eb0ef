import { createHash } from 'node:crypto';
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ask,
  ask2,
  eventually,
  type Origin,
  type Rig,
  startRig,
  startTlsOrigin,
} from '../../kit/edge-rig.ts';
import { createTestAuthority } from '../../kit/pki.ts';

let rig: Rig;
let origin: Origin;
let authority: string;
const uncaught: unknown[] = [];
const onUncaught = (error: unknown): void => void uncaught.push(error);

beforeAll(async () => {
  process.on('uncaughtException', onUncaught);
  process.on('unhandledRejection', onUncaught);
  origin = await startTlsOrigin({ http1: (_request, response) => void response.end('alive') });
  rig = await startRig();
  authority = `ai.test:${origin.port}`;
});
afterAll(async () => {
  await rig.close();
  await origin.close();
  process.off('uncaughtException', onUncaught);
  process.off('unhandledRejection', onUncaught);
});

async function stillServes(): Promise<void> {
  expect(uncaught).toEqual([]);
  expect((await ask(await rig.tls(authority), authority)).body.toString()).toBe('alive');
}

/** Deterministic noise. */
function noise(seed: number, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let i = 0; i * 32 < length; i++) blocks.push(createHash('sha256').update(`${seed}/${i}`).digest());
  return Buffer.concat(blocks).subarray(0, length);
}

/** Writes, waits for the proxy's reaction or a moment, and leaves rudely. */
function poke(bytes: Buffer | string, over: net.Socket = net.connect(rig.port, '127.0.0.1')): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      if (over instanceof tls.TLSSocket) over.destroy();
      else over.resetAndDestroy();
      resolve();
    };
    over.on('error', () => resolve());
    over.on('close', () => resolve());
    over.on('end', done);
    over.resume();
    over.write(bytes);
    setTimeout(done, 15);
  });
}

describe('no client ends the process', () => {
  it('with random bytes, at every layer', async () => {
    const pokes: Promise<void>[] = [];
    for (let seed = 0; seed < 60; seed++) {
      const bytes = noise(seed, 1 + ((seed * 97) % 3_000));
      pokes.push(poke(bytes));
      pokes.push(poke(Buffer.concat([Buffer.from(`CONNECT ${authority} HTTP/1.1\r\n\r\n`), bytes])));
      pokes.push(poke(Buffer.concat([Buffer.from('GET http://ai.test/ HTTP/1.1\r\nHost: '), bytes])));
      if (seed % 10 === 9) await Promise.all(pokes.splice(0));
    }
    for (let seed = 0; seed < 20; seed++) {
      const secure = await rig.tls(authority, seed % 2 === 0 ? {} : { ALPNProtocols: ['h2'] });
      const preface = seed % 4 === 1 ? 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' : '';
      await poke(Buffer.concat([Buffer.from(preface), noise(seed, 500)]), secure);
    }
    await stillServes();
  });

  it.each([
    ['no version', 'GET /\r\n\r\n'],
    ['an HTTP/0.9 line', 'GET /x\r\n'],
    ['a version of the future', 'GET / HTTP/9.9\r\nHost: x\r\n\r\n'],
    ['a bare CR', 'GET / HTTP/1.1\rHost: x\r\n\r\n'],
    ['a NUL in a value', 'GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n'],
    ['a space before the colon', 'GET / HTTP/1.1\r\nHost : x\r\n\r\n'],
    ['an obsolete fold', 'GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n'],
    ['no target', 'GET  HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['an empty authority', 'CONNECT  HTTP/1.1\r\n\r\n'],
    ['HTTP/1.0 without Host', 'GET / HTTP/1.0\r\n\r\n'],
    ['an upgrade to nothing', 'GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade:\r\n\r\n'],
    [
      'a WebSocket to the proxy itself',
      'GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    ],
    ['a bad chunk', 'POST http://ai.test/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n'],
    ['100 kB of head', `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(100_000)}\r\n\r\n`],
    ['a TLS hello to the plain port', Buffer.from('16030100050100000100', 'hex')],
    ['an HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a method of its own', 'BREW / HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])('with %s, outside and inside a tunnel', async (_, bytes) => {
    await poke(bytes);
    await poke(bytes, await rig.tls(authority));
    await stillServes();
  });

  it('with hundreds of connections that never say anything', async () => {
    const idle = Array.from({ length: 300 }, (_, i) => {
      const socket = net.connect(rig.port, '127.0.0.1');
      socket.on('error', () => undefined);
      if (i % 3 === 1) socket.write('CONNECT ai.te');
      if (i % 3 === 2) socket.write(`CONNECT ${authority} HTTP/1.1\r\n\r\n\x16\x03\x01`);
      return socket;
    });
    await eventually(() => rig.listener.stats().connections >= 300);
    await stillServes();
    for (const socket of idle) socket.destroy();
    await eventually(() => rig.listener.stats().connections < 10);
  });

  it('with heads beyond 64 KB: 431', async () => {
    const socket = net.connect(rig.port, '127.0.0.1');
    socket.write(`GET / HTTP/1.1\r\nA: ${'a'.repeat(70_000)}\r\n\r\n`);
    let text = '';
    for await (const chunk of socket) text += chunk;
    expect(text).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('with heads beyond 64 KB in a tunnel: 431, also as the second request', async () => {
    for (const before of ['', `GET / HTTP/1.1\r\nHost: ${authority}\r\n\r\n`]) {
      const socket = await rig.tls(authority);
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      if (before !== '') {
        socket.write(before);
        await eventually(() => text.endsWith('alive'));
      }
      socket.write(`GET / HTTP/1.1\r\nHost: ${authority}\r\nA: ${'a'.repeat(70_000)}\r\n\r\n`);
      await eventually(() => text.includes('HTTP/1.1 431 '));
      socket.destroy();
    }
  });
});

describe('HTTP/2 floods', () => {
  it('rapid resets end the session, not the neighbours', async () => {
    const session = await rig.http2(authority);
    const seen: number[] = [];
    session.on('goaway', (code) => seen.push(code));
    const before = rig.listener.stats().totals.floods;
    // Bounded: on a busy machine Node's own client can drown in the streams it has yet to send.
    let left = 5_000;
    const timer = setInterval(() => {
      for (let i = 0; i < 50 && left > 0 && !session.destroyed && !session.closed; i++) {
        left--;
        const stream = session.request({ ':path': '/', ':method': 'POST' });
        stream.on('error', () => undefined);
        stream.close(http2.constants.NGHTTP2_CANCEL);
      }
    }, 5);
    await eventually(() => rig.listener.stats().totals.floods === before + 1);
    clearInterval(timer);
    // Node's client may still be busy with its own streams when the connection ends, and then sees no GOAWAY.
    expect(seen.every((code) => code === http2.constants.NGHTTP2_ENHANCE_YOUR_CALM)).toBe(true);
    await eventually(() => rig.listener.stats().flows === 0);
    await stillServes();
  });

  it('a client that merely cancels now and then is left alone', async () => {
    const session = await rig.http2(authority);
    for (let i = 0; i < 50; i++) {
      const stream = session.request({ ':path': '/' });
      stream.on('error', () => undefined);
      stream.close(http2.constants.NGHTTP2_CANCEL);
    }
    expect((await ask2(session, { ':path': '/' })).body.toString()).toBe('alive');
  });

  it.each([
    // Frame: 24-bit length, type, flags, 31-bit stream, payload (RFC 9113 section 4.1).
    ['pings', Buffer.from('000008060000000000' + '0102030405060708', 'hex')],
    ['settings', Buffer.from('000000040000000000', 'hex')],
    ['continuations', Buffer.from(`000000010000000001${'000000090000000001'.repeat(50)}`, 'hex')],
    ['empty data', Buffer.from('000000000000000001', 'hex')],
  ])('%s', async (_, frame) => {
    const socket = await rig.tls(authority, { ALPNProtocols: ['h2'] });
    socket.on('error', () => undefined);
    socket.resume();
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    socket.write(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'));
    socket.write(Buffer.from('000000040000000000', 'hex'));
    const flood = Buffer.concat(Array.from({ length: 2_000 }, () => frame));
    socket.write(flood);
    socket.end();
    await closed;
    await stillServes();
  });

  it('does not offer extended CONNECT, and refuses CONNECT in a tunnel', async () => {
    const session = await rig.http2(authority);
    await new Promise((resolve) => session.once('remoteSettings', resolve));
    expect(session.remoteSettings.enableConnectProtocol).not.toBe(true);
    const answer = await ask2(session, { ':method': 'CONNECT', ':authority': authority });
    expect(answer.headers[':status']).toBe(405);
  });
});

describe('clients that refuse our certificate', () => {
  it('send unknown_ca, or just leave: either is told to the governor', async () => {
    const seen = rig.governor.handshakes;
    seen.length = 0;
    const stranger = await createTestAuthority('Somebody Else');
    await expect(rig.tls(authority, { ca: stranger.pem })).rejects.toThrow();
    await eventually(() => seen.length === 1);
    expect(seen[0]).toMatchObject({ target: { host: 'ai.test' } });
    expect(['reset', 'unknown-ca']).toContain(seen[0]?.cause);
    const socket = await rig.connect(authority);
    // A ClientHello is followed by a fatal alert, as Rust clients do: level 2, description 48.
    const hello = await clientHello('ai.test');
    socket.write(hello);
    await new Promise((resolve) => socket.on('data', resolve).resume());
    socket.write(Buffer.from('15030300020230', 'hex'));
    await eventually(() => seen.length === 2);
    expect(seen[1]?.cause).toBe('unknown-ca');
    socket.destroy();
  });

  it('TLS 1.1 is not spoken', async () => {
    const options = { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(rig.tls(authority, options)).rejects.toThrow();
  });

  it('resume their sessions', async () => {
    const first = await rig.tls(authority, { maxVersion: 'TLSv1.2' });
    const session = first.getSession();
    await ask(first, authority);
    const second = await rig.tls(authority, { maxVersion: 'TLSv1.2', ...(session && { session }) });
    expect(second.isSessionReused()).toBe(true);
    second.destroy();
  });
});

/** The first flight of a real TLS client. */
async function clientHello(servername: string): Promise<Buffer> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const received = new Promise<Buffer>((resolve) =>
    server.once('connection', (socket) =>
      socket.once('data', (chunk) => {
        resolve(chunk);
        socket.destroy();
      }),
    ),
  );
  const { port } = server.address() as net.AddressInfo;
  tls.connect({ port, host: '127.0.0.1', servername, maxVersion: 'TLSv1.2' }).on('error', () => undefined);
  const hello = await received;
  server.close();
  return hello;
}
