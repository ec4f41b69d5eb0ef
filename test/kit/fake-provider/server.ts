/**
 * A fake AI provider that speaks real TLS, HTTP/1.1, HTTP/2, SSE and WebSocket on loopback, for every host of the
 * catalogue at once (a certificate per SNI). It remembers what reached it: that is the proof of what the agent let out.
 */

import type http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import tls from 'node:tls';
import zlib from 'node:zlib';
import { WebSocketServer } from 'ws';
import type { TestAuthority } from '../pki.ts';
import { type Answer, anthropic, gemini, openaiChat, openaiResponses } from './answers.ts';

export interface ReceivedCall {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  /** Content-decoded. */
  readonly body: string;
  readonly transport: 'http/1.1' | 'h2' | 'websocket';
}

export interface FakeProvider {
  readonly port: number;
  readonly received: ReceivedCall[];
  /** What the model says to a given call; replace it in a test. */
  answer: (call: ReceivedCall) => Answer;
  /** Pause between streamed events. */
  eventDelayMs: number;
  /** Pause before the head of an answer. */
  headDelayMs: number;
  /** Streams end in the middle, with the connection. */
  cutStreams: boolean;
  /** From now on, calls for a model are answered with this status and an error; undefined: with `answer`. */
  failing: number | undefined;
  /** Everything that arrived, as one text to search for what must not have left. */
  transcript(): string;
  close(): Promise<void>;
}

/** An error in the shape of the API that was asked. */
function providerError(path: string, status: number): string {
  const message = `The fake provider is overloaded (${status}).`;
  if (path.includes('/messages'))
    return JSON.stringify({ type: 'error', error: { type: 'overloaded_error', message } });
  if (/\/models\//.test(path))
    return JSON.stringify({ error: { code: status, message, status: 'UNAVAILABLE' } });
  return JSON.stringify({ error: { message, type: 'server_error', param: null, code: 'overloaded' } });
}

type Request = http.IncomingMessage | http2.Http2ServerRequest;
/** The compatibility API of both versions answers to the same calls. */
type Response = http.ServerResponse;

/** Gemini CLI first asks a small model which model to use, and retries until the answer is of its schema. */
const ROUTER_ANSWER: Answer = {
  text: JSON.stringify({
    reasoning: 'A short question.',
    model_choice: 'flash',
    complexity_reasoning: 'short',
    complexity_score: 5,
  }),
};

const wantsJson = (body: Record<string, unknown>): boolean =>
  (body['generationConfig'] as { responseMimeType?: string } | undefined)?.responseMimeType ===
  'application/json';

const DECODERS: Record<string, (bytes: Buffer) => Buffer> = {
  gzip: (bytes) => zlib.gunzipSync(bytes),
  deflate: (bytes) => zlib.inflateSync(bytes),
  br: (bytes) => zlib.brotliDecompressSync(bytes),
  zstd: (bytes) => zlib.zstdDecompressSync(bytes),
};

async function readBody(request: Request): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const decode = DECODERS[String(request.headers['content-encoding'] ?? '')];
  return (decode ? decode(bytes) : bytes).toString('utf8');
}

export async function startFakeProvider(authority: TestAuthority): Promise<FakeProvider> {
  const received: ReceivedCall[] = [];
  const sockets = new Set<Socket>();
  const contexts = new Map<string, Promise<tls.SecureContext>>();
  const contextFor = (host: string): Promise<tls.SecureContext> => {
    let context = contexts.get(host);
    if (!context) {
      context = authority.issue({ names: [host] }).then((issued) => tls.createSecureContext(issued));
      contexts.set(host, context);
    }
    return context;
  };
  const fallback = await authority.issue({ names: ['fake.test'] });
  const server = http2.createSecureServer({
    ...fallback,
    allowHTTP1: true,
    SNICallback: (host, done) => contextFor(host).then((context) => done(null, context), done),
  });
  const provider: FakeProvider = {
    port: 0,
    received,
    answer: () => ({ text: 'Hello! I am the fake provider, and I answer every question the same way.' }),
    eventDelayMs: 0,
    headDelayMs: 0,
    cutStreams: false,
    failing: undefined,
    transcript: () => JSON.stringify(received),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };

  const stream = async (
    response: Response,
    events: readonly string[],
    contentType: string,
  ): Promise<void> => {
    response.writeHead(200, {
      'content-type': contentType,
      'cache-control': 'no-cache',
      'request-id': 'req_fake1',
    });
    const sent = provider.cutStreams ? events.slice(0, 4) : events;
    for (const event of sent) {
      if (response.destroyed) return;
      response.write(event);
      if (provider.eventDelayMs > 0)
        await new Promise((resolve) => setTimeout(resolve, provider.eventDelayMs));
    }
    if (provider.cutStreams) {
      await new Promise((resolve) => setTimeout(resolve, 50)); // let the events arrive first
      response.destroy();
    } else response.end();
  };
  const json = (response: Response, body: string, status = 200): void => {
    response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_fake1' });
    response.end(body);
  };

  const handle = async (request: Request, response: Response): Promise<void> => {
    const call: ReceivedCall = {
      host: String(request.headers[':authority'] ?? request.headers.host ?? ''),
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: await readBody(request),
      transport: request.httpVersionMajor === 2 ? 'h2' : 'http/1.1',
    };
    received.push(call);
    const path = call.path.split('?')[0] ?? '';
    let body: Record<string, unknown> = {};
    try {
      body = JSON.parse(call.body || '{}') as Record<string, unknown>;
    } catch {
      // Not JSON (telemetry, form posts): answered like any unknown path.
    }
    const model = String(body['model'] ?? 'fake-model');
    const answer = provider.answer(call);
    if (provider.headDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, provider.headDelayMs));
    if (provider.failing !== undefined && call.method === 'POST')
      return json(response, providerError(path, provider.failing), provider.failing);
    if (path.endsWith('/chat/completions')) {
      const options = body['stream_options'] as { include_usage?: boolean } | undefined;
      if (body['stream'])
        return stream(
          response,
          openaiChat.stream(answer, model, options?.include_usage === true),
          'text/event-stream; charset=utf-8',
        );
      return json(response, openaiChat.body(answer, model));
    }
    if (path.endsWith('/responses')) {
      if (body['stream'])
        return stream(response, openaiResponses.stream(answer, model), 'text/event-stream; charset=utf-8');
      return json(response, openaiResponses.body(answer, model));
    }
    if (path.endsWith('/messages/count_tokens')) return json(response, '{"input_tokens":21}');
    if (path.endsWith('/messages')) {
      if (body['stream'])
        return stream(response, anthropic.stream(answer, model), 'text/event-stream; charset=utf-8');
      return json(response, anthropic.body(answer, model));
    }
    const geminiCall = /\/models\/([^/:]+):(\w+)$/.exec(path);
    if (geminiCall) {
      const [, name = '', method = ''] = geminiCall;
      if (method === 'countTokens') return json(response, '{"totalTokens":21}');
      if (method === 'streamGenerateContent') {
        return call.path.includes('alt=sse')
          ? stream(response, gemini.stream(answer, name), 'text/event-stream')
          : json(response, JSON.stringify(gemini.chunks(answer, name)));
      }
      return json(response, gemini.body(wantsJson(body) ? ROUTER_ANSWER : answer, name));
    }
    if (path.endsWith('/models')) return json(response, '{"object":"list","data":[],"models":[]}');
    return json(response, '{}', path.startsWith('/api/') ? 404 : 200);
  };
  server.on('request', (request: Request, response: unknown) => {
    handle(request, response as Response).catch(() => (response as Response).destroy());
  });

  const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: { threshold: 0 } });
  server.on('upgrade', (request: http.IncomingMessage, socket: Socket, head: Buffer) => {
    webSockets.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => client.terminate());
      client.on('message', (data) => {
        const call: ReceivedCall = {
          host: request.headers.host ?? '',
          method: 'GET',
          path: request.url ?? '',
          headers: request.headers,
          body: String(data),
          transport: 'websocket',
        };
        received.push(call);
        const body = JSON.parse(call.body) as Record<string, unknown>;
        if (body['type'] !== 'response.create') return;
        const answer = body['generate'] === false ? { text: '' } : provider.answer(call);
        for (const event of openaiResponses.events(answer, String(body['model'])))
          client.send(JSON.stringify(event));
      });
    });
  });
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  });
  server.on('sessionError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(provider, { port: (server.address() as AddressInfo).port });
}
