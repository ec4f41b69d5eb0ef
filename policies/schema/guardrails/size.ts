import { z } from 'zod';
import { guardrailBase } from './base.ts';

const limit = z.int().min(1).optional();

/** Requests that are larger than a policy wants. Give at least one limit; each that is passed is a finding of its own. */
export const sizeGuardrail = z.strictObject({
  ...guardrailBase,
  detect: z.literal('size'),
  /** Of the whole body, attachments included. */
  maxBytes: limit,
  /** Input tokens, estimated from the text; attachments don't count. */
  maxTokens: limit,
  /** Messages of the conversation, as it is resent. */
  maxMessages: limit,
});
