/**
 * The policy document: what the security team writes. This folder stands alone: it imports nothing of the agent,
 * so that a policy can be checked in any pipeline.
 */
import { z } from 'zod';

const kebab = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'use lower-case letters, digits, dots and dashes');
/** A CEL expression; compiled, with its own errors, when the policy is compiled. */
const condition = z.string().min(1).max(2000);
const message = z.string().min(1).max(600);
const nonEmpty = <T extends z.ZodType>(item: T) =>
  z.union([item.transform((one) => [one]), z.array(item).min(1)]);

export const modeSchema = z.enum(['gateway', 'passthrough', 'direct', 'tunnel', 'block']);
export const actionSchema = z.enum(['allow', 'warn', 'redact', 'block']);
const onFailureSchema = z.enum(['allow', 'warn', 'block']);

/**
 * First match wins; the catalogue's default mode follows. `match` takes service ids, host names, `*.` suffixes,
 * `kind:web` (`api`, `web`, `ide`) and `*` (every service of these kinds).
 */
const serviceRule = z.strictObject({
  match: nonEmpty(z.string().min(1)),
  mode: modeSchema,
  when: condition.optional(),
  message: message.optional(),
  /** For hosts that the catalogue doesn't know: which wire format they speak. */
  dialect: z.enum(['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini']).optional(),
});

/** First match wins. `match` takes globs over the model's name, with or without its maker's prefix (`openai/gpt-5`). */
const modelRule = z.strictObject({
  match: nonEmpty(z.string().min(1)),
  action: z.enum(['allow', 'warn', 'block']),
  when: condition.optional(),
  message: message.optional(),
});

const confidence = z.enum(['low', 'medium', 'high']);
const severity = z.enum(['low', 'medium', 'high', 'critical']);

const onFailureOf = (action: z.infer<typeof actionSchema>) =>
  action === 'allow' || action === 'warn' ? ('warn' as const) : ('block' as const);

const guardrailRule = z
  .strictObject({
    id: kebab,
    detect: z.enum(['secrets']),
    /** Only these kinds (`aws-access-key-id`, `github-*`); all if absent. */
    kinds: nonEmpty(z.string().min(1)).optional(),
    /** Ignore weaker matches. */
    minConfidence: confidence.default('low'),
    minSeverity: severity.default('low'),
    /**
     * `request`: everything sent, tool results included. `response`: everything answered, tool calls included.
     * `tool-result`: only results of tools, on their way to the model. `tool-call`: only calls that the model makes.
     */
    on: nonEmpty(z.enum(['request', 'response', 'tool-call', 'tool-result'])).default(['request']),
    action: actionSchema,
    when: condition.optional(),
    message: message.optional(),
    /**
     * When the detector or `when` throws or times out. By default a rule that would only warn warns, and a rule that
     * would have stopped or changed something blocks.
     */
    onFailure: onFailureSchema.optional(),
  })
  .transform((rule) => ({ ...rule, onFailure: rule.onFailure ?? onFailureOf(rule.action) }));

/** First match wins, else `default`. `match` takes app ids, `unknown` and `*`. */
const appRule = z.strictObject({
  match: nonEmpty(z.string().min(1)),
  state: z.enum(['allowed', 'denied']),
  when: condition.optional(),
  message: message.optional(),
});

export const policySchema = z.strictObject({
  postern: z.literal(1),
  name: kebab,
  services: z.array(serviceRule).default([]),
  models: z.array(modelRule).default([]),
  guardrails: z.array(guardrailRule).default([]),
  apps: z
    .strictObject({
      default: z.enum(['allow', 'deny']).default('allow'),
      rules: z.array(appRule).default([]),
    })
    .prefault({}),
  privacy: z
    .strictObject({
      /** `never`: no prompt or answer text is kept. `blocked`: of refused calls only. `always`: of every call. */
      content: z.enum(['never', 'blocked', 'always']).default('never'),
      retentionDays: z.int().min(1).max(3650).default(30),
      pseudonymous: z.boolean().default(false),
    })
    .prefault({}),
  failure: z
    .strictObject({
      policyGraceHours: z.int().min(0).max(720).default(72),
      afterGrace: z.enum(['restrictive', 'open']).default('restrictive'),
      /** A call on an inference path whose body can't be read: unknown format, not JSON, undecodable. */
      unreadableRequest: z.enum(['allow', 'warn', 'block']).default('warn'),
      /** A body larger than the agent inspects. */
      oversizedRequest: z.enum(['allow', 'warn', 'block']).default('block'),
      /** A client that won't accept our certificate: let it through untouched from then on, or refuse. */
      pinnedClient: z.enum(['tunnel', 'block']).default('tunnel'),
    })
    .prefault({}),
  rollout: z
    .strictObject({
      /** Decide and record, but let everything pass. */
      shadow: z.boolean().default(false),
    })
    .prefault({}),
});

export type Policy = z.infer<typeof policySchema>;
export type ServiceRule = Policy['services'][number];
export type ModelRule = Policy['models'][number];
export type GuardrailRule = Policy['guardrails'][number];
export type AppRule = Policy['apps']['rules'][number];
