import { z } from 'zod';
import { nonEmpty } from '../words.ts';
import { guardrailBase } from './base.ts';

/** Personal data with a structure: cards, accounts, national numbers, addresses of people on a network. */
export const piiGuardrail = z.strictObject({
  ...guardrailBase,
  detect: z.literal('pii'),
  /** ISO 3166 codes of the countries whose numbers are looked for; all that are known if absent. */
  countries: nonEmpty(z.string().regex(/^[A-Z]{2}$/, 'use two capital letters, such as NO')).optional(),
  /** Mail addresses at these domains are no finding. */
  companyDomains: nonEmpty(z.string().min(1)).optional(),
});
