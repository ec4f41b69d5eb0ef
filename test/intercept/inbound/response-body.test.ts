import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import zlib from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { Flow, ResponseCommand } from '../../../agent/src/core/flow.ts';
import {
  ask,
  ask2,
  eventually,
  listening,
  type Rig,
  rigAuthority,
  startRig,
  startTlsOrigin,
  type TlsOriginHandlers,
} from '../../kit/edge-rig.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});
async function stage(
  handlers: TlsOriginHandlers,
  flow: Partial<Flow> = {},
): Promise<{ rig: Rig; authority: string }> {
  const origin = await startTlsOrigin(handlers);
  open.push(origin);
  const rig = await startRig();
  open.push(rig);
  rig.governor.flow = () => flow;
  return { rig, authority: `ai.test:${origin.port}` };
}

/** An origin that answers with exactly these bytes, then does what `then` says. */
async function rawStage(
  answer: string | Buffer,
  then: 'keep' | 'end' | 'reset',
  flow: Partial<Flow> = {},
): Promise<{ rig: Rig; authority: string }> {
  const issued = await (await rigAuthority()).issue({ names: ['ai.test'] });
  const server = tls.createServer({ ...issued, ALPNProtocols: ['http/1.1'] }, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(answer, () => {
        if (then === 'end') socket.end();
        if (then === 'reset') setTimeout(() => socket.destroy(), 20);
      });
    });
  });
  const origin = await listening(server);
  open.push(origin);
  const rig = await startRig();
  open.push(rig);
  rig.governor.flow = () => flow;
  return { rig, authority: `ai.test:${origin.port}` };
}

const upper = (chunk: Uint8Array): readonly ResponseCommand[] => [
  { type: 'emit', bytes: Buffer.from(chunk).toString().toUpperCase() },
];
const gate: Partial<Flow> = { responseHead: () => ({ type: 'gate' }), responseData: upper };

const ENCODINGS = [
  ['gzip', () => zlib.createGzip(), zlib.gunzipSync],
  ['deflate', () => zlib.createDeflate(), zlib.inflateSync],
  ['br', () => zlib.createBrotliCompress(), zlib.brotliDecompressSync],
  ['zstd', () => zlib.createZstdCompress(), zlib.zstdDecompressSync],
] as const;

describe('streams', () => {
  it.each(['h1', 'h2'] as const)('SSE over %s: each event as it comes, head first', async (protocol) => {
    let send: http.ServerResponse | undefined;
    const { rig, authority } = await stage({
      http1: (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.flushHeaders();
        send = response;
      },
    });
    let text = '';
    let headSeen = false;
    if (protocol === 'h1') {
      const socket = await rig.tls(authority);
      const request = http.request({
        createConnection: () => socket,
        path: '/',
        headers: { host: authority },
      });
      request.on('response', (response) => {
        headSeen = true;
        response.on('data', (chunk) => {
          text += chunk;
        });
      });
      request.end();
    } else {
      const stream = (await rig.http2(authority)).request({ ':path': '/' });
      stream.on('response', () => {
        headSeen = true;
      });
      stream.on('data', (chunk) => {
        text += chunk;
      });
    }
    await eventually(() => headSeen);
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      const before = text;
      send?.write(event);
      await eventually(() => text === before + event);
    }
    send?.end();
    const [flow] = await rig.governor.finished(1);
    expect(flow).toMatchObject({ response: 'data: 1\n\ndata: 2\n\n', responseEnded: true });
    expect(flow?.outcomes).toMatchObject([{ result: 'complete', responseBytes: 18 }]);
  });

  it.each(ENCODINGS)('%s: tapped per event, forwarded untouched', async (coding, encoder, decode) => {
    let flushed: ((event: string) => void) | undefined;
    let end = (): void => {};
    const { rig, authority } = await stage({
      http1: (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': coding });
        const compressor = encoder();
        compressor.pipe(response);
        flushed = (event) => {
          compressor.write(event);
          compressor.flush();
        };
        end = () => compressor.end();
      },
    });
    const answer = ask(await rig.tls(authority), authority);
    await eventually(() => flushed !== undefined);
    const [flow] = rig.governor.flows;
    flushed?.('data: one\n\n');
    await eventually(() => flow?.response === 'data: one\n\n');
    flushed?.('data: two\n\n');
    await eventually(() => flow?.response === 'data: one\n\ndata: two\n\n');
    end();
    const received = await answer;
    expect(received.headers['content-encoding']).toBe(coding);
    expect(decode(received.body).toString()).toBe('data: one\n\ndata: two\n\n');
    await rig.governor.finished(1);
    expect(flow).toMatchObject({ responseEnded: true });
    expect(flow?.outcomes[0]?.result).toBe('complete');
  });

  it.each(ENCODINGS)('%s: gated, decoded, without its coding and length', async (coding, encoder) => {
    const { rig, authority } = await stage(
      {
        http1: (_request, response) => {
          const compressor = encoder();
          const chunks: Buffer[] = [];
          compressor.on('data', (chunk) => chunks.push(chunk));
          compressor.on('end', () => {
            const body = Buffer.concat(chunks);
            response.writeHead(200, { 'content-encoding': coding, 'content-length': body.length }).end(body);
          });
          compressor.end('hello');
        },
      },
      { ...gate, responseEnd: () => [{ type: 'emit', bytes: ' END' }] },
    );
    const answer = await ask(await rig.tls(authority), authority);
    expect(answer.body.toString()).toBe('HELLO END');
    expect(answer.headers).not.toHaveProperty('content-encoding');
    expect(answer.headers).not.toHaveProperty('content-length');
  });

  it('passes a large download with backpressure and without buffering it', async () => {
    let written = 0;
    const chunk = Buffer.alloc(65_536, 'x');
    const { rig, authority } = await stage({
      http1: (_request, response) => {
        const more = (): void => {
          while (written < 100_000_000 && !response.destroyed) {
            written += chunk.length;
            if (!response.write(chunk)) return;
          }
          response.end();
        };
        response.on('drain', more);
        more();
      },
    });
    const socket = await rig.tls(authority);
    socket.pause();
    socket.write(`GET / HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
    await eventually(() => written > 0);
    // The kernel's buffers fill at the machine's own pace; then nothing more is taken.
    await staysAt(() => written, 300);
    expect(written).toBeLessThan(40_000_000);
    let received = 0;
    socket.on('data', (data: Buffer) => {
      received += data.length;
    });
    socket.resume();
    await eventually(() => received > 90_000_000, 15_000);
    socket.destroy();
  });
});

/** Resolves once the figure hasn't changed for so long. */
async function staysAt(figure: () => number, forMs: number): Promise<void> {
  for (let last = figure(), sinceMs = performance.now(); performance.now() - sinceMs < forMs; ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (figure() === last) continue;
    last = figure();
    sinceMs = performance.now();
  }
}

describe('what never looks complete', () => {
  it.each([
    ['a short content-length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', 'end'],
    ['a cut chunked body', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel', 'end'],
    ['a missing last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', 'reset'],
  ] as const)('%s', async (_, answer, then) => {
    for (const flow of [{}, gate]) {
      const { rig, authority } = await rawStage(answer, then, flow);
      await expect(ask(await rig.tls(authority), authority)).rejects.toThrow();
      const [seen] = await rig.governor.finished(1);
      expect(seen?.outcomes).toMatchObject([{ result: 'upstream-failed' }]);
      expect(seen?.responseEnded).toBe(false);
      await expect(ask2(await rig.http2(authority), { ':path': '/' })).rejects.toThrow(/INTERNAL_ERROR/);
    }
  });

  it('a gzip body that ends early, gated', async () => {
    const cut = zlib.gzipSync('x'.repeat(10_000)).subarray(0, 40);
    const head = `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${cut.length}\r\n\r\n`;
    const { rig, authority } = await rawStage(Buffer.concat([Buffer.from(head), cut]), 'keep', gate);
    await expect(ask(await rig.tls(authority), authority)).rejects.toThrow();
    const [seen] = await rig.governor.finished(1);
    expect(seen?.outcomes).toMatchObject([{ result: 'upstream-failed', cause: 'undecodable' }]);
    expect(rig.governor.incidents[0]?.code).toBe('response-undecodable');
  });
});

describe('bodies and their absence', () => {
  it('accepts a body without length that ends with the connection', async () => {
    const { rig, authority } = await rawStage('HTTP/1.1 200 OK\r\n\r\nuntil the end', 'end');
    expect((await ask(await rig.tls(authority), authority)).body.toString()).toBe('until the end');
  });

  it.each([
    ['HEAD', 200, { 'content-length': '5' }],
    ['GET', 204, {}],
    ['GET', 304, { etag: '"x"' }],
  ])('%s %i: no body, headers kept, over both protocols', async (method, status, headers) => {
    for (const flow of [{}, gate]) {
      const { rig, authority } = await stage(
        { http1: (_request, response) => void response.writeHead(status, headers).end() },
        flow,
      );
      const socket = await rig.tls(authority);
      const answer = await ask(socket, authority, { method });
      expect(answer).toMatchObject({ status, headers });
      expect(answer.body).toHaveLength(0);
      const second = await ask2(await rig.http2(authority), { ':path': '/', ':method': method });
      expect(second.headers).toMatchObject({ ':status': status, ...headers });
      expect(second.rstCode).toBe(0);
    }
  });

  it('a coding we can not undo is passed on when tapped, refused when gated', async () => {
    const handlers: TlsOriginHandlers = {
      http1: (_request, response) =>
        void response.writeHead(200, { 'content-encoding': 'exotic' }).end('???'),
    };
    const tapped = await stage(handlers);
    expect((await ask(await tapped.rig.tls(tapped.authority), tapped.authority)).body.toString()).toBe('???');
    expect(tapped.rig.governor.incidents[0]?.code).toBe('response-undecodable');
    const gated = await stage(handlers, gate);
    expect((await ask(await gated.rig.tls(gated.authority), gated.authority)).status).toBe(502);
  });

  it('a coding that lies is passed on when tapped', async () => {
    const { rig, authority } = await stage({
      http1: (_request, response) =>
        void response.writeHead(200, { 'content-encoding': 'gzip' }).end('not gzip'),
    });
    const answer = await ask(await rig.tls(authority), authority);
    expect(answer.body.toString()).toBe('not gzip');
    const [flow] = await rig.governor.finished(1);
    expect(flow?.outcomes[0]?.result).toBe('complete');
    expect(rig.governor.incidents[0]?.code).toBe('response-undecodable');
  });
});

describe('held responses', () => {
  const refusal = { status: 400, headers: ['x-why', 'policy'], body: 'refused' };
  const origin: TlsOriginHandlers = {
    http1: (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'x-own': '1' }).end(zlib.gzipSync('the answer'));
    },
  };
  const hold: Partial<Flow> = { responseHead: () => ({ type: 'hold', maxBytes: 1_000 }) };

  it('lets the original go, coding and all', async () => {
    const { rig, authority } = await stage(origin, hold);
    const answer = await ask(await rig.tls(authority), authority);
    expect(zlib.gunzipSync(answer.body).toString()).toBe('the answer');
    expect(rig.governor.flows[0]).toMatchObject({ response: 'the answer' });
    expect(rig.governor.flows[0]?.outcomes[0]?.result).toBe('complete');
  });

  it('replaces the body', async () => {
    const body = Buffer.from('edited');
    const { rig, authority } = await stage(origin, {
      ...hold,
      responseBody: () => ({ type: 'forward', body }),
    });
    const answer = await ask(await rig.tls(authority), authority);
    expect(answer).toMatchObject({ status: 200, headers: { 'x-own': '1', 'content-length': '6' }, body });
    expect(answer.headers).not.toHaveProperty('content-encoding');
  });

  it('refuses in place of head and body, over both protocols', async () => {
    const flow: Partial<Flow> = { ...hold, responseBody: () => ({ type: 'refuse', response: refusal }) };
    const { rig, authority } = await stage(origin, flow);
    const answer = await ask(await rig.tls(authority), authority);
    expect(answer).toMatchObject({ status: 400, headers: { 'x-why': 'policy' } });
    expect(answer.headers).not.toHaveProperty('x-own');
    const second = await ask2(await rig.http2(authority), { ':path': '/' });
    expect(second.headers).toMatchObject({ ':status': 400 });
    expect(second.body.toString()).toBe('refused');
    expect(rig.governor.flows.map((seen) => seen.outcomes[0]?.result)).toEqual(['refused', 'refused']);
  });

  it('asks what to do with a body beyond the limit', async () => {
    const body = Buffer.alloc(2_000_000, 'x');
    const large: TlsOriginHandlers = { http1: (_request, response) => void response.end(body) };
    const passed = await stage(large, hold);
    expect((await ask(await passed.rig.tls(passed.authority), passed.authority)).body.equals(body)).toBe(
      true,
    );
    expect(passed.rig.governor.flows[0]?.bodyFailed).toBe('response');
    const flow: Partial<Flow> = {
      ...hold,
      responseBodyFailed: () => ({ type: 'refuse', response: refusal }),
    };
    const refused = await stage(large, flow);
    expect((await ask(await refused.rig.tls(refused.authority), refused.authority)).status).toBe(400);
  });
});

describe('cuts', () => {
  const stream: TlsOriginHandlers = {
    http1: (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('one');
      const timer = setInterval(() => response.write('more'), 10);
      response.on('close', () => clearInterval(timer));
    },
  };

  it.each(['gate', 'tap'] as const)(
    '%s: sends the last bytes, ends cleanly, stops the upstream',
    async (type) => {
      const { rig, authority } = await stage(stream, {
        responseHead: () => ({ type }),
        responseData: () => [{ type: 'cut', lastBytes: ' cut' }],
      });
      const answer = await ask(await rig.tls(authority), authority);
      expect(answer.body.toString()).toBe(type === 'gate' ? ' cut' : 'one cut');
      const second = await ask2(await rig.http2(authority), { ':path': '/' });
      expect(second.body.toString()).toBe(answer.body.toString());
      expect(rig.governor.flows.map((flow) => flow.outcomes)).toMatchObject([
        [{ result: 'cut' }],
        [{ result: 'cut' }],
      ]);
    },
  );

  it('a tapped body of known length can not be ended early and look whole', async () => {
    const { rig, authority } = await stage(
      { http1: (_request, response) => void response.writeHead(200, { 'content-length': 10 }).write('abc') },
      { responseData: () => [{ type: 'cut', lastBytes: 'x' }] },
    );
    await expect(ask(await rig.tls(authority), authority)).rejects.toThrow();
  });

  it.each(['responseHead', 'responseData', 'responseEnd'] as const)(
    'a %s that throws: no more bytes',
    async (method) => {
      const { rig, authority } = await stage(
        { http1: (_request, response) => void response.end('unseen') },
        {
          responseHead: () => ({ type: 'gate' }),
          [method]: () => {
            throw new Error('defect');
          },
        },
      );
      const answer = ask(await rig.tls(authority), authority);
      if (method === 'responseHead') expect((await answer).status).toBe(500);
      else await expect(answer).rejects.toThrow();
      await rig.governor.finished(1);
      expect(rig.governor.flows[0]?.outcomes).toHaveLength(1);
      expect(rig.governor.incidents[0]?.code).toBe('flow-threw');
    },
  );
});

describe('aborts and upstream failures', () => {
  it.each(['h1', 'h2'] as const)('%s: a client that leaves stops the upstream', async (protocol) => {
    let closed = false;
    const { rig, authority } = await stage({
      http1: (_request, response) => {
        response.write('first');
        response.on('close', () => {
          closed = true;
        });
      },
    });
    if (protocol === 'h1') {
      const socket = await rig.tls(authority);
      socket.write(`GET / HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
      await eventually(() => rig.governor.flows[0]?.response === 'first');
      socket.destroy();
    } else {
      const stream = (await rig.http2(authority)).request({ ':path': '/' });
      stream.on('error', () => undefined);
      await eventually(() => rig.governor.flows[0]?.response === 'first');
      stream.close(http2.constants.NGHTTP2_CANCEL);
    }
    await eventually(() => closed);
    const [flow] = await rig.governor.finished(1);
    expect(flow?.outcomes).toMatchObject([{ result: 'client-aborted' }]);
  });

  it('an upstream that refuses gets 502 with its cause, also while a body is streaming up', async () => {
    const gone = await listening(net.createServer());
    await gone.close();
    const rig = await startRig();
    open.push(rig);
    const authority = `ai.test:${gone.port}`;
    const h1 = await ask(await rig.tls(authority), authority, { body: Buffer.alloc(1_000_000) });
    expect(h1.status).toBe(502);
    expect(JSON.parse(h1.body.toString())).toMatchObject({
      type: 'error',
      error: { code: 'connect-refused' },
    });
    const h2 = await ask2(
      await rig.http2(authority),
      { ':path': '/', ':method': 'POST' },
      Buffer.alloc(1_000_000),
    );
    expect(h2.headers[':status']).toBe(502);
    expect(rig.governor.flows.map((flow) => flow.outcomes)).toMatchObject([
      [{ result: 'upstream-failed', cause: 'connect-refused' }],
      [{ result: 'upstream-failed', cause: 'connect-refused' }],
    ]);
  });

  it('an early answer to a large upload arrives whole', async () => {
    const { rig, authority } = await stage({
      http1: (request, response) => {
        response.writeHead(413, { 'content-length': '7' }).end('too big');
        request.resume();
      },
    });
    const answer = await ask(await rig.tls(authority), authority, { body: Buffer.alloc(5_000_000) });
    expect(answer).toMatchObject({ status: 413 });
    expect(answer.body.toString()).toBe('too big');
  });

  it('a head that HTTP can not carry is the upstream`s failure', async () => {
    const { rig, authority } = await rawStage('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 'keep', {
      responseHead: () => ({ type: 'pass', setHeaders: ['x-bad', 'a\nb'] }),
    });
    expect((await ask(await rig.tls(authority), authority)).status).toBe(502);
  });
});

describe('informational answers, trailers, HTTP/2 upstream', () => {
  it('forwards 103 and 102 to h1 and h2 clients, not to HTTP/1.0', async () => {
    const { rig, authority } = await stage({
      http1: (_request, response) => {
        response.writeProcessing();
        response.writeEarlyHints({ link: '</style.css>; rel=preload', 'x-hint': '1' });
        response.end('final');
      },
    });
    const h1 = await ask(await rig.tls(authority), authority);
    expect(h1.informational.map((info) => info.statusCode)).toEqual([102, 103]);
    expect(h1.informational[1]?.rawHeaders).toContain('</style.css>; rel=preload');
    const h2 = await ask2(await rig.http2(authority), { ':path': '/' });
    expect(h2.informational.map((info) => info[':status'])).toEqual([102, 103]);
    expect(h2.informational[1]).toMatchObject({ link: '</style.css>; rel=preload' });
    const old = await rig.tls(authority);
    old.write(`GET / HTTP/1.0\r\n\r\n`);
    let text = '';
    for await (const chunk of old) text += chunk;
    expect(text).toMatch(/^HTTP\/1\.1 200/);
  });

  it('carries h1 trailers', async () => {
    const { rig, authority } = await stage({
      http1: (_request, response) => {
        response.writeHead(200, { trailer: 'x-sum' });
        response.write('body');
        response.addTrailers({ 'x-sum': '42' });
        response.end();
      },
    });
    expect((await ask(await rig.tls(authority), authority)).trailers).toEqual({ 'x-sum': '42' });
    // HTTP/2 clients (Go's) get them too where they were announced, whether or not they sent `te`.
    const h2 = await ask2(await rig.http2(authority), { ':path': '/' });
    expect(h2.trailers).toMatchObject({ 'x-sum': '42' });
  });

  it('carries the answer where trailers were announced and can not be carried', async () => {
    const { rig, authority } = await stage({
      http1: (_request, response) => {
        response.writeHead(200, { trailer: 'x-sum' });
        response.write('body');
        response.addTrailers({ 'x-sum': '42' });
        response.end();
      },
    });
    const old = await rig.tls(authority);
    old.write(`GET / HTTP/1.0\r\n\r\n`);
    let text = '';
    for await (const chunk of old) text += chunk;
    expect(text).toMatch(/^HTTP\/1\.1 200[\s\S]*body$/);
    expect(text).not.toMatch(/trailer/i);
  });

  it.each([
    ['GET', 'HTTP/1.1 200 OK\r\nTrailer: x-sum\r\nContent-Length: 4\r\n\r\nbody', 200, 'body'],
    ['HEAD', 'HTTP/1.1 200 OK\r\nTrailer: x-sum\r\nTransfer-Encoding: chunked\r\n\r\n', 200, ''],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nTrailer: x-sum\r\n\r\n', 304, ''],
  ])('carries an announcement of trailers that can not come: %s %j', async (method, bytes, status, body) => {
    const { rig, authority } = await rawStage(bytes, 'keep');
    const answer = await ask(await rig.tls(authority), authority, { method });
    expect([answer.status, answer.body.toString()]).toEqual([status, body]);
  });

  it('speaks h2 upstream for gRPC: body and trailers, and trailers-only', async () => {
    const { rig, authority } = await stage({
      http2: (stream, headers) => {
        if (headers[':path'] === '/only') {
          const status = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '5' };
          stream.respond(status, { endStream: true });
          return;
        }
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () =>
          stream.sendTrailers({ 'grpc-status': '0', 'x-te': String(headers['te']) }),
        );
        stream.on('data', (chunk) => stream.write(chunk));
        stream.on('end', () => stream.end());
      },
    });
    const session = await rig.http2(authority);
    const headers = {
      ':method': 'POST',
      ':path': '/call',
      'content-type': 'application/grpc',
      te: 'trailers',
    };
    const answer = await ask2(session, headers, 'message');
    expect(answer.body.toString()).toBe('message');
    expect(answer.trailers).toMatchObject({ 'grpc-status': '0', 'x-te': 'trailers' });
    const only = await ask2(session, { ...headers, ':path': '/only' }, 'message');
    expect(only.headers).toMatchObject({ 'grpc-status': '5' });
    expect(only.trailers).toBeUndefined();
    expect(only.rstCode).toBe(0);
  });

  it('is bidirectional: the answer starts before the request ends', async () => {
    const { rig, authority } = await stage({
      http2: (stream) => {
        stream.respond({ ':status': 200 });
        stream.pipe(stream);
      },
    });
    const stream = (await rig.http2(authority)).request({
      ':method': 'POST',
      ':path': '/',
      'content-type': 'application/connect+json',
    });
    let text = '';
    stream.on('data', (chunk) => {
      text += chunk;
    });
    for (const word of ['ping', 'pong']) {
      const before = text;
      stream.write(word);
      await eventually(() => text === before + word);
    }
    stream.end();
    await rig.governor.finished(1);
  });
});
