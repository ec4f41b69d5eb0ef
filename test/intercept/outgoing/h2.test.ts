import {
  constants,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OutgoingWithStats } from '../../../agent/src/intercept/outgoing/outgoing.ts';
import { begin, fetchOnce } from '../../kit/upstream-call.ts';
import { type Bench, createBench, HOST, ok, onRequests, pause, until } from './setup.ts';

let bench: Bench;
let outgoing: OutgoingWithStats;
beforeAll(async () => {
  bench = await createBench();
  outgoing = bench.outgoing();
});
afterAll(() => bench.close());

const h2 = { protocol: 'h2' } as const;
const onStream = (
  handle: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: readonly string[]) => void,
) =>
  bench.h2((server) => {
    server.on(
      'stream',
      (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
        stream.on('error', () => {});
        handle(stream, headers, raw);
      },
    );
  });

/** RFC 9113 section 4.1. */
const frame = (type: number, flags: number, stream: number, payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, stream]), payload]);

describe('an HTTP/2 call', () => {
  it('keeps header order and duplicates, lower-cased, without connection headers', async () => {
    let seen: readonly string[] = [];
    const target = await onStream((stream, _headers, raw) => {
      seen = raw;
      stream.respond({ ':status': 200, 'x-b': ['1', '2'], 'x-a': '3' });
      stream.end('fine');
    });
    const headers = [
      'Host',
      HOST,
      'X-B',
      '1',
      'x-a',
      '2',
      'X-B',
      '3',
      'Connection',
      'keep-alive',
      'TE',
      'trailers',
      'Transfer-Encoding',
      'chunked',
    ];
    const answer = await fetchOnce(outgoing, target, {
      ...h2,
      headers,
      path: '/p?q',
      body: Buffer.from('x'),
    });
    expect(answer.error).toBeUndefined();
    expect([answer.status, answer.body]).toEqual([200, 'fine']);
    expect(answer.headers.slice(0, 6)).toEqual(['x-b', '1', 'x-b', '2', 'x-a', '3']);
    expect(seen).toEqual([
      ':method',
      'POST',
      ':scheme',
      'https',
      ':authority',
      HOST,
      ':path',
      '/p?q',
      'x-b',
      '1',
      'x-a',
      '2',
      'x-b',
      '3',
      'te',
      'trailers',
    ]);
  });

  it('streams both ways at once, with trailers both ways and 1xx', async () => {
    let requestTrailers: unknown;
    const target = await onStream((stream) => {
      stream.additionalHeaders({ ':status': 103, link: '</a>' });
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('trailers', (trailers) => {
        requestTrailers = trailers['x-sum'];
      });
      stream.on('data', (chunk) => stream.write(`echo:${chunk}`));
      stream.on('end', () => stream.end());
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    });
    const body = Object.assign(new PassThrough(), { rawTrailers: ['X-Sum', '7'] });
    let text = '';
    const ongoing = begin(outgoing, target, {
      ...h2,
      method: 'POST',
      body,
      accept: (chunk) => {
        text += Buffer.from(chunk).toString();
        return true;
      },
    });
    await ongoing.head;
    body.write('one');
    await until(() => text === 'echo:one');
    body.write('two');
    await until(() => text === 'echo:oneecho:two');
    body.end();
    const answer = await ongoing.done;
    expect([answer.error, answer.trailers, requestTrailers]).toEqual([undefined, ['grpc-status', '0'], '7']);
    expect(answer.informational).toEqual([[103, ['link', '</a>']]]);
    expect(ongoing.log).toEqual(['informational', 'head', 'data', 'end']);
  });

  it('holds a large answer back until resumed', async () => {
    const size = 16 * 1_048_576;
    let sent = 0;
    const target = await onStream((stream) => {
      stream.respond({ ':status': 200 });
      Readable.from(
        (function* () {
          for (; sent < size; sent += 65_536) yield Buffer.alloc(65_536);
        })(),
      ).pipe(stream);
    });
    let accepting = false;
    const ongoing = begin(outgoing, target, { ...h2, accept: () => accepting });
    await ongoing.head;
    await pause(150);
    expect(ongoing.bytes()).toBeLessThan(262_144);
    expect(sent).toBeLessThan(size / 2);
    accepting = true;
    ongoing.call.resume();
    expect((await ongoing.done).body.length).toBe(size);
  });

  it.each([
    ['INTERNAL_ERROR', constants.NGHTTP2_INTERNAL_ERROR],
    ['CANCEL', constants.NGHTTP2_CANCEL],
  ])('reports a stream reset with %s as truncated', async (_name, code) => {
    // By hand: node's own server sends END_STREAM before its RST_STREAM.
    const target = await bench.h1(
      (socket) => {
        socket.write(frame(4, 0, 0, Buffer.alloc(0)));
        socket.once('data', () => {
          setTimeout(() => {
            socket.write(frame(1, 4, 1, Buffer.from([0x88])));
            socket.write(frame(0, 0, 1, Buffer.from('abc')));
            setTimeout(() => socket.write(frame(3, 0, 1, Buffer.from([0, 0, 0, code]))), 30);
          }, 50);
        });
      },
      ['h2'],
    );
    for (const body of [Buffer.from('x'), new PassThrough()]) {
      const answer = await fetchOnce(bench.outgoing(), target, { ...h2, method: 'POST', body });
      expect([answer.body, answer.error?.code]).toEqual(['abc', 'truncated']);
    }
  });

  it.each(['session', 'socket'] as const)('reports a %s that dies as truncated', async (what) => {
    const target = await onStream((stream) => {
      stream.respond({ ':status': 200 });
      stream.write('abc');
      const { session } = stream;
      setTimeout(() => (what === 'session' ? session?.destroy() : session?.socket.destroy()), 30);
    });
    const answer = await fetchOnce(outgoing, target, h2);
    expect([answer.body, answer.error?.code]).toEqual(['abc', 'truncated']);
  });

  it('resets the stream when aborted, and leaves the others alone', async () => {
    const codes: (number | undefined)[] = [];
    const target = await onStream((stream) => {
      stream.respond({ ':status': 200 });
      stream.write('x');
      stream.on('close', () => codes.push(stream.rstCode));
      stream.on('data', () => stream.end('y'));
    });
    const staying = new PassThrough();
    const other = begin(outgoing, target, { ...h2, method: 'POST', body: staying });
    const ongoing = begin(outgoing, target, { ...h2, method: 'POST', body: new PassThrough() });
    await Promise.all([ongoing.head, other.head]);
    ongoing.call.abort();
    await until(() => codes.length === 1);
    expect(codes).toEqual([constants.NGHTTP2_CANCEL]);
    expect(ongoing.log.includes('error') || ongoing.log.includes('end')).toBe(false);
    staying.end('go');
    expect((await other.done).body).toBe('xy');
  });

  it('resets the stream when the client’s upload breaks off', async () => {
    let code: number | undefined;
    const target = await onStream((stream) => {
      stream.resume();
      stream.on('close', () => {
        code = stream.rstCode;
      });
    });
    const body = new PassThrough();
    const ongoing = begin(outgoing, target, { ...h2, method: 'POST', body });
    body.write('part');
    await pause(50);
    body.destroy();
    expect((await ongoing.done).error).toBeDefined();
    await until(() => code === constants.NGHTTP2_CANCEL);
  });
});

describe('HTTP/2 sessions', () => {
  const counted = async (set: (server: Http2SecureServer, sessions: ServerHttp2Session[]) => void) => {
    const sessions: ServerHttp2Session[] = [];
    const target = await bench.h2((server) => {
      server.on('session', (session) => sessions.push(session));
      set(server, sessions);
    });
    return { target, sessions };
  };

  it('carry many calls; a full one gets a neighbour', async () => {
    const fresh = bench.outgoing();
    const { target, sessions } = await counted((server) => {
      server.updateSettings({ maxConcurrentStreams: 2 });
      server.on('stream', (stream) => {
        stream.respond({ ':status': 200 });
        setTimeout(() => stream.end('x'), 60);
      });
    });
    expect((await fetchOnce(fresh, target, h2)).status).toBe(200);
    const answers = await Promise.all(Array.from({ length: 6 }, () => fetchOnce(fresh, target, h2)));
    expect(answers.map((answer) => answer.body)).toEqual(Array.from({ length: 6 }, () => 'x'));
    expect(sessions.length).toBeGreaterThan(1);
    expect(sessions.length).toBeLessThan(6);
  });

  it('end at GOAWAY: running calls finish, new ones go elsewhere', async () => {
    const fresh = bench.outgoing();
    const { target, sessions } = await counted((server, all) => {
      server.on('stream', (stream) => {
        stream.respond({ ':status': 200 });
        const nth = all.length;
        setTimeout(() => stream.end(`${nth}`), 80);
      });
    });
    const running = begin(fresh, target, h2);
    await running.head;
    sessions[0]?.goaway(constants.NGHTTP2_NO_ERROR);
    await pause(30);
    const next = fetchOnce(fresh, target, h2);
    expect([(await running.done).body, (await next).body]).toEqual(['1', '2']);
  });

  it('refusing a stream costs held bodies nothing, once', async () => {
    const fresh = bench.outgoing();
    let requests = 0;
    const { target } = await counted((server) => {
      server.on('stream', (stream) => {
        stream.on('error', () => {});
        if (++requests !== 2) stream.close(constants.NGHTTP2_REFUSED_STREAM);
        else stream.respond({ ':status': 200 }, { endStream: true });
      });
    });
    expect((await fetchOnce(fresh, target, { ...h2, body: Buffer.from('x') })).status).toBe(200);
    expect((await fetchOnce(fresh, target, { ...h2, body: Buffer.from('x') })).error?.code).toBe('reset');
    expect(requests).toBe(4);
  });
});

describe('the protocol', () => {
  it('falls back to HTTP/1.1 on the same connection, except for gRPC', async () => {
    const fresh = bench.outgoing();
    let connections = 0;
    const target = await bench.h1((socket) => {
      connections++;
      onRequests(socket, (head) => ok(head.split(' ')[2]?.slice(0, 8) ?? ''));
    });
    expect((await fetchOnce(fresh, target, { ...h2, body: Buffer.from('x') })).body).toBe('HTTP/1.1');
    expect((await fetchOnce(fresh, target, h2)).body).toBe('HTTP/1.1');
    expect(connections).toBe(1);
    const grpc = {
      ...h2,
      headers: ['Host', HOST, 'Content-Type', 'application/grpc+proto'],
      body: Buffer.from('x'),
    };
    expect((await fetchOnce(fresh, target, grpc)).error?.code).toBe('protocol-error');
  });

  it('is h2 for an h1 call if the upstream speaks nothing else, also for a streamed body', async () => {
    const fresh = bench.outgoing();
    let handshakes = 0;
    const target = await bench.h2((server) => {
      server.on('connection', () => handshakes++);
      server.on('stream', (stream) => {
        stream.respond({ ':status': 200 });
        stream.pipe(stream);
      });
    });
    const body = Readable.from([Buffer.from('streamed')]);
    const first = await fetchOnce(fresh, target, { protocol: 'h1', method: 'POST', body });
    expect([first.error, first.body]).toEqual([undefined, 'streamed']);
    expect((await fetchOnce(fresh, target, { protocol: 'h1', body: Buffer.from('held') })).body).toBe('held');
    expect(handshakes).toBe(2);
  });
});
