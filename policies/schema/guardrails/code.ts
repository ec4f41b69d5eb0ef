import { z } from 'zod';
import { nonEmpty } from '../words.ts';
import { guardrailBase } from './base.ts';

/** Source code, and headers that mark a text as somebody's property. */
export const codeGuardrail = z.strictObject({
  ...guardrailBase,
  detect: z.literal('code'),
  /** Share of a text that has to be source code. */
  minShare: z.number().min(0).max(1).default(0.5),
  languages: nonEmpty(z.string().min(1)).optional(),
  /** Words that mark a text as confidential, besides the usual ones. */
  markings: nonEmpty(z.string().min(3).max(200)).optional(),
});
