import { z } from 'zod';
import { fileName, nonEmpty } from '../words.ts';
import { confidenceSchema, guardrailBase, severitySchema } from './base.ts';
import { nearOption } from './near.ts';

/** Words and names of the security team's own: code names, customers. */
export const keywordGuardrail = z.strictObject({
  ...guardrailBase,
  detect: z.literal('keyword'),
  terms: nonEmpty(z.string().min(1).max(200)).optional(),
  /** A UTF-8 text file with one term a line, relative to the policy document. */
  dictionary: fileName.optional(),
  /** What it finds, in the employee's words. */
  label: z.string().min(1).max(80).optional(),
  caseSensitive: z.boolean().default(false),
  wholeWords: z.boolean().default(true),
  severity: severitySchema.optional(),
  confidence: confidenceSchema.optional(),
  near: nearOption.optional(),
});
