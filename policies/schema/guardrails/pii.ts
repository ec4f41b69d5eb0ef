import { z } from 'zod';
import { nonEmpty } from '../words.ts';
import { guardrailBase } from './base.ts';

/** ISO 3166-1 codes of the countries whose official numbers are known. */
export const PII_COUNTRIES = [
  'AT',
  'AU',
  'BE',
  'BR',
  'CA',
  'CH',
  'CL',
  'CN',
  'CZ',
  'DE',
  'DK',
  'ES',
  'FI',
  'FR',
  'GB',
  'HR',
  'IE',
  'IL',
  'IN',
  'IT',
  'JP',
  'KR',
  'MX',
  'NL',
  'NO',
  'PL',
  'PT',
  'RO',
  'SE',
  'SG',
  'TR',
  'US',
  'ZA',
] as const;

const domain = z
  .string()
  .regex(
    /^[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}$/,
    'use a domain such as acme.com; those below it are included',
  );

/** Personal data with a structure: cards, accounts, national numbers, addresses of people on a network. */
export const piiGuardrail = z.strictObject({
  ...guardrailBase,
  detect: z.literal('pii'),
  /** Whose national numbers are looked for; all that are known if absent. Cards, accounts and addresses know no country. */
  countries: nonEmpty(z.enum(PII_COUNTRIES)).optional(),
  /** Mail addresses at these domains, and at those below them, are no finding. */
  companyDomains: nonEmpty(domain).optional(),
});
