import net from 'node:net';
import tls from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import {
  ask,
  eventually,
  listening,
  type Origin,
  type Rig,
  startRig,
  startTlsOrigin,
} from '../../kit/edge-rig.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});
async function tcp(onSocket: (socket: net.Socket) => void): Promise<Origin> {
  const origin = await listening(net.createServer({ allowHalfOpen: true }, onSocket));
  open.push(origin);
  return origin;
}
async function blind(): Promise<Rig> {
  const rig = await startRig();
  open.push(rig);
  rig.governor.route = () => 'tunnel';
  return rig;
}
const ended = (socket: net.Socket): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => resolve(Buffer.concat(chunks)));
    socket.on('error', reject);
    socket.resume();
  });

describe('blind tunnels', () => {
  it('carry any bytes both ways, and what was sent along with the CONNECT', async () => {
    const origin = await tcp((socket) => socket.pipe(socket));
    const rig = await blind();
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7) & 255));
    const socket = net.connect({ port: rig.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.write(Buffer.concat([Buffer.from(`CONNECT plain.test:${origin.port} HTTP/1.1\r\n\r\n`), bytes]));
    socket.end(bytes);
    const received = await ended(socket);
    const body = received.subarray(received.indexOf('\r\n\r\n') + 4);
    expect(body.equals(Buffer.concat([bytes, bytes]))).toBe(true);
  });

  it('keep half-closes: the client ends first, the server answers after that', async () => {
    const origin = await tcp((socket) => {
      socket.resume();
      socket.on('end', () => setTimeout(() => socket.end('late answer'), 50));
    });
    const rig = await blind();
    const socket = await rig.connect(`plain.test:${origin.port}`);
    socket.end('question');
    expect((await ended(socket)).toString()).toBe('late answer');
    await eventually(() => rig.listener.stats().tunnels === 0);
  });

  it('keep half-closes: the server ends first, the client goes on', async () => {
    let received: Promise<Buffer> | undefined;
    const origin = await tcp((socket) => {
      received = ended(socket);
      socket.end('hello');
    });
    const rig = await blind();
    const socket = await rig.connect(`plain.test:${origin.port}`);
    expect((await ended(socket)).toString()).toBe('hello');
    socket.end('still here');
    expect((await received)?.toString()).toBe('still here');
  });

  it('pass a reset on as a reset, both ways', async () => {
    const errors: (string | undefined)[] = [];
    const origin = await tcp((socket) => {
      socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code));
      socket.on('data', (chunk) => {
        if (chunk.toString() === 'reset me') socket.resetAndDestroy();
      });
    });
    const rig = await blind();
    const first = await rig.connect(`plain.test:${origin.port}`);
    const failed = new Promise<NodeJS.ErrnoException>((resolve) => first.on('error', resolve));
    first.resume();
    first.write('reset me');
    expect((await failed).code).toBe('ECONNRESET');
    const second = await rig.connect(`plain.test:${origin.port}`);
    second.write('x');
    await eventually(() => origin.connections() === 2);
    await new Promise((resolve) => setTimeout(resolve, 30));
    second.resetAndDestroy();
    await eventually(() => errors.includes('ECONNRESET'));
    await eventually(() => rig.listener.stats().tunnels === 0);
  });

  it('hold a fast sender back', async () => {
    let written = 0;
    const origin = await tcp((socket) => {
      const chunk = Buffer.alloc(65_536);
      const more = (): void => {
        while (!socket.destroyed && written < 200_000_000) {
          written += chunk.length;
          if (!socket.write(chunk)) return;
        }
      };
      socket.on('drain', more);
      more();
    });
    const rig = await blind();
    const socket = await rig.connect(`plain.test:${origin.port}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const stalledAt = written;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(written).toBe(stalledAt);
    expect(written).toBeLessThan(60_000_000);
    socket.destroy();
  });

  it('are given up if the client leaves while we connect', async () => {
    const origin = await tcp(() => undefined);
    const rig = await blind();
    const socket = net.connect(rig.port, '127.0.0.1');
    socket.write(`CONNECT plain.test:${origin.port} HTTP/1.1\r\n\r\n`, () => socket.resetAndDestroy());
    await eventually(
      () => rig.listener.stats().connections === 0 && rig.listener.stats().totals.connects === 1,
    );
    expect(rig.listener.stats().tunnels).toBe(0);
  });
});

describe('a CONNECT to an IP address', () => {
  const listed = (rig: Rig): void => {
    rig.governor.route = (target) => (target.host === 'ai.test' ? 'inspect' : 'tunnel');
  };

  it('with a listed SNI is inspected, at that address, verified as that name', async () => {
    const origin = await startTlsOrigin({
      http1: (request, response) => void response.end(request.headers.host),
    });
    open.push(origin);
    const rig = await blind();
    listed(rig);
    const socket = await rig.tls(`127.0.0.1:${origin.port}`, { servername: 'ai.test' });
    const authority = `ai.test:${origin.port}`;
    expect((await ask(socket, authority)).body.toString()).toBe(authority);
    const [flow] = await rig.governor.finished(1);
    expect(flow?.connection.target).toEqual({ host: 'ai.test', port: origin.port, address: '127.0.0.1' });
  });

  it('with a listed SNI in pieces is recognised all the same', async () => {
    const origin = await startTlsOrigin({ http1: (_request, response) => void response.end('ok') });
    open.push(origin);
    const rig = await blind();
    listed(rig);
    const raw = await rig.connect(`127.0.0.1:${origin.port}`);
    const { port: relayPort, close } = await tcp((local) => {
      local.on('data', (chunk: Buffer) => {
        for (let i = 0; i < chunk.length; i += 100) raw.write(chunk.subarray(i, i + 100));
      });
      raw.on('data', (chunk) => local.write(chunk));
      raw.resume();
    });
    open.push({ close });
    const socket = tls.connect({
      port: relayPort,
      host: '127.0.0.1',
      servername: 'ai.test',
      ca: rig.authority.pem,
    });
    expect((await ask(socket, `ai.test:${origin.port}`)).status).toBe(200);
    expect(rig.governor.flows).toHaveLength(1);
    raw.destroy();
  });

  it('with another SNI is left alone', async () => {
    const origin = await startTlsOrigin({ http1: (_request, response) => void response.end('direct') });
    open.push(origin);
    const rig = await blind();
    listed(rig);
    const socket = await rig.tls(`127.0.0.1:${origin.port}`, { servername: 'bank.test' });
    expect((await ask(socket, 'bank.test')).body.toString()).toBe('direct');
    expect(rig.governor.flows).toHaveLength(0);
  });

  it('where the server speaks first works after a moment, and where no TLS is spoken at once', async () => {
    const origin = await tcp((socket) => {
      socket.write('220 ready\r\n');
      socket.on('data', (chunk) => socket.end(`you said ${chunk}`));
    });
    const rig = await blind();
    const silent = await rig.connect(`127.0.0.1:${origin.port}`);
    const greeting = await new Promise<string>((resolve) => {
      silent.once('data', (chunk) => resolve(String(chunk)));
      silent.resume();
    });
    expect(greeting).toBe('220 ready\r\n');
    silent.destroy();
    const startedAt = Date.now();
    const eager = await rig.connect(`127.0.0.1:${origin.port}`);
    eager.write('SSH-2.0-x\r\n');
    expect((await ended(eager)).toString()).toBe('220 ready\r\nyou said SSH-2.0-x\r\n');
    expect(Date.now() - startedAt).toBeLessThan(250);
  });

  it('whose client ends before it said enough still gets its bytes through', async () => {
    const origin = await tcp((socket) => socket.pipe(socket));
    const rig = await blind();
    const socket = await rig.connect(`127.0.0.1:${origin.port}`);
    const start = Buffer.from([22, 3, 1, 2, 0, 1]);
    socket.end(start);
    expect((await ended(socket)).equals(start)).toBe(true);
  });
});
