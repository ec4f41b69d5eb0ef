/** What is shown of calls, money, apps and the policy. */
import { z } from 'zod';
import { action, count, mode, policyIdentity, timeMs } from './contract-words.ts';

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
  /** As the catalogue calls it; absent where it isn't known there any more. */
  serviceName: z.string().optional(),
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

export const usageFigures = z.object({
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

/** How one limit per minute stands for one person, app, model … now; it fills again by itself. */
export const limitView = z.object({
  id: z.string(),
  scope: z.enum(['device', 'user', 'app', 'service', 'model', 'key']),
  subject: z.string(),
  action: z.enum(['warn', 'block']),
  /** On trial: nothing is stopped. */
  shadow: z.boolean(),
  requestsPerMinute: count.optional(),
  requestsLeft: count.optional(),
  tokensPerMinute: count.optional(),
  tokensLeft: count.optional(),
  concurrentStreams: count.optional(),
  openStreams: count.optional(),
});

/** A reason in force for calls that a `justify` rule would hold back. */
export const exception = z.object({
  id: z.string(),
  rule: z.string(),
  app: z.string(),
  decisionId: z.string(),
  reason: z.string(),
  grantedAtMs: timeMs,
  untilMs: timeMs,
});
export const exceptions = z.object({ exceptions: z.array(exception) });

/** A program that has called AI services through the agent, or that the policy names. */
export const seenApp = z.object({
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
export const policyView = z.object({
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

export const checkResult = z.object({
  name: z.string(),
  state: z.enum(['ok', 'warn', 'fail']),
  why: z.string(),
  mend: z.string().optional(),
});
