import { z } from 'zod';
import { fileName, nonEmpty } from '../words.ts';
import { confidenceSchema, guardrailBase, severitySchema } from './base.ts';
import { nearOption } from './near.ts';

/** Words and names of the security team's own: code names, customers. Found as whole words. */
export const keywordGuardrail = z.strictObject({
  ...guardrailBase,
  detect: z.literal('keyword'),
  terms: nonEmpty(z.string().min(1)).optional(),
  /** UTF-8 text with one term a line, relative to the policy document. `#` begins a comment. */
  dictionary: nonEmpty(fileName).optional(),
  /** What it finds, in the employee's words. */
  label: z.string().min(1).max(80).optional(),
  caseSensitive: z.boolean().default(false),
  /** `ignore`: `Muller` is also found where `Müller` is written, and the other way round. */
  diacritics: z.enum(['keep', 'ignore']).default('keep'),
  severity: severitySchema.default('high'),
  confidence: confidenceSchema.default('high'),
  near: nearOption.optional(),
});
