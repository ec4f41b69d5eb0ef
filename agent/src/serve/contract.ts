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

/** How often another service was asked, by one rule of the policy, since that policy was taken over. */
export const remoteCheckSchema = z.object({
  /** Requests, answers and stretches of streamed ones with texts that had to be asked about. */
  asked: count,
  answered: count,
  /** By why there was no answer: `timeout`, `unreachable`, `service-down` … */
  failed: z.record(z.string(), count),
  /** Texts that had been asked about before, and texts outside the sample. */
  remembered: count,
  notInSample: count,
  calls: count,
  sentChars: count,
  /** How often the service was left alone for a while. */
  opened: count,
  waitedMs: z.number(),
});

/** What became of attachments since the start. */
export const attachmentsSchema = z.object({
  opened: count,
  /** Known already. */
  remembered: count,
  archiveBombs: count,
  encrypted: count,
  unreadable: count,
  timedOut: count,
  crashed: count,
  turnedAway: count,
});

/** Who is signed in, and which keys they have; never a token or a key itself. */
export const identitySchema = z.object({
  /** Undefined where the configuration names no provider. */
  issuer: z.string().optional(),
  state: z.enum(['not-configured', 'signed-out', 'signed-in']),
  user: z.object({ subject: z.string(), name: z.string(), groups: z.array(z.string()) }).optional(),
  signedInAtMs: timeMs.optional(),
  /** Until when the provider's word is good; it is renewed before, where the provider allows it. */
  validUntilMs: timeMs.optional(),
  /** A sign-in that waits for the person, who must open the address. */
  pending: z
    .object({
      flow: z.enum(['browser', 'device']),
      url: z.string(),
      userCode: z.string().optional(),
      untilMs: timeMs,
    })
    .optional(),
  /** Why nobody is signed in any more, or why the last try failed. */
  problem: problem.optional(),
  keys: z.array(
    z.object({
      name: z.string(),
      source: z.enum(['exchange', 'claim', 'config', 'typed']),
      active: z.boolean(),
      expiresAtMs: timeMs.optional(),
      refused: z.enum(['unknown', 'revoked', 'expired']).optional(),
    }),
  ),
  mayTypeKeys: z.boolean(),
  /** Where tokens and typed keys lie; `unopened` while there are none. */
  secretsIn: z.enum(['unopened', 'keychain', 'file', 'memory']),
});

export const deviceSchema = z.object({
  id: z.string(),
  /** SHA-256 of the public key, as people compare it. */
  fingerprintSha256: z.string(),
  tenant: z.object({ id: z.string(), name: z.string().optional(), enrolledAtMs: timeMs }).optional(),
});

/** The gateway, and what the active key may still do there. */
export const gatewaySchema = z.object({
  kind: z.enum(['bifrost', 'litellm', 'portkey', 'generic']),
  /** Of the base URL that takes calls now. */
  host: z.string(),
  state: z.enum(['unknown', 'up', 'degraded', 'down']),
  latencyMs: z.number().optional(),
  /** The active key's name; the key itself is nowhere. */
  key: z.string().optional(),
  endpoints: z.array(
    z.object({
      url: z.string(),
      state: z.enum(['unknown', 'up', 'down']),
      latencyMs: z.number().optional(),
      cause: z.string().optional(),
    }),
  ),
  quota: z
    .object({
      readAtMs: timeMs,
      keyName: z.string().optional(),
      active: z.boolean().optional(),
      expiresAtMs: timeMs.optional(),
      budgets: z.array(
        z.object({
          label: z.string(),
          limitUsd: z.number(),
          spentUsd: z.number(),
          window: z.string().optional(),
          resetsAtMs: timeMs.optional(),
        }),
      ),
      rates: z.array(
        z.object({
          label: z.string(),
          of: z.enum(['requests', 'tokens']),
          limit: z.number(),
          used: z.number().optional(),
          window: z.string(),
          resetsAtMs: timeMs.optional(),
        }),
      ),
      /** Absent: all that the gateway has. */
      allowedModels: z.array(z.string()).optional(),
    })
    .optional(),
  quotaProblem: z.string().optional(),
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

/** How sending to one place goes. */
const attempts = {
  /** Since the last one that went well. */
  failuresInRow: count,
  /** When the first of these was. */
  failingSinceMs: timeMs.optional(),
  nextAttemptInMs: count.optional(),
  problem: problem.optional(),
};

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
    /** In force, but worth a look: rules that are never asked, shadow mode. */
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
    /** What was overridden, or was refused on reload. */
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
    /** Calls on which something could not be checked, by rule id, `failure.unreadableRequest` or `.oversizedRequest`. */
    failures: z.record(z.string(), count),
  }),
  store: z.object({
    state: z.enum(['ok', 'degraded', 'unavailable']),
    file: z.string(),
    sizeBytes: count.optional(),
    queued: count,
    dropped: count,
    lastError: z.string().optional(),
  }),
  identity: identitySchema,
  device: deviceSchema,
  /** Where records and metrics go, and how far they have come; absent while nothing is configured. */
  telemetry: z
    .object({
      worksCouncil: z.boolean(),
      destinations: z.array(
        z.object({
          name: z.string(),
          /** `waiting`: nothing was delivered yet, and nothing failed. */
          state: z.enum(['ok', 'waiting', 'failing']),
          lastDeliveryAtMs: timeMs.optional(),
          waitingRecords: count,
          waitingBytes: count,
          /** Given up: the cap, or the end of retention. They are in the log as long as that keeps them. */
          dropped: count,
          /** Refused for good by the collector, and set aside. They are in the log as well. */
          rejected: count,
          /** The last time that something was, since the start; `sequence`: its number, if it was one record. */
          lastRefusal: z
            .object({ atMs: timeMs, records: count, sequence: count.optional(), problem })
            .optional(),
          ...attempts,
        }),
      ),
      metrics: z.object({ lastUploadAtMs: timeMs.optional(), ...attempts }),
    })
    .optional(),
  /** Every budget of the policy, for this person and device and whom else it has counted. */
  budgets: z.array(budgetSchema),
  /** By rule. Empty where the policy asks nobody. */
  remoteChecks: z.record(z.string(), remoteCheckSchema),
  attachments: attachmentsSchema,
  /** The company's gateway, if one is configured. */
  gateway: gatewaySchema.optional(),
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
  app: z.object({
    id: z.string(),
    name: z.string(),
    identifiedBy: z.enum(['process', 'header', 'none']),
    process: z.object({ name: z.string(), pid: z.int(), script: z.string().optional() }).optional(),
  }),
  service: z.string(),
  host: z.string(),
  operation: z.string(),
  model: z.string().optional(),
  mode,
  decision: action,
  effective: action,
  reasons: z.array(
    z.object({
      rule: z.string(),
      action,
      text: z.string(),
      message: z.string().optional(),
      /** The rule is on trial: it counts in `decision`, not in `effective`. */
      shadow: z.literal(true).optional(),
    }),
  ),
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
  /** What of it is kept on this device besides these figures, in characters. Absent while the call is new. */
  kept: z
    .object({ requestChars: count.optional(), responseChars: count.optional(), untilMs: timeMs })
    .optional(),
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

/** A program that has called AI services through the agent, or that the policy names. */
const seenApp = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.string().optional(),
  /** What the policy says of it. `conditional`: it depends on the call. */
  state: z.enum(['allowed', 'denied', 'conditional']),
  calls: count,
  blocked: count,
  firstAtMs: timeMs.optional(),
  lastAtMs: timeMs.optional(),
  services: z.array(z.object({ id: z.string(), name: z.string(), mode, calls: count })),
});

/** What the policy asks of this device, for a person to read; `origin` says who set a setting. */
const policyView = z.object({
  policy: policyIdentity,
  source: z.object({ kind: z.enum(['embedded', 'file', 'bundle']), file: z.string().optional() }),
  loadedAtMs: timeMs,
  /** Nothing is enforced: decisions are recorded only. */
  shadow: z.boolean(),
  rules: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(['service', 'model', 'guardrail', 'budget', 'limit', 'app']),
      action: z.string(),
      text: z.string(),
      message: z.string().optional(),
      shadow: z.boolean(),
    }),
  ),
  privacy: z.object({
    content: z.string(),
    retentionDays: z.number(),
    pseudonymous: z.boolean(),
    /** Hosts whose traffic is opened, as the PAC file lists them. All else is an untouched tunnel. */
    inspectedHosts: z.array(z.string()),
  }),
  settings: z.array(
    z.object({
      key: z.string(),
      /** Secrets are left out. */
      value: z.string(),
      origin: z.enum(['managed', 'own', 'default']),
    }),
  ),
});

const checkResult = z.object({
  name: z.string(),
  state: z.enum(['ok', 'warn', 'fail']),
  why: z.string(),
  mend: z.string().optional(),
});

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
    method: 'GET',
    path: '/v1/exchanges/:id',
    input: z.strictObject({ id: z.string().min(1).max(100) }),
    output: exchangeSchema,
  },
  /** The text that the policy let be kept of it: what the employee may see, whoever else can. */
  content: {
    method: 'GET',
    path: '/v1/exchanges/:id/content',
    input: z.strictObject({ id: z.string().min(1).max(100) }),
    output: z.object({ request: z.string().optional(), response: z.string().optional() }),
  },
  apps: { method: 'GET', path: '/v1/apps', input: nothing, output: z.object({ apps: z.array(seenApp) }) },
  policy: { method: 'GET', path: '/v1/policy', input: nothing, output: policyView },
  /** Checks everything that `postern doctor` checks, as the agent sees it. Takes seconds. */
  doctor: {
    method: 'GET',
    path: '/v1/doctor',
    input: nothing,
    output: z.object({ ok: z.boolean(), checks: z.array(checkResult) }),
  },
  /** What a support person needs, without secrets, prompts or the names of people: to be read before it is sent. */
  diagnostics: {
    method: 'GET',
    path: '/v1/diagnostics',
    input: nothing,
    output: z.object({ files: z.array(z.object({ name: z.string(), text: z.string() })) }),
  },
  /** Deletes all stored text. The record of the calls stays: it is the organisation's, and holds none. */
  deleteContent: {
    method: 'POST',
    path: '/v1/content/delete',
    input: nothing,
    output: z.object({ exchanges: count }),
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
  /** Begins a sign-in; the caller opens `url` in a browser, and `status.identity` says how it ends. */
  signIn: {
    method: 'POST',
    path: '/v1/identity/sign-in',
    input: z.strictObject({ flow: z.enum(['browser', 'device']).default('browser') }),
    output: z.object({ url: z.string(), userCode: z.string().optional(), untilMs: timeMs }),
  },
  cancelSignIn: { method: 'POST', path: '/v1/identity/cancel', input: nothing, output: done },
  /** The caller opens `endSessionUrl`, where there is one, so that the browser is signed out too. */
  signOut: {
    method: 'POST',
    path: '/v1/identity/sign-out',
    input: nothing,
    output: z.object({ endSessionUrl: z.string().optional(), problem: problem.optional() }),
  },
  addKey: {
    method: 'POST',
    path: '/v1/keys/add',
    input: z.strictObject({ name: keyName, secret: z.string().trim().min(1).max(8192) }),
    output: done,
  },
  useKey: { method: 'POST', path: '/v1/keys/use', input: z.strictObject({ name: keyName }), output: done },
  removeKey: {
    method: 'POST',
    path: '/v1/keys/remove',
    input: z.strictObject({ name: keyName }),
    output: done,
  },
  /** Binds the device to an organisation, once. */
  enrol: {
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

/**
 * `GET /v1/watch`: server-sent events; first `snapshot`, then `change` with the top-level keys that differ. Every event
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

/** Prometheus text, with the token like every other call. */
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
