import { z } from 'zod';
import { expression, nonEmpty } from '../words.ts';
import { confidenceSchema, guardrailBase, severitySchema } from './base.ts';
import { nearOption } from './near.ts';

const described = z.strictObject({
  /** The kind of its findings; the rule's own id if absent. */
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'use lower-case letters, digits and dashes')
    .optional(),
  /** What it finds, in the employee's words. */
  label: z.string().min(1).max(80).optional(),
  expression,
  /** A match counts only if it holds one of these, in any case. Tried only where one stands. */
  keywords: nonEmpty(z.string().min(2).max(64)).optional(),
  severity: severitySchema.optional(),
  confidence: confidenceSchema.optional(),
  /** Instead of the rule's own. */
  near: nearOption.optional(),
});

/** A bare expression is one without a description. */
const pattern = z.preprocess(
  (value) => (typeof value === 'string' ? { expression: value } : value),
  described,
);

/** Expressions of the security team's own, in RE2 syntax. */
export const patternGuardrail = z.strictObject({
  ...guardrailBase,
  detect: z.literal('pattern'),
  patterns: nonEmpty(pattern),
  caseSensitive: z.boolean().default(true),
  /** What they find, in the employee's words. */
  label: z.string().min(1).max(80).optional(),
  severity: severitySchema.default('high'),
  confidence: confidenceSchema.default('high'),
  near: nearOption.optional(),
});
