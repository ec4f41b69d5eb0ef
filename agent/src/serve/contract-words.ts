/** Shapes that several parts of the contract use. */
import { z } from 'zod';

export const action = z.enum(['allow', 'warn', 'redact', 'justify', 'block']);
export const mode = z.enum(['gateway', 'passthrough', 'direct', 'tunnel', 'block']);
export const count = z.int().min(0);
/** Milliseconds since the Unix epoch. */
export const timeMs = z.number();
export const policyIdentity = z.object({ name: z.string(), revision: z.string() });

/** Something that isn't as it should be, and what the person can do about it. */
export const problem = z.object({ code: z.string(), text: z.string(), mend: z.string().optional() });

export const fileProblem = z.object({
  file: z.string(),
  line: count.optional(),
  column: count.optional(),
  field: z.string().optional(),
  message: z.string(),
  mend: z.string().optional(),
});
