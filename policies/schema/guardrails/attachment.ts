import { z } from 'zod';
import { guardrailBase } from './base.ts';

/** Files, images and recordings by their content. `kinds` says which. */
export const attachmentGuardrail = z.strictObject({
  ...guardrailBase,
  detect: z.literal('attachment'),
  maxFiles: z.int().min(0).optional(),
  maxFileBytes: z.int().min(1).optional(),
});
