import { z } from 'zod';
import { condition, kebab, message, nonEmpty } from '../words.ts';

export const actionSchema = z.enum(['allow', 'warn', 'redact', 'justify', 'block']);
export const onFailureSchema = z.enum(['allow', 'warn', 'block']);
export const confidenceSchema = z.enum(['low', 'medium', 'high']);
export const severitySchema = z.enum(['low', 'medium', 'high', 'critical']);

/** What every guardrail has, whatever it detects. */
export const guardrailBase = {
  id: kebab,
  /** Only these kinds (`aws-access-key-id`, `github-*`); all if absent. */
  kinds: nonEmpty(z.string().min(1)).optional(),
  /** Ignore weaker matches. */
  minConfidence: confidenceSchema.default('low'),
  minSeverity: severitySchema.default('low'),
  /**
   * `request`: everything sent, tool results and attachments included. `response`: everything answered, tool calls
   * included. `tool-result`: only results of tools, on their way to the model. `attachment`: only files, images and
   * recordings sent. `tool-call`: only calls that the model makes.
   */
  on: nonEmpty(z.enum(['request', 'response', 'tool-call', 'tool-result', 'attachment'])).default([
    'request',
  ]),
  /** Of what is sent, only texts in these roles; all if absent. Answers are not concerned. */
  roles: nonEmpty(z.enum(['system', 'user', 'assistant', 'tool'])).optional(),
  action: actionSchema,
  /** Of `justify`: how long one given reason lets calls pass this rule. */
  justifyMinutes: z.int().min(1).max(10_080).default(60),
  /** Of `redact`: `mask` leaves `[REDACTED:kind]`; `reversible` leaves a word that is put back in the answer. */
  redaction: z.enum(['mask', 'reversible']).default('mask'),
  /** Of `redaction: reversible`: put values back into the model's tool calls too. By default not for secrets. */
  restoreInToolCalls: z.boolean().optional(),
  when: condition.optional(),
  message: message.optional(),
  /**
   * When the detector or `when` throws or times out. By default a rule that would only warn warns, and a rule that
   * would have stopped or changed something blocks.
   */
  onFailure: onFailureSchema.optional(),
  /** Decide and record, but let it pass: to see what a rule would do before it does it. */
  shadow: z.boolean().default(false),
};

/** What stands for an absent `onFailure`. */
export const onFailureOf = (action: z.infer<typeof actionSchema>) =>
  action === 'allow' || action === 'warn' ? ('warn' as const) : ('block' as const);
