import { z } from 'zod';
import { expression, nonEmpty } from '../words.ts';

/** A match only counts if one of these stands close to it, before or after. */
export const nearOption = z.strictObject({
  /** Whole words, in any case. */
  terms: nonEmpty(z.string().min(1).max(256)).optional(),
  /** RE2 syntax. */
  patterns: nonEmpty(expression).optional(),
  /** The most that may stand in between. */
  withinCharacters: z.int().min(0).max(1000).default(50),
});
