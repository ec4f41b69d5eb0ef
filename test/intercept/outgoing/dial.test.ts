import { once } from 'node:events';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NameResolver } from '../../../agent/src/intercept/outgoing/dns.ts';
import { connectFirst, interleaveFamilies } from '../../../agent/src/intercept/outgoing/happy-eyeballs.ts';
import { begin, fetchOnce } from '../../kit/upstream-call.ts';
import { type Bench, createBench, HOST, local, ok, onRequests, pause, until } from './setup.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await createBench();
});
afterAll(() => bench.close());

const never = new AbortController().signal;
const names = (table: Record<string, readonly string[]>): NameResolver => ({
  resolve: (host) =>
    table[host] === undefined
      ? Promise.reject(new Error(`unexpected look-up of ${host}`))
      : Promise.resolve(table[host]),
});
const failure = async (work: Promise<unknown>): Promise<{ code: string; message: string }> => {
  try {
    await work;
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('It should have failed.');
};

/** A proxy that notes what it is asked and answers as told; `tunnel` connects to the named port on loopback. */
async function startProxy(
  answer: (head: string, socket: Socket) => 'tunnel' | 'done',
  secure = false,
): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = [];
  const handle = (socket: Socket): void => {
    socket.on('error', () => {});
    let pending = '';
    const onData = (chunk: Buffer): void => {
      pending += chunk.toString('latin1');
      if (!pending.includes('\r\n\r\n')) return;
      socket.off('data', onData);
      asked.push(pending);
      if (answer(pending, socket) !== 'tunnel') return;
      const port = Number(/^CONNECT \S+:(\d+)/.exec(pending)?.[1]);
      const upstream = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => {
        socket.write('HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n');
        socket.pipe(upstream).pipe(socket);
      });
      upstream.on('error', () => socket.destroy());
      socket.on('close', () => upstream.destroy());
    };
    socket.on('data', onData);
  };
  const server = secure
    ? createTlsServer({ ...bench.certificate, allowHalfOpen: true }, handle)
    : createTcpServer({ allowHalfOpen: true }, handle);
  return { port: await bench.listen(server), asked };
}

describe('a corporate proxy', () => {
  const credentials = { username: 'ann', password: 'pä:ss' };
  const basic = `Proxy-Authorization: Basic ${Buffer.from('ann:pä:ss').toString('base64')}`;

  it.each([false, true])(
    'carries calls, TLS and tunnels (over TLS itself: %s), and resolves the names',
    async (secure) => {
      const upstream = await bench.h1((socket) => onRequests(socket, (_head, body) => ok(`got ${body}`)));
      const proxy = await startProxy(() => 'tunnel', secure);
      const outgoing = bench.outgoing({
        proxy: { host: 'localhost', port: proxy.port, secure, ...credentials },
        resolver: names({ localhost: ['127.0.0.1'] }),
        allowPrivateTargets: false,
      });
      const target = { host: HOST, port: upstream.port };
      const answer = await fetchOnce(outgoing, target, { body: Buffer.from('x') });
      expect([answer.error?.message, answer.body]).toEqual([undefined, 'got x']);
      const tls = await outgoing.openTls(target, ['http/1.1'], never);
      expect([tls.authorized, tls.alpnProtocol]).toEqual([true, 'http/1.1']);
      tls.destroy();
      const tunnel = await outgoing.openTunnel(target, never);
      tunnel.destroy();
      expect(proxy.asked.length).toBe(3);
      for (const head of proxy.asked) {
        expect(head).toContain(
          `CONNECT ${HOST}:${upstream.port} HTTP/1.1\r\nHost: ${HOST}:${upstream.port}\r\n`,
        );
        expect(head).toContain(basic);
      }
    },
  );

  it('is asked for the address where the client named one', async () => {
    const proxy = await startProxy((_head, socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      return 'done';
    });
    const outgoing = bench.outgoing({ proxy: { host: '127.0.0.1', port: proxy.port, secure: false } });
    (await outgoing.openTunnel({ host: HOST, port: 443, address: '2001:db8::1' }, never)).destroy();
    expect(proxy.asked[0]).toMatch(/^CONNECT \[2001:db8::1\]:443 HTTP\/1\.1\r\n/);
    expect(proxy.asked[0]).not.toContain('Proxy-Authorization');
  });

  it('gets plain http in absolute form', async () => {
    const proxy = await startProxy((_head, socket) => {
      socket.write(ok('plain'));
      return 'done';
    });
    const outgoing = bench.outgoing({
      proxy: { host: '127.0.0.1', port: proxy.port, secure: false, ...credentials },
    });
    const answer = await fetchOnce(outgoing, { host: HOST, port: 80 }, { scheme: 'http', path: '/a?b' });
    expect(answer.body).toBe('plain');
    expect(proxy.asked[0]).toMatch(new RegExp(`^GET http://${HOST}/a\\?b HTTP/1.1\r\n`));
    expect(proxy.asked[0]).toContain(basic);
  });

  it('may send the target’s first bytes with its answer', async () => {
    const proxy = await startProxy((_head, socket) => {
      socket.write('HTTP/1.0 200\r\n\r\nearly');
      return 'done';
    });
    const outgoing = bench.outgoing({ proxy: { host: '127.0.0.1', port: proxy.port, secure: false } });
    const socket = await outgoing.openTunnel({ host: HOST, port: 25 }, never);
    const [chunk] = await once(socket, 'data');
    expect(`${chunk}`).toBe('early');
    socket.destroy();
  });

  it.each([
    [
      'wants credentials',
      'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n',
      'proxy-auth',
      '407',
    ],
    ['refuses', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno.', 'proxy-refused', '403'],
    ['can’t connect', 'HTTP/1.1 502 Bad Gateway\r\n\r\n', 'proxy-refused', '502'],
    ['is no proxy', 'SSH-2.0-OpenSSH\r\n\r\n', 'proxy-refused', 'HTTP/1.1'],
    ['never ends its answer', `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(40_000)}`, 'proxy-refused', 'endless'],
    ['closes', undefined, 'proxy-refused', 'closed'],
    ['is silent', '', 'connect-timeout', '1000 ms'],
  ])('that %s', async (_what, text, code, word) => {
    let closed = false;
    const proxy = await startProxy((_head, socket) => {
      socket.on('close', () => {
        closed = true;
      });
      socket.on('end', () => socket.end());
      if (text === undefined) socket.end();
      else socket.write(text);
      socket.resume();
      return 'done';
    });
    const outgoing = bench.outgoing({
      proxy: { host: '127.0.0.1', port: proxy.port, secure: false, ...credentials },
      deadlines: { dnsMs: 500, connectMs: 500, handshakeMs: 500 },
    });
    const error = (await fetchOnce(outgoing, { host: HOST, port: 443 })).error;
    expect(error?.code).toBe(code);
    expect(error?.message).toContain(word);
    expect(error?.message).not.toMatch(/ann|pä/);
    await until(() => closed);
  });

  it.each(['reset', 'garbage'] as const)(
    'whose own TLS breaks (%s) breaks the connection, not the process',
    async (how) => {
      const upstream = await bench.h1((socket) => {
        socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'));
      });
      const proxy = await startProxy(() => 'tunnel', true);
      let toClient: Socket | undefined;
      const relay = await bench.tcp((socket) => {
        toClient = socket;
        const inner = connect({ port: proxy.port, host: '127.0.0.1' });
        inner.on('error', () => {});
        socket.pipe(inner).pipe(socket);
      });
      const outgoing = bench.outgoing({ proxy: { host: '127.0.0.1', port: relay, secure: true } });
      const target = { host: HOST, port: upstream.port };
      const ongoing = begin(outgoing, target);
      expect(await ongoing.head).toBe(200);
      if (how === 'reset') toClient?.resetAndDestroy();
      else toClient?.write('this is no TLS record');
      expect((await ongoing.done).error?.code).toBe('truncated');
    },
  );

  it('wanting credentials for plain http is an error too', async () => {
    const proxy = await startProxy((_head, socket) => {
      socket.write('HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n');
      return 'done';
    });
    const outgoing = bench.outgoing({ proxy: { host: '127.0.0.1', port: proxy.port, secure: false } });
    const answer = await fetchOnce(outgoing, { host: HOST, port: 80 }, { scheme: 'http' });
    expect([answer.status, answer.error?.code]).toEqual([0, 'proxy-auth']);
  });
});

describe('forbidden targets', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    ['localhost', '127.0.0.1'],
    ['x.localhost', '127.0.0.1'],
    ['rebound.test', '127.0.0.1'],
    ['metadata.test', '169.254.169.254'],
    ['mapped.test', '::ffff:127.0.0.1'],
  ])('%s (%s) gets no connection', async (host, address) => {
    let connections = 0;
    const port = await bench.tcp(() => connections++);
    const outgoing = bench.outgoing({ allowPrivateTargets: false, resolver: names({ [host]: [address] }) });
    const target = { host, port };
    expect((await failure(outgoing.openTunnel(target, never))).code).toBe('target-forbidden');
    expect((await fetchOnce(outgoing, target)).error?.code).toBe('target-forbidden');
    expect((await fetchOnce(outgoing, target, { scheme: 'http' })).error?.code).toBe('target-forbidden');
    expect((await failure(outgoing.openTunnel({ host: HOST, port, address: '127.0.0.1' }, never))).code).toBe(
      'target-forbidden',
    );
    expect(connections).toBe(0);
  });

  it.each(['127.0.0.1', 'localhost', 'inside.test'])(
    '%s may be reached where the configuration names it, and never on account of that by others',
    async (host) => {
      const port = await bench.tcp((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));
      const proxy = await startProxy(() => 'tunnel');
      const outgoing = bench.outgoing({
        allowPrivateTargets: false,
        resolver: names({ [host]: ['127.0.0.1'] }),
        ...(host !== 'inside.test' && { proxy: { host: '127.0.0.1', port: proxy.port, secure: false } }),
      });
      const configured = { host, port, configured: true } as const;
      expect((await fetchOnce(outgoing, configured, { scheme: 'http' })).error).toBeUndefined();
      // The connection that is open now is nobody else's.
      expect((await fetchOnce(outgoing, { host, port }, { scheme: 'http' })).error?.code).toBe(
        'target-forbidden',
      );
      // No proxy leads to this machine.
      expect(proxy.asked).toEqual([]);
    },
  );

  it('are refused through a proxy as well', async () => {
    const proxy = await startProxy(() => 'tunnel');
    const outgoing = bench.outgoing({
      allowPrivateTargets: false,
      proxy: { host: '127.0.0.1', port: proxy.port, secure: false },
    });
    expect((await failure(outgoing.openTunnel({ host: '127.0.0.1', port: 1 }, never))).code).toBe(
      'target-forbidden',
    );
    expect(proxy.asked).toEqual([]);
  });
});

describe('a tunnel', () => {
  it('keeps a half-close in both directions', async () => {
    const port = await bench.tcp((socket) => {
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('end', () => setTimeout(() => socket.end(`after your end: ${text}`), 50));
    });
    const socket = await bench.outgoing().openTunnel(local(port), never);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.end('hello');
    await once(socket, 'end');
    expect(text).toBe('after your end: hello');
    const other = await bench.tcp((peer) => {
      peer.end('bye');
      peer.on('data', (chunk) => {
        text = `${chunk}`;
      });
    });
    const second = await bench.outgoing().openTunnel(local(other), never);
    second.resume();
    await once(second, 'end');
    expect(second.writable).toBe(true);
    second.end('still here');
    await until(() => text === 'still here');
  });
});

describe('deadlines', () => {
  it('each have their own code', async () => {
    const silent = await bench.tcp((socket) => socket.resume());
    const deadlines = { dnsMs: 400, connectMs: 400, handshakeMs: 400, headerMs: 400 };
    const outgoing = bench.outgoing({ deadlines });
    const started = Date.now();
    expect((await fetchOnce(outgoing, local(silent))).error?.code).toBe('handshake-timeout');
    expect(Date.now() - started).toBeLessThan(5_000);
    expect((await failure(outgoing.openTls(local(silent), [], never))).code).toBe('handshake-timeout');
    const target = await bench.h1((socket) => socket.resume());
    expect((await fetchOnce(outgoing, target)).error?.code).toBe('header-timeout');
    // RFC 5737 TEST-NET-1 is routed nowhere; where the machine has no route at all, that is said at once.
    const nowhere = await failure(outgoing.openTunnel({ host: 'x', port: 9, address: '192.0.2.1' }, never));
    expect(['connect-timeout', 'connect-refused']).toContain(nowhere.code);
    const closedPort = await bench.tcp(() => {});
    const refused = await failure(
      outgoing.openTunnel({ host: 'x', port: closedPort === 1 ? 2 : 1, address: '127.0.0.1' }, never),
    );
    expect(refused.code).toBe('connect-refused');
  });

  it('don’t apply to an answer that takes its time, unless set', async () => {
    const target = await bench.h1((socket) =>
      onRequests(socket, () => {
        setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'), 800);
        setTimeout(() => socket.write('ok'), 1_500);
        return undefined;
      }),
    );
    const outgoing = bench.outgoing({ deadlines: { dnsMs: 500, connectMs: 500, handshakeMs: 500 } });
    expect((await fetchOnce(outgoing, target)).body).toBe('ok');
  });

  it('end at once when the caller gives up', async () => {
    const silent = await bench.tcp((socket) => socket.resume());
    const control = new AbortController();
    const opening = failure(bench.outgoing().openTls(local(silent), [], control.signal));
    setTimeout(() => control.abort(), 30);
    expect((await opening).code).toBe('aborted');
    expect((await failure(bench.outgoing().openTunnel(local(silent), AbortSignal.abort()))).code).toBe(
      'aborted',
    );
  });

  it('a handshake with something that is not TLS fails as such', async () => {
    const port = await bench.tcp((socket) => {
      socket.resume();
      socket.end('SSH-2.0-x\r\n');
    });
    expect((await fetchOnce(bench.outgoing(), local(port))).error?.code).toBe('handshake-failed');
    const closing = await bench.tcp((socket) => socket.once('data', () => socket.destroy()));
    expect((await fetchOnce(bench.outgoing(), local(closing))).error?.code).toBe('handshake-failed');
  });
});

describe('happy eyeballs', () => {
  const options = { deadlineMs: 5_000, signal: undefined, allowHalfOpen: false, attemptDelayMs: 40 };

  it('alternates families, the resolver’s favourite first', () => {
    expect(interleaveFamilies(['::1', '::2', '::3', '1.1.1.1', '2.2.2.2'])).toEqual([
      '::1',
      '1.1.1.1',
      '::2',
      '2.2.2.2',
      '::3',
    ]);
    expect(interleaveFamilies(['1.1.1.1', '::1'])).toEqual(['1.1.1.1', '::1']);
    expect(interleaveFamilies([])).toEqual([]);
  });

  it('goes on to the next address when one refuses', async () => {
    const port = await bench.tcp((socket) => socket.resume());
    const socket = await connectFirst('x', ['::1', '127.0.0.2', '127.0.0.1'], port, options);
    expect(socket.remoteAddress).toBe('127.0.0.1');
    socket.destroy();
  });

  it('doesn’t wait for an address that is silent', async () => {
    const port = await bench.tcp((socket) => socket.resume());
    const started = Date.now();
    const socket = await connectFirst('x', ['192.0.2.1', '127.0.0.1'], port, options);
    expect(socket.remoteAddress).toBe('127.0.0.1');
    expect(Date.now() - started).toBeLessThan(3_000);
    socket.destroy();
  });

  it('leaves no other connection behind', async () => {
    let open = 0;
    const port = await bench.tcp((socket) => {
      open++;
      socket.on('close', () => open--);
      socket.on('end', () => socket.end());
      socket.resume();
    });
    const socket = await connectFirst('x', ['127.0.0.1', '127.0.0.1', '127.0.0.1'], port, {
      ...options,
      attemptDelayMs: 0,
    });
    await pause(60);
    expect(open).toBe(1);
    socket.destroy();
    await until(() => open === 0);
  });
});

describe('an authority with an address', () => {
  it('is connected there and verified as the name', async () => {
    const target = await bench.h1((socket) => onRequests(socket, () => ok('there')));
    const outgoing = bench.outgoing({ resolver: names({}) });
    expect((await fetchOnce(outgoing, target)).body).toBe('there');
    const other = await fetchOnce(outgoing, { ...target, host: 'other.example.test' });
    expect(other.error?.code).toBe('certificate-invalid');
  });

  it('that is an IP address needs a certificate for it', async () => {
    const { port } = await bench.h1((socket) => onRequests(socket, () => ok('by address')));
    expect((await fetchOnce(bench.outgoing(), { host: '127.0.0.1', port })).body).toBe('by address');
    expect((await fetchOnce(bench.outgoing(), { host: '127.0.0.2', port })).error?.code).toMatch(
      /certificate-invalid|connect-refused/,
    );
  });
});
