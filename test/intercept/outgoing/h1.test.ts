import { createServer as createHttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OutgoingWithStats } from '../../../agent/src/intercept/outgoing/outgoing.ts';
import { begin, fetchOnce } from '../../kit/upstream-call.ts';
import { type Bench, createBench, HOST, local, ok, onRequests, pause, until } from './setup.ts';

let bench: Bench;
let outgoing: OutgoingWithStats;
beforeAll(async () => {
  bench = await createBench();
  outgoing = bench.outgoing();
});
afterAll(() => bench.close());

describe('an HTTP/1.1 call', () => {
  it('keeps headers in order and case both ways, duplicates included', async () => {
    let seen = '';
    const target = await bench.h1((socket) =>
      onRequests(socket, (head, body) => {
        seen = `${head}\n${body}`;
        return ok('fine', 'X-Two: b', 'x-One: a', 'Set-Cookie: p=1', 'Set-Cookie: q=2');
      }),
    );
    const answer = await fetchOnce(outgoing, target, {
      path: '/v1/messages?beta=true',
      headers: ['Host', HOST, 'X-B', '1', 'x-a', '2', 'X-B', '3', 'Content-Length', '5'],
      body: Buffer.from('hello'),
    });
    expect(answer.error).toBeUndefined();
    expect([answer.status, answer.statusText, answer.body]).toEqual([200, 'OK', 'fine']);
    expect(answer.headers).toEqual([
      'X-Two',
      'b',
      'x-One',
      'a',
      'Set-Cookie',
      'p=1',
      'Set-Cookie',
      'q=2',
      'Content-Length',
      '4',
    ]);
    expect(seen.split('\r\n')[0]).toBe('POST /v1/messages?beta=true HTTP/1.1');
    expect(seen).toMatch(/X-B: 1\r\nx-a: 2\r\nX-B: 3\r\n/);
    expect(seen).toContain(`host: ${HOST}\r\n`);
    expect(seen.endsWith('\nhello')).toBe(true);
  });

  it('drops connection headers the caller left in', async () => {
    let seen = '';
    const target = await bench.h1((socket) =>
      onRequests(socket, (head) => {
        seen = head.toLowerCase();
        return ok('');
      }),
    );
    const headers = [
      'Host',
      HOST,
      'Expect',
      '100-continue',
      'Transfer-Encoding',
      'chunked',
      'Upgrade',
      'h2c',
      'Keep-Alive',
      'timeout=5',
      'Connection',
      'close, x',
      'TE',
      'trailers',
    ];
    const answer = await fetchOnce(outgoing, target, { headers, body: Buffer.from('x') });
    expect(answer.error).toBeUndefined();
    expect(seen).not.toMatch(/expect|transfer-encoding|upgrade|timeout=5|close/);
    expect(seen).toContain('te: trailers');
  });

  it('forwards 1xx heads and trailers', async () => {
    const target = await bench.h1((socket) =>
      onRequests(
        socket,
        () =>
          'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n',
      ),
    );
    const answer = await fetchOnce(outgoing, target);
    expect(answer.error).toBeUndefined();
    expect(answer.informational).toEqual([[103, ['Link', '</a>']]]);
    expect(answer.body).toBe('abc');
    expect(answer.trailers).toEqual(['X-Sum', '7']);
  });

  it('sends a stream chunked, or with the length the client gave', async () => {
    const heads: string[] = [];
    let received = '';
    const target = await bench.h1((socket) => {
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1');
        if (!received.endsWith('0\r\n\r\n') && !received.endsWith('abcdef')) return;
        heads.push(received);
        received = '';
        socket.write(ok('done'));
      });
    });
    await fetchOnce(outgoing, target, {
      method: 'POST',
      body: Readable.from([Buffer.from('abc'), Buffer.from('def')]),
    });
    await fetchOnce(outgoing, target, {
      headers: ['Host', HOST, 'Content-Length', '6'],
      body: Readable.from([Buffer.from('abc'), Buffer.from('def')]),
    });
    expect(heads[0]).toContain('transfer-encoding: chunked');
    expect(heads[0]).toContain('3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n');
    expect(heads[1]).toContain('content-length: 6');
    expect(heads[1]).not.toContain('chunked');
  });

  it('holds a large request body back while the upstream doesn’t read', async () => {
    let upstream: Socket | undefined;
    const target = await bench.h1((socket) => {
      upstream = socket;
      socket.pause();
    });
    let produced = 0;
    const body = new Readable({
      read() {
        produced += 65_536;
        this.push(produced > 64 * 1_048_576 ? null : Buffer.alloc(65_536));
      },
    });
    const ongoing = begin(outgoing, target, { method: 'POST', body });
    await until(() => upstream !== undefined);
    await pause(200);
    expect(produced).toBeLessThan(24 * 1_048_576);
    ongoing.call.abort();
    await until(() => body.destroyed);
  });

  it('holds a large answer back until resumed, then delivers every byte', async () => {
    let written = 0;
    const size = 48 * 1_048_576;
    const server = createHttpServer((_request, response) => {
      const more = (): void => {
        while (written < size) {
          written += 65_536;
          if (!response.write(Buffer.alloc(65_536))) return;
        }
        response.end();
      };
      response.on('drain', more);
      more();
    });
    const port = await bench.listen(server);
    let accepting = false;
    const ongoing = begin(outgoing, local(port), { scheme: 'http', accept: () => accepting });
    await ongoing.head;
    await pause(200);
    expect(ongoing.bytes()).toBeLessThan(1_048_576);
    expect(written).toBeLessThan(size);
    accepting = true;
    ongoing.call.resume();
    const answer = await ongoing.done;
    expect(answer.error).toBeUndefined();
    expect(ongoing.bytes()).toBe(size);
  });

  it('keeps what came before the upstream closed, while held back', async () => {
    const target = await bench.h1((socket) =>
      onRequests(socket, () => {
        socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${'x'.repeat(200_000)}`);
        return undefined;
      }),
    );
    let accepting = false;
    const ongoing = begin(outgoing, target, { accept: () => accepting });
    await ongoing.head;
    await pause(100);
    expect(ongoing.log).toEqual(['head', 'data']);
    accepting = true;
    ongoing.call.resume();
    const answer = await ongoing.done;
    expect([answer.error, answer.body.length]).toEqual([undefined, 200_000]);
  });

  it('given up when whole but held back frees its connection', async () => {
    const fresh = bench.outgoing();
    const target = await bench.h1((socket) =>
      onRequests(socket, () => {
        socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${'x'.repeat(200_000)}`);
        return undefined;
      }),
    );
    const ongoing = begin(fresh, target, { accept: () => false });
    await ongoing.head;
    await pause(100);
    ongoing.call.abort();
    ongoing.call.resume();
    expect(ongoing.log).toEqual(['head', 'data']);
    await fresh.close();
    await until(() => fresh.stats().h1Connections === 0);
  });

  it('closes the upstream connection when aborted, and then says nothing more', async () => {
    let closed = false;
    const target = await bench.h1((socket) => {
      socket.on('close', () => {
        closed = true;
      });
      onRequests(socket, () => 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n');
    });
    const ongoing = begin(outgoing, target);
    await ongoing.head;
    ongoing.call.abort();
    await until(() => closed);
    await pause(20);
    expect(ongoing.log.filter((entry) => entry === 'error' || entry === 'end')).toEqual([]);
  });

  it('gives a dial up when aborted before it is connected', async () => {
    let sockets = 0;
    let closed = 0;
    const port = await bench.tcp((socket) => {
      sockets++;
      socket.on('close', () => closed++);
      socket.resume();
      socket.on('end', () => socket.end());
    });
    const ongoing = begin(outgoing, local(port));
    await until(() => sockets === 1);
    ongoing.call.abort();
    await until(() => closed === 1);
    expect(ongoing.log).toEqual([]);
  });

  it.each([
    ['shorter than its length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc'],
    ['without its last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'],
    ['in the middle of a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc'],
  ])('reports an answer %s as truncated', async (_what, text) => {
    const target = await bench.h1((socket) =>
      onRequests(socket, () => {
        socket.end(text);
        return undefined;
      }),
    );
    const answer = await fetchOnce(outgoing, target);
    expect([answer.status, answer.body, answer.error?.code]).toEqual([200, 'abc', 'truncated']);
  });

  it('reports a reset in the middle of an answer without length as truncated', async () => {
    const port = await bench.tcp((socket) =>
      onRequests(socket, () => {
        socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc');
        setTimeout(() => socket.resetAndDestroy(), 50);
        return undefined;
      }),
    );
    const answer = await fetchOnce(outgoing, local(port), { scheme: 'http' });
    expect([answer.body, answer.error?.code]).toEqual(['abc', 'truncated']);
  });

  it.each([
    ['not HTTP', 'hello\r\n\r\n'],
    [
      'both lengths',
      'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    ],
    ['bare LF', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
    ['a space before the colon', 'HTTP/1.1 200 OK\r\nX : y\r\nContent-Length: 0\r\n\r\n'],
    ['a folded header', 'HTTP/1.1 200 OK\r\nX: y\r\n z\r\nContent-Length: 0\r\n\r\n'],
    ['an unasked upgrade', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'],
    ['an endless head', `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(80_000)}\r\n\r\n`],
  ])('refuses a malformed answer: %s', async (_what, text) => {
    const target = await bench.h1((socket) => onRequests(socket, () => text));
    const answer = await fetchOnce(outgoing, target);
    expect(answer.error?.code).toBe('protocol-error');
    expect(answer.status).toBe(0);
  });

  it.each([
    ['a header with a line break', { headers: ['Host', HOST, 'X', 'a\r\nb'] }],
    ['two hosts', { headers: ['Host', HOST, 'Host', 'b'] }],
    ['CONNECT', { method: 'CONNECT' }],
    ['an absolute target', { path: 'http://evil.test/' }],
    ['a space in the path', { path: '/a b' }],
  ])('refuses to send %s', async (_what, options) => {
    const target = await bench.h1((socket) => onRequests(socket, () => ok('sent')));
    expect((await fetchOnce(outgoing, target, options)).error?.code).toBe('protocol-error');
  });
});

describe('a connection', () => {
  it('is used again, and its TLS session for the next one', async () => {
    const fresh = bench.outgoing();
    let connections = 0;
    const target = await bench.h1((socket) => {
      connections++;
      onRequests(socket, () => ok('x'));
    });
    for (let i = 0; i < 5; i++) expect((await fetchOnce(fresh, target)).status).toBe(200);
    expect(connections).toBe(1);
    const both = await Promise.all([fetchOnce(fresh, target), fetchOnce(fresh, target)]);
    expect(both.map((answer) => answer.status)).toEqual([200, 200]);
    expect(connections).toBe(2);
    expect(fresh.stats()).toMatchObject({ handshakes: 1, resumptions: 1, h1Connections: 2 });
  });

  it('that dies idle costs held bodies nothing: one retry over a fresh one', async () => {
    const fresh = bench.outgoing();
    const target = await bench.h1((socket, nth) =>
      onRequests(socket, (_head, body, request) => {
        if (nth === 0 && request === 1) {
          socket.destroy();
          return undefined;
        }
        return ok(`${nth}:${body}`);
      }),
    );
    const body = Buffer.from('hello');
    expect((await fetchOnce(fresh, target, { body })).body).toBe('0:hello');
    expect((await fetchOnce(fresh, target, { body })).body).toBe('1:hello');
    expect(fresh.stats().retries).toBe(1);
  });

  it('that dies is not retried for a stream, a new connection, a begun answer, or twice', async () => {
    const fresh = bench.outgoing();
    let requests = 0;
    let connections = 0;
    const target = await bench.h1((socket) => {
      connections++;
      onRequests(socket, (_head, body) => {
        requests++;
        if (body === 'good') return ok('x');
        if (body === 'begin') socket.write('HTTP/1.1 2');
        setTimeout(() => socket.destroy(), body === 'begin' ? 20 : 0);
        return undefined;
      });
    });
    const post = (text: string) => fetchOnce(fresh, target, { body: Buffer.from(text) });
    expect((await post('die')).error?.code).toBe('reset');
    expect([requests, connections]).toEqual([1, 1]);
    await post('good');
    const stream = {
      headers: ['Host', HOST, 'Content-Length', '3'],
      body: Readable.from([Buffer.from('die')]),
    };
    expect((await fetchOnce(fresh, target, stream)).error?.code).toBe('reset');
    expect(requests).toBe(3);
    await post('good');
    expect((await post('begin')).error?.code).toBe('reset');
    expect(requests).toBe(5);
    await post('good');
    expect((await post('die')).error?.code).toBe('reset');
    expect(requests).toBe(8);
  });

  it('is not used again after close, and close waits for the calls under way', async () => {
    const fresh = bench.outgoing();
    const target = await bench.h1((socket) =>
      onRequests(socket, () => {
        setTimeout(() => socket.write(ok('late')), 100);
        return undefined;
      }),
    );
    const late = fetchOnce(fresh, target);
    await pause(50);
    const closing = fresh.close();
    expect((await fetchOnce(fresh, target)).error?.code).toBe('aborted');
    await closing;
    expect((await late).body).toBe('late');
    expect(fresh.stats().h1Connections).toBe(0);
  });

  it('ends with the client’s upload', async () => {
    let closed = false;
    const target = await bench.h1((socket) =>
      socket
        .on('close', () => {
          closed = true;
        })
        .resume(),
    );
    const body = new PassThrough();
    const ongoing = begin(outgoing, target, { method: 'POST', body });
    body.write('part');
    await pause(50);
    body.destroy();
    expect((await ongoing.done).error?.code).toBe('aborted');
    await until(() => closed);
  });
});
