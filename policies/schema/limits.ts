/** Limits: how fast, and how much at once. They keep a runaway program from spending a day's budget in a minute. */
import { z } from 'zod';
import { spendScope } from './budgets.ts';
import { condition, kebab, message, nonEmpty } from './words.ts';

export const limitRule = z.strictObject({
  id: kebab,
  scope: spendScope,
  requestsPerMinute: z.int().min(1).max(1_000_000).optional(),
  /** Input and output together; estimated before the call, corrected after it. */
  tokensPerMinute: z.int().min(1).max(1e10).optional(),
  /** Calls that are being answered at the same time. */
  concurrentStreams: z.int().min(1).max(10_000).optional(),
  action: z.enum(['warn', 'block']).default('block'),
  /** Globs over the model's name. */
  match: nonEmpty(z.string().min(1)).optional(),
  when: condition.optional(),
  /** On trial: it counts and is told of, but stops nothing. */
  shadow: z.boolean().default(false),
  message: message.optional(),
});

export type LimitRule = z.infer<typeof limitRule>;
