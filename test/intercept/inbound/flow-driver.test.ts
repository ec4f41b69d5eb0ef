import type http from 'node:http';
import type http2 from 'node:http2';
import type { TLSSocket } from 'node:tls';
import zlib from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { Flow } from '../../../agent/src/core/flow.ts';
import {
  type Answer,
  ask,
  ask2,
  eventually,
  type Rig,
  type RigOptions,
  startRig,
  startTlsOrigin,
  type TlsOriginHandlers,
} from '../../kit/edge-rig.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

interface Stage {
  readonly rig: Rig;
  /** `ai.test:port` of the origin. */
  readonly authority: string;
  tls(): Promise<TLSSocket>;
  session(): Promise<http2.ClientHttp2Session>;
}

async function stage(
  handlers: TlsOriginHandlers,
  flow: Partial<Flow> = {},
  options?: RigOptions,
): Promise<Stage> {
  const origin = await startTlsOrigin(handlers);
  open.push(origin);
  const rig = await startRig(options);
  open.push(rig);
  rig.governor.flow = () => flow;
  const authority = `ai.test:${origin.port}`;
  return { rig, authority, tls: () => rig.tls(authority), session: () => rig.http2(authority) };
}

async function read(request: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

interface Seen {
  head: http.IncomingMessage;
  body: Buffer;
}
/** Answers with what was received, and keeps it. */
function echo(seen: Seen[] = []): TlsOriginHandlers {
  return {
    http1(request, response) {
      void read(request).then((body) => {
        seen.push({ head: request, body });
        response.end(body);
      });
    },
  };
}
const pairs = (raw: readonly string[]): string[] =>
  Array.from({ length: raw.length / 2 }, (_, i) => `${raw[2 * i]}: ${raw[2 * i + 1]}`);

const both = ['h1', 'h2'] as const;
/** The same call over either protocol, in the words of HTTP/1.1. */
async function call(
  at: Stage,
  protocol: 'h1' | 'h2',
  options: { method?: string; headers?: readonly string[]; body?: string | Uint8Array } = {},
): Promise<Pick<Answer, 'status' | 'headers' | 'body' | 'informational'>> {
  if (protocol === 'h1') return ask(await at.tls(), at.authority, options);
  const headers: Record<string, string> = {
    ':method': options.method ?? (options.body === undefined ? 'GET' : 'POST'),
    ':path': '/',
  };
  for (let i = 0; i < (options.headers?.length ?? 0); i += 2)
    headers[(options.headers?.[i] ?? '').toLowerCase()] = options.headers?.[i + 1] ?? '';
  const answer = await ask2(await at.session(), headers, options.body);
  return {
    status: Number(answer.headers[':status']),
    headers: answer.headers as http.IncomingHttpHeaders,
    body: answer.body,
    informational: answer.informational.map((info) => ({
      statusCode: Number(info[':status']),
      rawHeaders: Object.entries(info).flat().map(String),
    })),
  };
}

describe('headers', () => {
  it('keeps order, case and repetition, and drops what belongs to one hop', async () => {
    const seen: Seen[] = [];
    const at = await stage({
      http1(request, response) {
        seen.push({ head: request, body: Buffer.alloc(0) });
        response.sendDate = false;
        response.writeHead(200, 'Fine', [
          ...['X-Case', 'Kept', 'set-cookie', 'a=1', 'Set-Cookie', 'b=2', 'Alt-Svc', 'h3=":443"'],
          ...['Connection', 'X-Hop', 'X-Hop', 'gone', 'Content-Length', '2'],
        ]);
        response.end('ok');
      },
    });
    const answer = await ask(await at.tls(), at.authority, {
      headers: [
        ...[
          'Host',
          at.authority,
          'X-Second',
          '2',
          'x-first',
          '1',
          'X-Second',
          '3',
          'Keep-Alive',
          'timeout=5',
        ],
        ...[
          'Connection',
          'keep-alive, X-Private',
          'X-Private',
          'gone',
          'TE',
          'gzip',
          'Proxy-Connection',
          'x',
        ],
      ],
    });
    const custom = pairs(seen[0]?.head.rawHeaders ?? []).filter((pair) => /^x-/i.test(pair));
    expect(custom).toEqual(['X-Second: 2', 'x-first: 1', 'X-Second: 3']);
    const names = seen[0]?.head.rawHeaders.map((name) => name.toLowerCase());
    for (const gone of ['x-private', 'te', 'proxy-connection']) expect(names).not.toContain(gone);
    expect(pairs(answer.rawHeaders).slice(0, 4)).toEqual([
      'X-Case: Kept',
      'set-cookie: a=1',
      'Set-Cookie: b=2',
      'Content-Length: 2',
    ]);
    expect(answer.headers).not.toHaveProperty('alt-svc');
    expect(answer.headers).not.toHaveProperty('date');
    const h2 = await ask2(await at.session(), { ':path': '/' });
    expect(h2.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(h2.headers).not.toHaveProperty('alt-svc');
  });

  it('applies what the plans set and remove', async () => {
    const seen: Seen[] = [];
    const at = await stage(echo(seen), {
      requestPlan: {
        type: 'stream',
        setHeaders: ['Authorization', 'Bearer virtual', 'X-New', 'n'],
        removeHeaders: ['x-api-key'],
      },
      responseHead: () => ({ type: 'pass', setHeaders: ['x-postern-decision', 'd1'] }),
    });
    const answer = await ask(await at.tls(), at.authority, {
      headers: ['authorization', 'Bearer own', 'X-Api-Key', 'secret', 'X-After', 'a'],
    });
    expect(seen[0]?.head.headers).toMatchObject({
      authorization: 'Bearer virtual',
      'x-new': 'n',
      'x-after': 'a',
    });
    expect(seen[0]?.head.headers).not.toHaveProperty('x-api-key');
    expect(answer.headers['x-postern-decision']).toBe('d1');
  });

  it('routes where the plan says', async () => {
    const gateway = await startTlsOrigin({
      http1: (request, response) => void response.end(request.headers.host),
    });
    open.push(gateway);
    const at = await stage(echo(), {
      requestPlan: {
        type: 'stream',
        target: { host: 'gateway.test', port: gateway.port },
        setHeaders: ['Host', 'gateway.test'],
      },
    });
    expect((await ask(await at.tls(), at.authority)).body.toString()).toBe('gateway.test');
  });
});

describe('three names must agree', () => {
  it.each([
    ['another Host', '/', ['Host', 'evil.test']],
    ['another port', '/', ['Host', 'ai.test']],
    ['an absolute form elsewhere', 'https://evil.test/', []],
    ['an absolute form in another scheme', 'http://ai.test/', []],
  ])('%s: 421, and nothing is sent', async (_, path, headers) => {
    const seen: Seen[] = [];
    const at = await stage(echo(seen));
    const answer = await ask(await at.tls(), at.authority, { path, headers });
    expect(answer.status).toBe(421);
    expect(at.rig.governor.flows).toHaveLength(0);
    expect(seen).toHaveLength(0);
  });

  it('accepts an absolute form that agrees, and sends origin form', async () => {
    const seen: Seen[] = [];
    const at = await stage(echo(seen));
    expect((await ask(await at.tls(), at.authority, { path: `https://${at.authority}/x?y` })).status).toBe(
      200,
    );
    expect(seen[0]?.head.url).toBe('/x?y');
  });

  it('h2: another :authority or a disagreeing host gets 421', async () => {
    const at = await stage(echo());
    const session = await at.session();
    expect((await ask2(session, { ':path': '/', ':authority': 'evil.test' })).headers[':status']).toBe(421);
    const disagreeing = { ':path': '/', ':authority': at.authority, host: 'evil.test' };
    expect((await ask2(session, disagreeing)).headers[':status']).toBe(421);
    expect(at.rig.governor.flows).toHaveLength(0);
  });

  it('another SNI ends the handshake, and counts as no pinning', async () => {
    const at = await stage(echo());
    await expect(at.rig.tls(at.authority, { servername: 'evil.test' })).rejects.toThrow();
    await eventually(() => at.rig.governor.incidents.length > 0);
    expect(at.rig.governor.incidents[0]?.code).toBe('server-name-mismatch');
    expect(at.rig.governor.handshakes).toHaveLength(0);
  });

  it('no SNI is served all the same', async () => {
    const at = await stage(echo());
    const socket = await at.rig.tls(at.authority, { servername: '', checkServerIdentity: () => undefined });
    expect((await ask(socket, at.authority)).status).toBe(200);
    expect(at.rig.governor.flows[0]?.connection.serverName).toBeUndefined();
  });

  it.each([
    ['two lengths', 'Content-Length: 3\r\nContent-Length: 4\r\n'],
    ['a list of lengths', 'Content-Length: 3, 3\r\n'],
    ['a signed length', 'Content-Length: +3\r\n'],
    ['length and chunked', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n'],
    ['an unknown coding', 'Transfer-Encoding: chunked, gzip\r\n'],
    ['a coding before chunked', 'Transfer-Encoding: gzip, chunked\r\n'],
    ['two codings', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n'],
    ['two hosts', 'Host: evil.test\r\n'],
  ])('refuses %s', async (_, header) => {
    const seen: Seen[] = [];
    const at = await stage(echo(seen));
    const socket = await at.tls();
    const answer = new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
        if (text.includes('}')) resolve(text);
      });
      socket.on('end', () => resolve(text));
    });
    socket.write(`POST / HTTP/1.1\r\nHost: ${at.authority}\r\n${header}\r\n3\r\nabc\r\n0\r\n\r\n`);
    expect(await answer).toMatch(/^HTTP\/1\.1 (400|421)/);
    socket.destroy();
    expect(seen).toHaveLength(0);
  });
});

describe.each(both)('request bodies over %s', (protocol) => {
  const big = Buffer.alloc(3_000_000, 'x');

  it('streams, unread', async () => {
    const at = await stage(echo());
    expect((await call(at, protocol, { body: big })).body.equals(big)).toBe(true);
    const [flow] = await at.rig.governor.finished(1);
    expect(flow?.outcomes).toMatchObject([
      { result: 'complete', requestBytes: 3_000_000, responseBytes: 3_000_000 },
    ]);
  });

  it('tells whether there is one', async () => {
    const at = await stage(echo());
    await call(at, protocol);
    await call(at, protocol, { body: 'x' });
    expect(at.rig.governor.flows.map((flow) => flow.head.hasBody)).toEqual([false, true]);
  });

  it.each([
    ['identity', (bytes: Buffer) => bytes, undefined],
    ['gzip', zlib.gzipSync, 'gzip'],
    ['deflate', zlib.deflateSync, 'deflate'],
    ['raw deflate', zlib.deflateRawSync, 'deflate'],
    ['br', zlib.brotliCompressSync, 'br'],
    ['zstd', zlib.zstdCompressSync, 'zstd'],
    ['two codings', (bytes: Buffer) => zlib.brotliCompressSync(zlib.gzipSync(bytes)), 'gzip, br'],
  ])('holds and decodes %s, and forwards the original bytes', async (_, encode, coding) => {
    const seen: Seen[] = [];
    const at = await stage(echo(seen), { requestPlan: { type: 'hold', maxBytes: 1_000 } });
    const body = encode(Buffer.from('{"prompt":"hello"}'));
    await call(at, protocol, { body, headers: coding === undefined ? [] : ['Content-Encoding', coding] });
    expect(at.rig.governor.flows[0]?.body).toBe('{"prompt":"hello"}');
    expect(seen[0]?.body.equals(body)).toBe(true);
    expect(seen[0]?.head.headers['content-encoding']).toBe(coding);
    expect(seen[0]?.head.headers['content-length']).toBe(String(body.length));
  });

  it('replaces a body, with its length and without its coding', async () => {
    const seen: Seen[] = [];
    const at = await stage(echo(seen), {
      requestPlan: { type: 'hold', maxBytes: 1_000 },
      requestBody: () =>
        Promise.resolve({ type: 'forward', body: Buffer.from('new'), setHeaders: ['X-Set', '1'] }),
    });
    const headers = ['Content-Encoding', 'gzip', 'Content-Type', 'application/json'];
    await call(at, protocol, { body: zlib.gzipSync('old'), headers });
    expect(seen[0]?.body.toString()).toBe('new');
    expect(seen[0]?.head.headers).toMatchObject({ 'content-length': '3', 'x-set': '1' });
    expect(seen[0]?.head.headers).not.toHaveProperty('content-encoding');
  });

  it('caps a bomb, and forwards it whole if the flow wants that', async () => {
    const seen: Seen[] = [];
    const at = await stage(echo(seen), { requestPlan: { type: 'hold', maxBytes: 100_000 } });
    const bomb = zlib.gzipSync(Buffer.alloc(50_000_000));
    await call(at, protocol, { body: bomb, headers: ['Content-Encoding', 'gzip'] });
    expect(at.rig.governor.flows[0]).toMatchObject({ bodyFailed: 'too-large', body: undefined });
    expect(seen[0]?.body.equals(bomb)).toBe(true);
  });

  it('forwards a body that outgrows the hold, or refuses it', async () => {
    const seen: Seen[] = [];
    const at = await stage(echo(seen), { requestPlan: { type: 'hold', maxBytes: 100_000 } });
    // Without a length, so that the size shows only while reading.
    const chunked = protocol === 'h1' ? ['Transfer-Encoding', 'chunked'] : [];
    expect((await call(at, protocol, { body: big, headers: chunked })).body.equals(big)).toBe(true);
    expect((await call(at, protocol, { body: big })).body.equals(big)).toBe(true);
    expect(at.rig.governor.flows.map((flow) => flow.bodyFailed)).toEqual(['too-large', 'too-large']);
    at.rig.governor.flow = () => ({
      requestPlan: { type: 'hold', maxBytes: 100_000 },
      requestBodyFailed: () => ({ type: 'refuse', response: { status: 413, headers: [], body: 'too much' } }),
    });
    expect(await call(at, protocol, { body: big })).toMatchObject({ status: 413 });
    expect(seen).toHaveLength(2);
  });

  it('says what it can not decode', async () => {
    const at = await stage(echo(), { requestPlan: { type: 'hold', maxBytes: 1_000 } });
    await call(at, protocol, { body: 'not gzip', headers: ['Content-Encoding', 'gzip'] });
    await call(at, protocol, { body: 'whatever', headers: ['Content-Encoding', 'exotic'] });
    expect(at.rig.governor.flows.map((flow) => flow.bodyFailed)).toEqual(['undecodable', 'undecodable']);
  });

  it('refuses at the head: the rest is read, the connection stays, nothing leaves', async () => {
    const seen: Seen[] = [];
    const response = { status: 400, headers: ['content-type', 'application/json'], body: '{"error":1}' };
    const at = await stage(echo(seen), { requestPlan: { type: 'refuse', response } });
    const answer = await call(at, protocol, { body: big });
    expect(answer).toMatchObject({ status: 400, headers: { 'content-type': 'application/json' } });
    expect(answer.body.toString()).toBe('{"error":1}');
    const head = await call(at, protocol, { method: 'HEAD' });
    expect(head).toMatchObject({ status: 400, headers: { 'content-length': '11' } });
    expect(head.body).toHaveLength(0);
    expect(at.rig.governor.flows.map((flow) => flow.outcomes[0]?.result)).toEqual(['refused', 'refused']);
    expect(seen).toHaveLength(0);
  });

  it('a flow that throws gets nothing forwarded, whichever method it is', async () => {
    const boom = (): never => {
      throw new Error('defect');
    };
    const seen: Seen[] = [];
    const at = await stage(echo(seen));
    const plans: Partial<Flow>[] = [
      { requestPlan: { type: 'hold', maxBytes: 10 }, requestBody: boom },
      { requestPlan: { type: 'hold', maxBytes: 10 }, requestBody: () => Promise.reject(new Error('defect')) },
      { requestPlan: { type: 'hold', maxBytes: 1 }, requestBodyFailed: boom },
    ];
    for (const plan of plans) {
      at.rig.governor.flow = () => plan;
      expect(await call(at, protocol, { body: 'abc' })).toMatchObject({ status: 500 });
    }
    at.rig.governor.flow = boom;
    expect(await call(at, protocol, { body: 'abc' })).toMatchObject({ status: 500 });
    expect(seen).toHaveLength(0);
    expect(at.rig.governor.incidents.map((incident) => incident.code)).toEqual(Array(4).fill('flow-threw'));
  });

  it('a client that breaks off during the hold finishes its flow, and nothing leaves', async () => {
    const seen: Seen[] = [];
    const at = await stage(echo(seen), { requestPlan: { type: 'hold', maxBytes: 1_000 } });
    if (protocol === 'h1') {
      const socket = await at.tls();
      socket.write(`POST / HTTP/1.1\r\nHost: ${at.authority}\r\nContent-Length: 10\r\n\r\nabc`);
      await eventually(() => at.rig.governor.flows.length === 1);
      socket.destroy();
    } else {
      const stream = (await at.session()).request({ ':method': 'POST', ':path': '/' });
      stream.on('error', () => undefined);
      stream.write('abc');
      await eventually(() => at.rig.governor.flows.length === 1);
      stream.close(8);
    }
    const [flow] = await at.rig.governor.finished(1);
    expect(flow?.outcomes).toMatchObject([{ result: 'client-aborted' }]);
    expect(seen).toHaveLength(0);
  });
});

describe('keep-alive', () => {
  it('survives a refusal with a body in flight, on one connection', async () => {
    const response = { status: 400, headers: [], body: 'no' };
    const at = await stage(echo(), { requestPlan: { type: 'refuse', response } });
    const socket = await at.tls();
    const answers = new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
        if (text.split('HTTP/1.1 400').length === 3 && text.endsWith('no')) resolve(text);
      });
    });
    const post = `POST / HTTP/1.1\r\nHost: ${at.authority}\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(200_000)}`;
    socket.write(post + post);
    expect(await answers).not.toContain('Connection: close');
    socket.destroy();
  });
});

describe('Expect: 100-continue', () => {
  async function expecting(at: Stage): Promise<{ invited: boolean; status: number; close: boolean }> {
    const socket = await at.tls();
    const result = await new Promise<{ invited: boolean; status: number; close: boolean }>((resolve) => {
      let text = '';
      let invited = false;
      socket.on('data', (chunk) => {
        text += chunk;
        if (text.startsWith('HTTP/1.1 100 Continue\r\n\r\n')) {
          invited = true;
          text = text.slice(25);
          socket.write('hello');
        }
        const status = /^HTTP\/1\.1 ([2-5]\d\d)/.exec(text)?.[1];
        if (status && text.includes('\r\n\r\n'))
          resolve({ invited, status: Number(status), close: text.includes('Connection: close') });
      });
      socket.write(
        `POST / HTTP/1.1\r\nHost: ${at.authority}\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
      );
    });
    socket.destroy();
    return result;
  }

  it('invites for a stream and for a hold, not for a refusal', async () => {
    const seen: Seen[] = [];
    const at = await stage(echo(seen));
    expect(await expecting(at)).toMatchObject({ invited: true, status: 200 });
    at.rig.governor.flow = () => ({ requestPlan: { type: 'hold', maxBytes: 100 } });
    expect(await expecting(at)).toMatchObject({ invited: true, status: 200 });
    expect(seen.map((call) => call.body.toString())).toEqual(['hello', 'hello']);
    const response = { status: 400, headers: [], body: 'no' };
    at.rig.governor.flow = () => ({ requestPlan: { type: 'refuse', response } });
    expect(await expecting(at)).toEqual({ invited: false, status: 400, close: true });
  });

  it('over h2', async () => {
    const at = await stage(echo());
    const stream = (await at.session()).request({ ':method': 'POST', ':path': '/', expect: '100-continue' });
    stream.on('continue', () => stream.end('hello'));
    let body = '';
    for await (const chunk of stream) body += chunk;
    expect(body).toBe('hello');
  });
});

describe('addedMs', () => {
  it('counts our own delay, not the time in which the client sends its body', async () => {
    const at = await stage(echo(), {
      requestPlan: { type: 'hold', maxBytes: 100 },
      requestBody: () => new Promise((resolve) => setTimeout(resolve, 60, { type: 'forward' })),
    });
    const socket = await at.tls();
    socket.write(`POST / HTTP/1.1\r\nHost: ${at.authority}\r\nContent-Length: 2\r\n\r\na`);
    await new Promise((resolve) => setTimeout(resolve, 400));
    socket.write('b');
    const [flow] = await at.rig.governor.finished(1);
    expect(flow?.outcomes[0]?.addedMs).toBeGreaterThan(50);
    expect(flow?.outcomes[0]?.addedMs).toBeLessThan(300);
    socket.destroy();
  });
});

describe('request trailers', () => {
  it('reach an HTTP/2 upstream', async () => {
    let received: unknown;
    const at = await stage({
      http2: (stream) => {
        stream.on('trailers', (trailers) => {
          received = trailers['x-sum'];
        });
        stream.resume();
        stream.on('end', () => stream.respond({ ':status': 200 }, { endStream: true }));
      },
    });
    const stream = (await at.session()).request(
      { ':method': 'POST', ':path': '/', te: 'trailers', 'content-type': 'application/grpc' },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42' }));
    stream.resume();
    stream.end('body');
    await at.rig.governor.finished(1);
    expect(received).toBe('42');
  });
});
