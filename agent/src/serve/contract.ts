/**
 * The local API, as one literal: server routes, typed client, CLI, tray and test doubles all derive from it. This room
 * serves it on a Unix socket or named pipe to the person's own programs; it holds no state of its own and decides
 * nothing. This file is the only one of the agent that a user interface may import.
 */
import { z } from 'zod';

const action = z.enum(['allow', 'warn', 'redact', 'justify', 'block']);
const mode = z.enum(['gateway', 'passthrough', 'direct', 'tunnel', 'block']);
const count = z.int().min(0);
/** Milliseconds since the Unix epoch. */
const timeMs = z.number();
const policyIdentity = z.object({ name: z.string(), revision: z.string() });

/** Something that isn't as it should be, and what the person can do about it. */
const problem = z.object({ code: z.string(), text: z.string(), mend: z.string().optional() });

const fileProblem = z.object({
  file: z.string(),
  line: count.optional(),
  column: count.optional(),
  field: z.string().optional(),
  message: z.string(),
  mend: z.string().optional(),
});

/** How one budget stands for one person, app, model … */
export const budgetSchema = z.object({
  id: z.string(),
  scope: z.enum(['device', 'user', 'app', 'service', 'model', 'key']),
  subject: z.string(),
  window: z.string(),
  timezone: z.string().optional(),
  action: z.enum(['warn', 'downgrade', 'block']),
  shadow: z.boolean(),
  spentNanoUsd: z.number(),
  /** Of calls that are being answered. */
  heldNanoUsd: z.number(),
  limitNanoUsd: z.number().optional(),
  remainingNanoUsd: z.number().optional(),
  spentTokens: z.number(),
  heldTokens: z.number(),
  limitTokens: z.number().optional(),
  remainingTokens: z.number().optional(),
  /** When a calendar window begins anew. */
  resetsAtMs: timeMs.optional(),
  /** Its record was lost, so that it counts as used up. */
  lost: z.boolean(),
});

/** Signed policy from a server: what is in force, how fresh it is, and what is wrong with the way there. */
const bundleSchema = z.object({
  url: z.string(),
  /** As configured; `group` is the one whose policy is in force. */
  groups: z.array(z.string()),
  group: z.string().optional(),
  /** Number on this device, and version that was signed; absent until a first one has come. */
  release: count.optional(),
  version: count.optional(),
  versions: z.object({ root: count, timestamp: count, snapshot: count, targets: count }).optional(),
  lastContactMs: timeMs.optional(),
  lastChangeMs: timeMs.optional(),
  nextCheckMs: timeMs.optional(),
  /** When what was signed passes its date, and when the policy's own grace ends. */
  validUntilMs: timeMs.optional(),
  graceUntilMs: timeMs.optional(),
  age: z.enum(['fresh', 'grace', 'over']),
  hint: z.enum(['off', 'connected', 'waiting']),
  /** This device's clock says less than is certain. */
  clockBehind: z.boolean(),
  polls: count,
  bytes: count,
  trouble: problem.extend({ atMs: timeMs }).optional(),
  /** A push made so much trouble that the one before it is in force again. */
  fellBack: z.object({ atMs: timeMs, why: z.string() }).optional(),
});

export const overrideSchema = z.object({ scope: z.enum(['observe', 'aside']), untilMs: timeMs });

export const statusSchema = z.object({
  state: z.enum(['running', 'paused', 'stopping']),
  process: z.object({ pid: count, version: z.string(), startedAtMs: timeMs, rssBytes: count }),
  home: z.string(),
  proxy: z.object({ url: z.string(), host: z.string(), port: count }),
  pac: z.object({ url: z.string() }),
  ca: z.object({
    file: z.string(),
    fingerprintSha256: z.string().optional(),
    notAfterMs: timeMs.optional(),
    /** Names that the policy wants inspected but the CA may not sign for: `postern trust renew`. */
    uncovered: z.array(z.string()),
  }),
  policy: policyIdentity.extend({
    source: z.object({ kind: z.enum(['embedded', 'file', 'bundle']), file: z.string().optional() }),
    loadedAtMs: timeMs,
    /** In force, but worth a look: settings without effect yet, rules that are never asked, shadow mode. */
    warnings: z.array(fileProblem),
    /** A newer document was refused; the one above is still in force. */
    lastError: z.object({ atMs: timeMs, problems: z.array(fileProblem) }).optional(),
    bundle: bundleSchema.optional(),
    /** Switches of the organisation that count on this device now. */
    switches: z
      .array(
        z.object({
          id: z.string(),
          what: z.enum(['aside', 'block']),
          /** Empty: all. */
          apps: z.array(z.string()),
          untilMs: timeMs,
          reason: z.string(),
        }),
      )
      .optional(),
    /** A help desk's code is in force. */
    override: overrideSchema.optional(),
  }),
  config: z.object({
    files: z.array(z.object({ file: z.string(), kind: z.enum(['managed', 'own']), present: z.boolean() })),
    /** What was overridden, isn't used yet, or was refused on reload. */
    problems: z.array(fileProblem),
  }),
  /** Only while paused. */
  pause: z.object({ untilMs: timeMs, reason: z.string() }).optional(),
  counters: z.object({
    connections: count,
    openConnections: count,
    tunnels: count,
    inspected: count,
    handshakesRefused: count,
    exchanges: count,
    /** By what was done (`effective`). */
    decisions: z.object({ allow: count, warn: count, redact: count, justify: count, block: count }),
  }),
  store: z.object({
    state: z.enum(['ok', 'degraded', 'unavailable']),
    file: z.string(),
    sizeBytes: count.optional(),
    queued: count,
    dropped: count,
    lastError: z.string().optional(),
  }),
  /** Every budget of the policy, for this person and device and whom else it has counted. */
  budgets: z.array(budgetSchema),
  /** Grouped by code, latest first. */
  incidents: z.array(z.object({ code: z.string(), count, lastAtMs: timeMs, detail: z.string() })),
  /** Empty when all is well. */
  degraded: z.array(problem),
});

/** One exchange as a person may see it: no prompt, no answer. */
export const exchangeSchema = z.object({
  id: z.string(),
  startedAtMs: timeMs,
  endedAtMs: timeMs,
  user: z.string(),
  app: z.object({ id: z.string(), name: z.string(), identifiedBy: z.enum(['process', 'header', 'none']) }),
  service: z.string(),
  host: z.string(),
  operation: z.string(),
  model: z.string().optional(),
  mode,
  decision: action,
  effective: action,
  reasons: z.array(z.object({ rule: z.string(), action, text: z.string(), message: z.string().optional() })),
  findings: z.record(z.string(), count),
  result: z.enum(['complete', 'refused', 'client-aborted', 'upstream-failed', 'cut']),
  cause: z.string().optional(),
  status: count.optional(),
  requestBytes: count,
  responseBytes: count,
  inputTokens: count.optional(),
  outputTokens: count.optional(),
  usageEstimated: z.boolean(),
  nanoUsd: z.number().optional(),
  costEstimated: z.boolean(),
  /** What was expected of its cost, and what the tightest budget had left before it. */
  spend: z
    .object({
      estimatedNanoUsd: z.number().optional(),
      budget: z.string().optional(),
      remainingNanoUsd: z.number().optional(),
      remainingTokens: z.number().optional(),
      downgradedFrom: z.string().optional(),
    })
    .optional(),
  addedMs: z.number(),
  policy: policyIdentity,
});

/** `key`: the virtual key that the call was made with; none in direct mode. */
export const USAGE_GROUPS = ['app', 'model', 'service', 'user', 'key', 'day'] as const;

const usageFigures = z.object({
  exchanges: count,
  blocked: count,
  inputTokens: count,
  outputTokens: count,
  nanoUsd: z.number(),
  /** True if any part of the sum is an estimate. */
  estimated: z.boolean(),
});

export const usageSchema = z.object({
  by: z.enum(USAGE_GROUPS),
  sinceMs: timeMs,
  untilMs: timeMs,
  rows: z.array(usageFigures.extend({ key: z.string() })),
  total: usageFigures,
});

/** A reason in force for calls that a `justify` rule would hold back. */
const exception = z.object({
  id: z.string(),
  rule: z.string(),
  app: z.string(),
  decisionId: z.string(),
  reason: z.string(),
  grantedAtMs: timeMs,
  untilMs: timeMs,
});
const exceptions = z.object({ exceptions: z.array(exception) });

const nothing = z.strictObject({});
const done = z.object({ done: z.literal(true) });
/** Query parameters arrive as text. */
const whole = z.coerce.number().int().min(0);

export const CONTRACT = {
  status: { method: 'GET', path: '/v1/status', input: nothing, output: statusSchema },
  exchanges: {
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
      sinceMs: whole.optional(),
      untilMs: whole.optional(),
    }),
    output: z.object({ exchanges: z.array(exchangeSchema), next: z.string().optional() }),
  },
  exchange: {
    method: 'GET',
    path: '/v1/exchanges/:id',
    input: z.strictObject({ id: z.string().min(1).max(100) }),
    output: exchangeSchema,
  },
  usage: {
    method: 'GET',
    path: '/v1/usage',
    input: z.strictObject({
      by: z.enum(USAGE_GROUPS).default('app'),
      sinceMs: whole.optional(),
      untilMs: whole.optional(),
    }),
    output: usageSchema,
  },
  stop: { method: 'POST', path: '/v1/stop', input: nothing, output: done },
  pause: {
    method: 'POST',
    path: '/v1/pause',
    input: z.strictObject({ minutes: z.number().min(1).max(480), reason: z.string().trim().min(1).max(300) }),
    output: z.object({ untilMs: timeMs }),
  },
  resume: { method: 'POST', path: '/v1/resume', input: nothing, output: done },
  /** Lets calls pass the rules that held this one back, for as long as each rule says. Kept in the audit log. */
  justify: {
    method: 'POST',
    path: '/v1/justify',
    input: z.strictObject({
      decision: z.string().min(1).max(100),
      reason: z.string().trim().min(5).max(500),
    }),
    output: exceptions,
  },
  exceptions: { method: 'GET', path: '/v1/exceptions', input: nothing, output: exceptions },
  revokeException: {
    method: 'POST',
    path: '/v1/exceptions/revoke',
    input: z.strictObject({ id: z.string().min(1).max(100) }),
    output: done,
  },
  /** A help desk's code: lifts enforcement until its end. */
  override: {
    method: 'POST',
    path: '/v1/override',
    input: z.strictObject({ code: z.string().min(1).max(100) }),
    output: overrideSchema,
  },
  endOverride: { method: 'POST', path: '/v1/override/end', input: nothing, output: done },
  /** Reads config and policy files now. Both apply whole or not at all; `problems` says why not. */
  reload: {
    method: 'POST',
    path: '/v1/reload',
    input: nothing,
    output: z.object({ policy: policyIdentity, problems: z.array(fileProblem) }),
  },
} as const;

/** `GET /v1/watch`: server-sent events; first `snapshot`, then `change` with the top-level keys that differ. */
export const WATCH = {
  path: '/v1/watch',
  /** `lease=true`: an agent that was started for one command stays as long as somebody holds such a watch. */
  input: z.strictObject({ lease: z.enum(['true', 'false']).default('false') }),
  event: z.discriminatedUnion('type', [
    z.object({ type: z.literal('snapshot'), status: statusSchema }),
    z.object({
      type: z.literal('change'),
      status: statusSchema.partial(),
      /** Optional keys that are gone. */
      removed: z.array(z.string()),
    }),
    z.object({ type: z.literal('exchange'), exchange: exchangeSchema }),
  ]),
} as const;

export type Contract = typeof CONTRACT;
export type Call = keyof Contract;
export type CallInput<Name extends Call> = z.input<Contract[Name]['input']>;
export type CallArguments<Name extends Call> = z.output<Contract[Name]['input']>;
export type CallOutput<Name extends Call> = z.output<Contract[Name]['output']>;
/** What the agent must be able to do; the doubles in tests implement the same type. */
export type Handlers = {
  readonly [Name in Call]: (input: CallArguments<Name>) => CallOutput<Name> | Promise<CallOutput<Name>>;
};

export type AgentStatus = z.output<typeof statusSchema>;
export type ExchangeView = z.output<typeof exchangeSchema>;
export type UsageReport = z.output<typeof usageSchema>;
export type UsageGroup = (typeof USAGE_GROUPS)[number];
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
