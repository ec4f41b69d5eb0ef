import { z } from 'zod';
import { guardrailBase } from './base.ts';

/** Text that tries to give the model orders: known phrases, invisible characters, template tokens. */
export const injectionGuardrail = z.strictObject({
  ...guardrailBase,
  detect: z.literal('injection'),
});
