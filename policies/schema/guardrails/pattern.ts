import { z } from 'zod';
import { nonEmpty } from '../words.ts';
import { confidenceSchema, guardrailBase, severitySchema } from './base.ts';
import { nearOption } from './near.ts';

const expression = z.string().min(1).max(1000);

/** Expressions of the security team's own, in RE2 syntax. */
export const patternGuardrail = z.strictObject({
  ...guardrailBase,
  detect: z.literal('pattern'),
  patterns: nonEmpty(
    z.union([
      expression,
      z.strictObject({
        id: z
          .string()
          .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'use lower-case letters, digits and dashes')
          .optional(),
        /** What it finds, in the employee's words. */
        label: z.string().min(1).max(80).optional(),
        expression,
        /** One of these stands in every match. */
        keywords: nonEmpty(z.string().min(3)).optional(),
        severity: severitySchema.optional(),
        confidence: confidenceSchema.optional(),
      }),
    ]),
  ),
  caseSensitive: z.boolean().default(true),
  near: nearOption.optional(),
});
