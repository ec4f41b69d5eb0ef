import { z } from 'zod';
import { nonEmpty } from '../words.ts';
import { guardrailBase } from './base.ts';

/** Kinds: `source-code`, `confidential-marking`, `licence-header`. */
export const codeGuardrail = z.strictObject({
  ...guardrailBase,
  detect: z.literal('code'),
  /**
   * Of `source-code`: the least share of a text that is code, white space aside. Of an answer it is only known at the
   * end; 0 decides piece by piece.
   */
  minShare: z.number().min(0).max(1).default(0.5),
  /** Of `source-code`: the least number of characters of code in a text, white space aside. */
  minCharacters: z.int().min(1).max(1_000_000).default(200),
  /** Of `source-code`: only these. */
  languages: nonEmpty(z.string().min(1).max(40)).optional(),
  /** Words that mark a text as confidential, besides the usual ones. */
  markings: nonEmpty(z.string().min(1)).optional(),
  /** Companies whose copyright notice with "all rights reserved" marks a text as confidential. */
  owners: nonEmpty(z.string().min(2).max(80)).optional(),
  /** Of `licence-header`: SPDX ids to report, `*` for any characters (`GPL-*`, `LicenseRef-Acme*`); all if absent. */
  licences: nonEmpty(z.string().min(1).max(80)).optional(),
});
