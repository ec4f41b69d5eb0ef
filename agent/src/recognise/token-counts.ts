import type { Usage } from '../core/exchange.ts';
import { type Tokens, tokens } from '../core/units.ts';
import { asNumber } from './json/values.ts';

/** A count as reported; undefined where it is absent, null or not a number. */
export function tokenCount(value: unknown): Tokens | undefined {
  const count = asNumber(value);
  return count === undefined ? undefined : tokens(count);
}

/** The sum of the counts that are there; undefined if none is. */
export function sumTokens(...counts: readonly (Tokens | undefined)[]): Tokens | undefined {
  let sum: number | undefined;
  for (const count of counts) if (count !== undefined) sum = (sum ?? 0) + count;
  return sum === undefined ? undefined : tokens(sum);
}

/** A usage in which everything not given is unreported. */
export const usageOf = (known: Partial<Usage> & { readonly raw: unknown }): Usage => ({
  inputTokens: undefined,
  cacheReadTokens: undefined,
  cacheWriteTokens: undefined,
  cacheWrite1hTokens: undefined,
  outputTokens: undefined,
  reasoningTokens: undefined,
  inputAudioTokens: undefined,
  outputAudioTokens: undefined,
  ...known,
});
