/** The local API's server: Fastify on a Unix socket or named pipe, one route per entry of the contract. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { z } from 'zod';
import { type Caller, guardBorder } from './border.ts';
import {
  type AdminHandlers,
  type Call,
  CONTRACT,
  ERROR_STATUS,
  type ExchangeView,
  type Handlers,
  METRICS_PATH,
  WATCH,
  type WireErrorCode,
} from './contract.ts';
import { LocalApiError } from './local-api-error.ts';
import { Watchers } from './watchers.ts';

export interface LocalApiOptions {
  readonly socketPath: string;
  readonly tokenFile: string;
  readonly handlers: Handlers;
  readonly admin: {
    /** Answers to an admin, who sees less than the person. */
    readonly handlers: AdminHandlers;
    /** Hex; undefined: there is no admin. */
    readonly tokenSha256: () => string | undefined;
    /** An admin has asked for something; `allowed`: whether it was one of their calls. */
    readonly onCall: (call: string, allowed: boolean) => void;
  };
  /** Somebody was turned away at the border. */
  readonly onRefused: (code: string, detail: string) => void;
  /** Writes a file 0600 and atomically (`platform/private-files.ts`). */
  readonly writePrivateFile: (file: string, content: string) => void;
  /** Something failed inside a handler; `detail` for the log, never for the caller. */
  readonly onInternalError: (call: string, error: unknown) => void;
  /** `GET /metrics` in Prometheus' text format. */
  readonly metrics?: () => Promise<string>;
  /** How many watches with a lease are open, whenever that changes. */
  readonly onLeases?: (count: number) => void;
}

export interface LocalApi {
  /** The status has changed: watchers are told soon, many changes in one message. Cheap, may be called per request. */
  changed(): void;
  /** An exchange has ended: watchers see it at once. */
  exchangeEnded(exchange: () => ExchangeView): void;
  readonly watchers: number;
  close(): Promise<void>;
}

const noCompiler = () => () => {
  throw new Error('no route has a JSON Schema');
};

const BODY_LIMIT_BYTES = 64 * 1024;
/** A request that isn't whole by then is dropped: a stuck client must not hold a connection for ever. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Throws LocalApiError `socket-in-use` if another agent answers there. Call with the instance lock held. */
export async function createLocalApi(options: LocalApiOptions): Promise<LocalApi> {
  await removeDeadSocket(options.socketPath);
  const token = randomBytes(32).toString('base64url');
  const watchers = new Watchers(options);
  const server = Fastify({
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 200 },
    // The contract's own schemas check and write: without these two, Fastify loads its JSON Schema compilers (0053).
    schemaController: { compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler } },
  });
  const callerOf = guardBorder(server, {
    token,
    adminTokenSha256: options.admin.tokenSha256,
    onRefused: options.onRefused,
  });
  const requirePerson = (request: FastifyRequest, call: string): void => {
    if (callerOf(request) === 'person') return;
    options.admin.onCall(call, false);
    throw notForAdmins();
  };
  answerErrors(server, options);
  for (const name of Object.keys(CONTRACT) as Call[]) addRoute(server, name, options, callerOf);
  server.get(WATCH.path, async (request, reply) => {
    requirePerson(request, 'watch');
    const { lease, after } = parse(WATCH.input, request.query);
    const lastEvent = request.headers['last-event-id'];
    await watchers.open(
      reply,
      lease === 'true',
      after ?? (typeof lastEvent === 'string' ? lastEvent : undefined),
    );
  });
  server.get(METRICS_PATH, async (request, reply) => {
    requirePerson(request, 'metrics');
    if (options.metrics === undefined) throw new LocalApiError('not-found', 'There are no metrics.');
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(await options.metrics());
  });
  // The token first: who sees the socket can read it.
  options.writePrivateFile(options.tokenFile, token);
  await server.listen({ path: options.socketPath });
  if (process.platform !== 'win32') fs.chmodSync(options.socketPath, 0o600);
  return {
    changed: () => watchers.changed(),
    exchangeEnded: (exchange) => watchers.exchangeEnded(exchange),
    get watchers() {
      return watchers.size;
    },
    async close() {
      watchers.close();
      await server.close();
      fs.rmSync(options.tokenFile, { force: true });
    },
  };
}

const notForAdmins = (): LocalApiError =>
  new LocalApiError(
    'forbidden',
    'This is for the person at the device: an admin sees the machine, not what they do.',
  );

type Answer = (input: unknown) => unknown;

function addRoute(
  server: FastifyInstance,
  name: Call,
  { handlers, admin }: LocalApiOptions,
  callerOf: (request: FastifyRequest) => Caller,
): void {
  const { method, path, input, rights } = CONTRACT[name];
  // One cast where the contract's types meet the wire; `input` has just been checked against the same entry.
  const forPerson = handlers[name] as Answer;
  const forAdmin = rights === 'both' ? (admin.handlers[name as keyof AdminHandlers] as Answer) : undefined;
  server.route({
    method,
    url: path,
    handler: async (request: FastifyRequest, reply: FastifyReply) => {
      const isAdmin = callerOf(request) === 'admin';
      if (isAdmin) admin.onCall(name, forAdmin !== undefined);
      const handler = isAdmin ? forAdmin : forPerson;
      if (handler === undefined) throw notForAdmins();
      const raw =
        method === 'GET' ? { ...asObject(request.query), ...asObject(request.params) } : (request.body ?? {});
      const output = await handler(parse(input, raw));
      return reply.header('cache-control', 'no-store').send(output);
    },
  });
}

const asObject = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});

function parse<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new LocalApiError('bad-request', z.prettifyError(result.error));
}

function answerErrors(server: FastifyInstance, { onInternalError }: LocalApiOptions): void {
  const send = (reply: FastifyReply, code: WireErrorCode, message: string): FastifyReply =>
    reply.code(ERROR_STATUS[code]).send({ error: { code, message } });
  server.setNotFoundHandler((_request, reply) => send(reply, 'not-found', 'There is no such call.'));
  server.setErrorHandler((error: FastifyError | LocalApiError, request, reply) => {
    if (error instanceof LocalApiError && error.code in ERROR_STATUS) {
      return send(reply, error.code as WireErrorCode, error.message);
    }
    const status = 'statusCode' in error ? error.statusCode : undefined;
    if (status === 413) return send(reply, 'too-large', `A body may have ${BODY_LIMIT_BYTES} bytes.`);
    if (status === 415) return send(reply, 'unsupported-media-type', 'Send application/json.');
    if (status !== undefined && status < 500) return send(reply, 'bad-request', error.message);
    onInternalError(request.routeOptions.url ?? request.url, error);
    return send(reply, 'internal', 'The agent could not do that; its log says why.');
  });
}

/** A crashed agent leaves its socket behind. One that answers is alive, whatever the lock says. */
async function removeDeadSocket(socketPath: string): Promise<void> {
  if (process.platform === 'win32' || !fs.existsSync(socketPath)) return;
  const alive = await new Promise<boolean>((resolve) => {
    const socket = net.connect(socketPath);
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false)); // ECONNREFUSED: nobody listens any more
    socket.once('close', () => socket.destroy());
    socket.once('connect', () => socket.destroy());
  });
  if (alive) throw new LocalApiError('socket-in-use', `Another agent answers at ${socketPath}.`);
  fs.rmSync(socketPath, { force: true });
}
