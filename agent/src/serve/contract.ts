/**
 * The local API, as one literal: server routes, typed client, CLI, tray and test doubles all derive from it. This room
 * serves it on a Unix socket or named pipe to the person's own programs; it holds no state of its own and decides
 * nothing. This file and those whose names begin like its own are the only ones of the agent that a user interface may
 * import.
 */
import { z } from 'zod';
import { type budgetSchema, deviceSchema, overrideSchema, statusSchema } from './contract-status.ts';
import {
  checkResult,
  exceptions,
  exchangeSchema,
  limitView,
  policyView,
  seenApp,
  USAGE_GROUPS,
  usageSchema,
} from './contract-views.ts';
import { action, count, fileProblem, policyIdentity, problem, timeMs } from './contract-words.ts';

/**
 * `rights`: who may make a call. `person`: the device's user, who can read the agent's token. `both`: an admin too, whose
 * token device management has set; these calls are about the machine, not about what its person does (decision 0194).
 */
const PERSON = 'person';
const BOTH = 'both';

const nothing = z.strictObject({});
/** Shown in tables and records: one line, no control characters. */
const keyName = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}*$/u, 'must be one line of text');
const done = z.object({ done: z.literal(true) });
/** Query parameters arrive as text. */
const whole = z.coerce.number().int().min(0);

export const CONTRACT = {
  status: { rights: BOTH, method: 'GET', path: '/v1/status', input: nothing, output: statusSchema },
  exchanges: {
    rights: PERSON,
    method: 'GET',
    path: '/v1/exchanges',
    input: z.strictObject({
      limit: whole.min(1).max(200).default(50),
      /** The `next` of the page before; newest come first. */
      before: z.string().max(200).optional(),
      app: z.string().max(200).optional(),
      service: z.string().max(200).optional(),
      model: z.string().max(200).optional(),
      effective: action.optional(),
      /** `true`: only calls that were stopped. */
      stopped: z.enum(['true', 'false']).default('false'),
      /** Somewhere in app, service, host, model, rules or kinds found, or the beginning of the id. */
      search: z.string().trim().min(1).max(100).optional(),
      sinceMs: whole.optional(),
      untilMs: whole.optional(),
    }),
    output: z.object({ exchanges: z.array(exchangeSchema), next: z.string().optional() }),
  },
  exchange: {
    rights: PERSON,
    method: 'GET',
    path: '/v1/exchanges/:id',
    input: z.strictObject({ id: z.string().min(1).max(100) }),
    output: exchangeSchema,
  },
  /** The text that the policy let be kept of it: what the employee may see, whoever else can. */
  content: {
    rights: PERSON,
    method: 'GET',
    path: '/v1/exchanges/:id/content',
    input: z.strictObject({ id: z.string().min(1).max(100) }),
    output: z.object({ request: z.string().optional(), response: z.string().optional() }),
  },
  apps: {
    rights: PERSON,
    method: 'GET',
    path: '/v1/apps',
    input: nothing,
    output: z.object({ apps: z.array(seenApp) }),
  },
  policy: { rights: BOTH, method: 'GET', path: '/v1/policy', input: nothing, output: policyView },
  /** Checks everything that `postern doctor` checks, as the agent sees it. Takes seconds. */
  doctor: {
    rights: BOTH,
    method: 'GET',
    path: '/v1/doctor',
    input: nothing,
    output: z.object({ ok: z.boolean(), checks: z.array(checkResult) }),
  },
  /** What a support person needs, without secrets, prompts or the names of people: to be read before it is sent. */
  diagnostics: {
    rights: BOTH,
    method: 'GET',
    path: '/v1/diagnostics',
    input: nothing,
    output: z.object({ files: z.array(z.object({ name: z.string(), text: z.string() })) }),
  },
  /** Deletes all stored text. The record of the calls stays: it is the organisation's, and holds none. */
  deleteContent: {
    rights: PERSON,
    method: 'POST',
    path: '/v1/content/delete',
    input: nothing,
    output: z.object({ exchanges: count }),
  },
  usage: {
    rights: PERSON,
    method: 'GET',
    path: '/v1/usage',
    input: z.strictObject({
      by: z.enum(USAGE_GROUPS).default('app'),
      sinceMs: whole.optional(),
      untilMs: whole.optional(),
    }),
    output: usageSchema,
  },
  /** The policy's limits per minute and of answers at once; those of the gateway are in `status`. */
  limits: {
    rights: PERSON,
    method: 'GET',
    path: '/v1/limits',
    input: nothing,
    output: z.object({ limits: z.array(limitView) }),
  },
  stop: { rights: PERSON, method: 'POST', path: '/v1/stop', input: nothing, output: done },
  pause: {
    rights: PERSON,
    method: 'POST',
    path: '/v1/pause',
    input: z.strictObject({ minutes: z.number().min(1).max(480), reason: z.string().trim().min(1).max(300) }),
    output: z.object({ untilMs: timeMs }),
  },
  resume: { rights: BOTH, method: 'POST', path: '/v1/resume', input: nothing, output: done },
  /** Lets calls pass the rules that held this one back, for as long as each rule says. Kept in the audit log. */
  justify: {
    rights: PERSON,
    method: 'POST',
    path: '/v1/justify',
    input: z.strictObject({
      decision: z.string().min(1).max(100),
      reason: z.string().trim().min(5).max(500),
    }),
    output: exceptions,
  },
  exceptions: { rights: PERSON, method: 'GET', path: '/v1/exceptions', input: nothing, output: exceptions },
  revokeException: {
    rights: PERSON,
    method: 'POST',
    path: '/v1/exceptions/revoke',
    input: z.strictObject({ id: z.string().min(1).max(100) }),
    output: done,
  },
  /** Begins a sign-in; the caller opens `url` in a browser, and `status.identity` says how it ends. */
  signIn: {
    rights: PERSON,
    method: 'POST',
    path: '/v1/identity/sign-in',
    input: z.strictObject({ flow: z.enum(['browser', 'device']).default('browser') }),
    output: z.object({ url: z.string(), userCode: z.string().optional(), untilMs: timeMs }),
  },
  cancelSignIn: { rights: PERSON, method: 'POST', path: '/v1/identity/cancel', input: nothing, output: done },
  /** The caller opens `endSessionUrl`, where there is one, so that the browser is signed out too. */
  signOut: {
    rights: PERSON,
    method: 'POST',
    path: '/v1/identity/sign-out',
    input: nothing,
    output: z.object({ endSessionUrl: z.string().optional(), problem: problem.optional() }),
  },
  addKey: {
    rights: PERSON,
    method: 'POST',
    path: '/v1/keys/add',
    input: z.strictObject({ name: keyName, secret: z.string().trim().min(1).max(8192) }),
    output: done,
  },
  useKey: {
    rights: PERSON,
    method: 'POST',
    path: '/v1/keys/use',
    input: z.strictObject({ name: keyName }),
    output: done,
  },
  removeKey: {
    rights: PERSON,
    method: 'POST',
    path: '/v1/keys/remove',
    input: z.strictObject({ name: keyName }),
    output: done,
  },
  /** Binds the device to an organisation, once. */
  enrol: {
    rights: PERSON,
    method: 'POST',
    path: '/v1/enrol',
    input: z.strictObject({
      url: z.string().max(2000).optional(),
      token: z.string().trim().min(1).max(8192),
    }),
    output: deviceSchema,
  },
  /** A help desk's code: lifts enforcement until its end. */
  override: {
    rights: PERSON,
    method: 'POST',
    path: '/v1/override',
    input: z.strictObject({ code: z.string().min(1).max(100) }),
    output: overrideSchema,
  },
  endOverride: { rights: PERSON, method: 'POST', path: '/v1/override/end', input: nothing, output: done },
  /** Reads config and policy files now. Both apply whole or not at all; `problems` says why not. */
  reload: {
    rights: BOTH,
    method: 'POST',
    path: '/v1/reload',
    input: nothing,
    output: z.object({ policy: policyIdentity, problems: z.array(fileProblem) }),
  },
} as const;

/**
 * `GET /v1/watch`, for the person only: server-sent events; first `snapshot`, then `change` with the top-level keys that differ. Every event
 * has an id, with which a watcher that lost its connection goes on.
 */
export const WATCH = {
  path: '/v1/watch',
  /** `lease=true`: an agent that was started for one command stays as long as somebody holds such a watch. */
  input: z.strictObject({
    lease: z.enum(['true', 'false']).default('false'),
    /** The id of the last event that was seen: exchanges since then follow the snapshot. `Last-Event-ID` says the same. */
    after: z.string().max(100).optional(),
  }),
  event: z.discriminatedUnion('type', [
    z.object({
      type: z.literal('snapshot'),
      status: statusSchema,
      /** True if exchanges since `after` are no longer at hand: list them instead. */
      missed: z.boolean(),
    }),
    z.object({
      type: z.literal('change'),
      status: statusSchema.partial(),
      /** Optional keys that are gone. */
      removed: z.array(z.string()),
    }),
    z.object({ type: z.literal('exchange'), exchange: exchangeSchema }),
  ]),
} as const;

/** Prometheus text, with the person's token: it counts what the person does. */
export const METRICS_PATH = '/metrics';

export type Contract = typeof CONTRACT;
export type Call = keyof Contract;
export type CallInput<Name extends Call> = z.input<Contract[Name]['input']>;
export type CallArguments<Name extends Call> = z.output<Contract[Name]['input']>;
export type CallOutput<Name extends Call> = z.output<Contract[Name]['output']>;
/** What the agent must be able to do; the doubles in tests implement the same type. */
export type Handlers = {
  readonly [Name in Call]: (input: CallArguments<Name>) => CallOutput<Name> | Promise<CallOutput<Name>>;
};
/** Calls that an admin may make, and their answers to one. */
export type AdminCall = { [Name in Call]: Contract[Name]['rights'] extends 'both' ? Name : never }[Call];
export type AdminHandlers = Pick<Handlers, AdminCall>;

export type AgentStatus = z.output<typeof statusSchema>;
export type ExchangeView = z.output<typeof exchangeSchema>;
export type UsageReport = z.output<typeof usageSchema>;
export type UsageGroup = (typeof USAGE_GROUPS)[number];
export type LimitView = z.output<typeof limitView>;
export type BudgetView = z.output<typeof budgetSchema>;
export type FileProblem = z.output<typeof fileProblem>;
export type WatchEvent = z.output<typeof WATCH.event>;

/** Codes that cross the border; the HTTP status of each. */
export const ERROR_STATUS = {
  unauthorized: 401,
  'origin-refused': 403,
  'host-refused': 403,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'too-large': 413,
  'unsupported-media-type': 415,
  'bad-request': 400,
  unavailable: 503,
  internal: 500,
} as const;
export type WireErrorCode = keyof typeof ERROR_STATUS;

/** Host header of every call: a socket has no name of its own, and no web page can send this one. */
export const API_HOST = 'postern';
