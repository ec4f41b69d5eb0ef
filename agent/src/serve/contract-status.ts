/** What `status` and `watch` say: the agent's whole state. */
import { z } from 'zod';
import { count, fileProblem, policyIdentity, problem, timeMs } from './contract-words.ts';

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
const identitySchema = z.object({
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
const gatewaySchema = z.object({
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
  /** A newer one that is for a share of the devices first, and not yet for this one; its switches count already. */
  waiting: z
    .object({
      release: count,
      version: count,
      name: z.string(),
      revision: z.string(),
      canaryPercent: z.number(),
      sinceMs: timeMs,
    })
    .optional(),
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
