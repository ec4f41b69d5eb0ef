import { z } from 'zod';
import { nonEmpty } from '../words.ts';

/** A match only counts if one of these stands close to it, on either side. */
export const nearOption = z.strictObject({
  terms: nonEmpty(z.string().min(1).max(200)),
  withinCharacters: z.int().min(1).max(1000).default(50),
});
