import { z } from 'zod';
import { guardrailBase } from './base.ts';

/** Requests that are larger than a policy wants. */
export const sizeGuardrail = z.strictObject({
  ...guardrailBase,
  detect: z.literal('size'),
  maxBytes: z.int().min(1).optional(),
  /** Estimated input tokens. */
  maxTokens: z.int().min(1).optional(),
});
