/**
 * The policy document: what the security team writes. This folder stands alone: it imports nothing of the agent,
 * so that a policy can be checked in any pipeline.
 */
import { z } from 'zod';
import { budgetRule } from './budgets.ts';
import { attachmentGuardrail } from './guardrails/attachment.ts';
import { onFailureOf } from './guardrails/base.ts';
import { codeGuardrail } from './guardrails/code.ts';
import { injectionGuardrail } from './guardrails/injection.ts';
import { keywordGuardrail } from './guardrails/keyword.ts';
import { patternGuardrail } from './guardrails/pattern.ts';
import { piiGuardrail } from './guardrails/pii.ts';
import { remoteGuardrail } from './guardrails/remote.ts';
import { secretsGuardrail } from './guardrails/secrets.ts';
import { sizeGuardrail } from './guardrails/size.ts';
import { limitRule } from './limits.ts';
import { priceRule } from './prices.ts';
import { condition, kebab, message, nonEmpty } from './words.ts';

export const modeSchema = z.enum(['gateway', 'passthrough', 'direct', 'tunnel', 'block']);

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

const guardrailRule = z
  .discriminatedUnion('detect', [
    secretsGuardrail,
    piiGuardrail,
    patternGuardrail,
    keywordGuardrail,
    injectionGuardrail,
    sizeGuardrail,
    attachmentGuardrail,
    codeGuardrail,
    remoteGuardrail,
  ])
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
  budgets: z.array(budgetRule).max(200).default([]),
  limits: z.array(limitRule).max(200).default([]),
  /** First match wins; the list that ships with the agent follows. */
  prices: z.array(priceRule).max(1000).default([]),
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
      /** A chat site that takes our TLS for a robot's: let it through untouched for ten minutes, or go on inspecting. */
      challengedSite: z.enum(['tunnel', 'inspect']).default('tunnel'),
      /**
       * No base URL of the gateway answers: refuse the call, send it to its provider with the app's own credential under
       * this policy's rules and budgets, or let it pass untouched.
       */
      gatewayDown: z.enum(['refuse', 'direct', 'tunnel']).default('refuse'),
    })
    .prefault({}),
  rollout: z
    .strictObject({
      /** Decide and record, but let everything pass. */
      shadow: z.boolean().default(false),
      /** Share of devices on which the policy is enforced; on the others it is in shadow. Chosen by device, and stable. */
      canaryPercent: z.number().min(0).max(100).default(100),
    })
    .prefault({}),
});

export type Policy = z.infer<typeof policySchema>;
export type ServiceRule = Policy['services'][number];
export type ModelRule = Policy['models'][number];
export type GuardrailRule = Policy['guardrails'][number];
export type AppRule = Policy['apps']['rules'][number];
