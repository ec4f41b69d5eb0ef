/** The typed client of the local API: one method per entry of the contract, and `watch`. */
import http from 'node:http';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import {
  type AgentStatus,
  API_HOST,
  type Call,
  type CallInput,
  type CallOutput,
  CONTRACT,
  ERROR_STATUS,
  METRICS_PATH,
  WATCH,
  type WatchEvent,
  type WireErrorCode,
} from './contract.ts';
import { LocalApiError } from './local-api-error.ts';

export type Client = {
  readonly [Name in Call]: (input: CallInput<Name>) => Promise<CallOutput<Name>>;
} & {
  /** Resolves with the snapshot; `onEvent` then gets what follows, until `close` or the agent's end (`onEnd`). */
  watch(options: WatchOptions): Promise<Watch>;
  /** Prometheus text. */
  metrics(): Promise<string>;
};

export interface WatchOptions {
  /** Keeps an agent alive that was started for the duration of a command. */
  readonly lease?: boolean;
  /** `Watch.lastEventId` of the one before: exchanges since then come first, after the snapshot. */
  readonly after?: string;
  readonly onEvent?: (event: WatchEvent) => void;
  readonly onEnd?: () => void;
}

export interface Watch {
  readonly snapshot: AgentStatus;
  /** Exchanges since `after` are no longer at hand. */
  readonly missed: boolean;
  readonly lastEventId: string | undefined;
  close(): void;
}

const TIMEOUT_MS = 10_000;
/** Calls that ask the network. */
const SLOW_CALLS: ReadonlySet<Call> = new Set(['doctor', 'diagnostics', 'reload']);
const SLOW_TIMEOUT_MS = 60_000;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** `token`: the content of the token file. Nothing is sent before the first call. */
export function createClient(socketPath: string, token: string): Client {
  const call = (name: Call, input: unknown): Promise<unknown> => callOnce(socketPath, token, name, input);
  const calls = Object.fromEntries(
    (Object.keys(CONTRACT) as Call[]).map((name) => [name, (input: unknown) => call(name, input)]),
  );
  // The one place where names become methods: the types come from the same literal.
  return Object.assign(calls, {
    watch: (options: WatchOptions) => openWatch(socketPath, token, options),
    metrics: () => readMetrics(socketPath, token),
  }) as unknown as Client;
}

async function callOnce(socketPath: string, token: string, name: Call, input: unknown): Promise<unknown> {
  const { method, path, input: schema, output } = CONTRACT[name];
  const checked = schema.safeParse(input);
  if (!checked.success) throw new LocalApiError('bad-request', z.prettifyError(checked.error));
  const entries = Object.entries(checked.data).filter(([, value]) => value !== undefined);
  const rest = new URLSearchParams();
  let target: string = path;
  for (const [key, value] of entries) {
    if (target.includes(`:${key}`)) target = target.replace(`:${key}`, encodeURIComponent(String(value)));
    else if (method === 'GET') rest.set(key, String(value));
  }
  const query = rest.size > 0 ? `?${rest}` : '';
  const body = method === 'POST' ? JSON.stringify(checked.data) : undefined;
  const timeoutMs = SLOW_CALLS.has(name) ? SLOW_TIMEOUT_MS : TIMEOUT_MS;
  const response = await send(socketPath, token, method, target + query, body, timeoutMs);
  const answer = parseJson(await readAll(response));
  if (response.statusCode !== 200) throw wireError(answer);
  const result = output.safeParse(answer);
  if (result.success) return result.data;
  throw new LocalApiError(
    'bad-answer',
    'The running agent answers differently than this version expects; restart it.',
    {
      cause: result.error,
    },
  );
}

async function readMetrics(socketPath: string, token: string): Promise<string> {
  const response = await send(socketPath, token, 'GET', METRICS_PATH);
  const text = await readAll(response);
  if (response.statusCode !== 200) throw wireError(parseJson(text));
  return text;
}

function send(
  socketPath: string,
  token: string,
  method: string,
  path: string,
  body?: string,
  timeoutMs = TIMEOUT_MS,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = {
      host: API_HOST,
      authorization: `Bearer ${token}`,
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    };
    const request = http.request({ socketPath, method, path, headers, agent: false }, (response) => {
      request.setTimeout(0);
      resolve(response);
    });
    request.setTimeout(timeoutMs, () => {
      request.destroy(new LocalApiError('timeout', `The agent did not answer within ${timeoutMs / 1000} s.`));
    });
    request.on('error', (error) => reject(connectError(error, socketPath)));
    request.end(body);
  });
}

const NOBODY_THERE = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ENOTDIR']);

function connectError(error: Error, socketPath: string): LocalApiError {
  if (error instanceof LocalApiError) return error;
  const code = 'code' in error ? String(error.code) : '';
  if (NOBODY_THERE.has(code))
    return new LocalApiError('not-running', `No agent answers at ${socketPath}.`, { cause: error });
  return new LocalApiError('unavailable', `The agent could not be reached: ${error.message}`, {
    cause: error,
  });
}

async function readAll(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new LocalApiError('bad-answer', 'The answer is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LocalApiError('bad-answer', 'The answer is not JSON.', { cause: error });
  }
}

const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

function wireError(answer: unknown): LocalApiError {
  const parsed = errorSchema.safeParse(answer);
  if (!parsed.success) return new LocalApiError('bad-answer', 'The agent refused without a reason.');
  const { code, message } = parsed.data.error;
  return new LocalApiError(code in ERROR_STATUS ? (code as WireErrorCode) : 'bad-answer', message);
}

async function openWatch(socketPath: string, token: string, options: WatchOptions): Promise<Watch> {
  const query = new URLSearchParams({
    ...(options.lease && { lease: 'true' }),
    ...(options.after !== undefined && { after: options.after }),
  });
  const path = query.size > 0 ? `${WATCH.path}?${query}` : WATCH.path;
  const response = await send(socketPath, token, 'GET', path);
  if (response.statusCode !== 200) throw wireError(parseJson(await readAll(response)));
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: response });
    let started = false;
    let lastEventId: string | undefined;
    lines.on('line', (line) => {
      if (line.startsWith('id: ')) lastEventId = line.slice('id: '.length);
      if (!line.startsWith('data: ')) return;
      const event = readEvent(line.slice('data: '.length));
      if (!event) {
        response.destroy(); // another version's event: the watch ends, and `onEnd` says so
        return;
      }
      if (event.type === 'snapshot' && !started) {
        started = true;
        resolve({
          snapshot: event.status,
          missed: event.missed,
          get lastEventId() {
            return lastEventId;
          },
          close: () => response.destroy(),
        });
      } else options.onEvent?.(event);
    });
    // A reset is an end like any other. readline passes its input's errors on as its own: unheard, they would end us.
    for (const broken of [response, lines]) broken.on('error', () => response.destroy());
    response.on('close', () => {
      options.onEnd?.();
      if (!started) reject(new LocalApiError('bad-answer', 'The watch ended before it began.'));
    });
  });
}

function readEvent(data: string): WatchEvent | undefined {
  try {
    return WATCH.event.safeParse(JSON.parse(data)).data;
  } catch {
    return undefined; // not JSON: the caller ends the watch
  }
}
