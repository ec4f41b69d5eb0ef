/**
 * What contract servers share: a gateway on loopback that answers like the model behind it, unless a test has it refuse.
 * What they say then is recorded from the real ones, or where these can't be made to say it, written from the documentation.
 */
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { anthropic, gemini, openaiChat, openaiResponses } from '../fake-provider/answers.ts';
import type { GatewayCallSeen, GatewayUnderTest, Refusal } from './gateway-under-test.ts';

export const MODEL_ANSWER = {
  text: 'Hello! I am the fake provider, and I answer every question the same way.',
};

export interface Said {
  readonly status: number;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body: string;
}

export interface Contract {
  readonly title: string;
  readonly kind: 'bifrost' | 'litellm';
  readonly key: string;
  readonly keyHeader: string;
  /** The key as this gateway takes it; undefined: none. */
  keyOf(headers: http.IncomingHttpHeaders): string | undefined;
  /** The gateway's path without what it stands below, as the vendor's API has it; undefined: 404. */
  modelPath(path: string): string | undefined;
  /** What it says of answers that are JSON; absent: that they are. */
  jsonType?(path: string): string | undefined;
  refusal(how: Refusal, path: string): Said;
  readonly quotaPath: string;
  quota(): unknown;
  readonly healthPath: string;
}

const SSE = 'text/event-stream; charset=utf-8';

export interface ContractServer extends GatewayUnderTest {
  refuse(how: Refusal | undefined): void;
  quotaReads(): number;
  setQuota(quota: unknown): void;
  /** Which keys it knows; its own one unless a test says otherwise. */
  knows: (key: string) => boolean;
  readonly port: number;
  /** Is back after a stop, at the same port. */
  startAgain(): Promise<void>;
  /** Pause before the answer's head, and between streamed events. */
  delayMs: number;
}

export async function startContractServer(contract: Contract): Promise<ContractServer> {
  const received: GatewayCallSeen[] = [];
  const sockets = new Set<Socket>();
  let refusing: Refusal | undefined;
  let reads = 0;
  let quota: unknown;
  const server = http.createServer((request, response) => {
    serve(request, response).catch((error) => response.destroy(error)); // its caller fails, rather than wait
  });
  const serve = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url: path = '', headers } = request;
    const seen = { method, path, headers, body: Buffer.concat(chunks).toString('utf8') };
    const say = ({ status, headers: own, body }: Said): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...own });
      response.end(body);
    };
    if (path.startsWith(contract.healthPath)) return say({ status: 200, body: '{"status":"ok"}' });
    const key = contract.keyOf(headers);
    const bare = path.split('?')[0] ?? '';
    if (bare === contract.quotaPath) {
      reads += 1;
      if (key === undefined || !self.knows(key)) return say(contract.refusal('unknown-key', path));
      return say({ status: 200, body: JSON.stringify(quota ?? contract.quota()) });
    }
    received.push(seen);
    if (key === undefined) return say(contract.refusal('no-key', path));
    if (!self.knows(key)) return say(contract.refusal('unknown-key', path));
    if (refusing !== undefined && refusing !== 'stream-error' && refusing !== 'warning')
      return say(contract.refusal(refusing, path));
    const modelPath = contract.modelPath(bare);
    if (modelPath === undefined) return say({ status: 404, body: '{"error":{"message":"Not Found"}}' });
    if (self.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, self.delayMs));
    await answer(modelPath, seen, response);
  };
  const answer = async (
    modelPath: string,
    { body, path }: GatewayCallSeen,
    response: http.ServerResponse,
  ): Promise<void> => {
    const { type, parts } = modelAnswer(modelPath, body, path);
    const said = type === 'application/json' ? (contract.jsonType?.(path) ?? type) : type;
    response.writeHead(refusing === 'warning' ? 246 : 200, { 'content-type': said });
    const sent = refusing === 'stream-error' ? parts.slice(0, 3) : parts;
    for (const [index, part] of sent.entries()) {
      if (response.destroyed) return;
      response.write(refusing === 'warning' && type.includes('json') ? withWarning(part) : part);
      if (self.delayMs > 0 && index < sent.length - 1)
        await new Promise((resolve) => setTimeout(resolve, self.delayMs));
    }
    if (refusing === 'stream-error') response.write(contract.refusal('stream-error', path).body);
    response.end();
  };
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const self: ContractServer = {
    title: contract.title,
    config: { kind: contract.kind, baseUrl: `http://127.0.0.1:${port}` },
    key: contract.key,
    keyHeader: contract.keyHeader,
    received,
    canRefuse: new Set([
      'no-key',
      'unknown-key',
      'inactive-key',
      'model',
      'provider',
      'budget',
      'rate',
      'guardrail',
      'provider-down',
      'timeout',
      // LiteLLM has no status for it.
      ...(contract.kind === 'bifrost' ? (['warning'] as const) : []),
      'web-page',
      'stream-error',
    ]),
    refuse: (how) => {
      refusing = how;
    },
    quotaReads: () => reads,
    setQuota: (next) => {
      quota = next;
    },
    clear: () => {
      received.length = 0;
      refusing = undefined;
    },
    knows: (key) => key === contract.key,
    port,
    startAgain: () => new Promise((resolve) => server.listen(port, '127.0.0.1', resolve)),
    delayMs: 0,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  return self;
}

const withWarning = (body: string): string =>
  JSON.stringify({
    ...(JSON.parse(body) as object),
    bifrost_metadata: { guardrails: [{ guardrail_id: 'tone-of-voice', action: 'warn' }] },
  });

function modelAnswer(
  modelPath: string,
  body: string,
  path: string,
): { readonly type: string; readonly parts: readonly string[] } {
  const asked = JSON.parse(body === '' ? '{}' : body) as {
    model?: string;
    stream?: boolean;
    stream_options?: object;
  };
  const model = asked.model ?? 'some-model';
  const json = (text: string) => ({ type: 'application/json', parts: [text] });
  const sse = (parts: readonly string[]) => ({ type: SSE, parts });
  if (modelPath.endsWith('/chat/completions'))
    return asked.stream
      ? sse(openaiChat.stream(MODEL_ANSWER, model, asked.stream_options !== undefined))
      : json(openaiChat.body(MODEL_ANSWER, model));
  if (modelPath.endsWith('/responses'))
    return asked.stream
      ? sse(openaiResponses.stream(MODEL_ANSWER, model))
      : json(openaiResponses.body(MODEL_ANSWER, model));
  if (modelPath.endsWith('/messages/count_tokens')) return json('{"input_tokens":21}');
  if (modelPath.endsWith('/messages'))
    return asked.stream
      ? sse(anthropic.stream(MODEL_ANSWER, model))
      : json(anthropic.body(MODEL_ANSWER, model));
  const [, name = '', method = ''] = /\/models\/([^/:]+):(\w+)$/.exec(modelPath) ?? [];
  if (method === 'countTokens') return json('{"totalTokens":21}');
  if (method === 'streamGenerateContent')
    return path.includes('alt=sse')
      ? sse(gemini.stream(MODEL_ANSWER, name))
      : json(JSON.stringify(gemini.chunks(MODEL_ANSWER, name)));
  if (method !== '') return json(gemini.body(MODEL_ANSWER, name));
  return json('{"object":"list","data":[{"id":"gpt-4o-mini","object":"model"}]}');
}

/** What a captive portal says. */
export const WEB_PAGE: Said = {
  status: 200,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: '<!doctype html><title>Welcome to our WLAN</title>',
};
