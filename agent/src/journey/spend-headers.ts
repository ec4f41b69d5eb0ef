import type { RawHeaders } from '../core/connection.ts';
import type { SpendNote } from '../core/spend.ts';

/** Plain decimal dollars: `0.0123`. Rounded to millionths, which is finer than any bill. */
const dollars = (nanoUsd: number): string => String(Math.round(nanoUsd / 1e3) / 1e6);

/** What a call is expected to cost, and what the tightest budget has left. */
export function spendHeaders({
  estimatedNanoUsd,
  budget,
  remainingNanoUsd,
  remainingTokens,
}: SpendNote): RawHeaders {
  const headers: string[] = [];
  if (estimatedNanoUsd !== undefined) headers.push('x-postern-estimated-cost-usd', dollars(estimatedNanoUsd));
  if (budget !== undefined) headers.push('x-postern-budget', budget);
  if (remainingNanoUsd !== undefined)
    headers.push('x-postern-budget-remaining-usd', dollars(remainingNanoUsd));
  if (remainingTokens !== undefined)
    headers.push('x-postern-budget-remaining-tokens', String(remainingTokens));
  return headers;
}

/** Characters of names; anything else could end the header, or not be sent at all (RFC 9110 section 5.5). */
const NAME = /^[A-Za-z0-9_.:/@-]{1,128}$/;
const shown = (model: string | undefined): string =>
  model !== undefined && NAME.test(model) ? model : 'another model';

export const downgradedHeader = (from: string, to: string | undefined): RawHeaders => [
  'x-postern-downgraded',
  `${shown(from)} -> ${shown(to)}`,
];
