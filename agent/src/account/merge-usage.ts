/**
 * Several usage reports of one exchange into one. Providers report running totals, not increments (Anthropic's
 * `message_delta`: "cumulative", Gemini repeats `usageMetadata` per chunk): a later figure replaces an earlier one, and
 * what it leaves out stays as it was, also where it writes 0 for what it
 * doesn't know. Adding them up is how tokens get counted twice.
 */
import type { Usage } from '../core/exchange.ts';

export interface UsageReport {
  readonly usage: Usage;
  readonly final: boolean;
}

const COUNTS = [
  'inputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'cacheWrite1hTokens',
  'outputTokens',
  'reasoningTokens',
  'inputAudioTokens',
  'outputAudioTokens',
  'inputImageTokens',
  'outputImageTokens',
  'webSearches',
] as const satisfies readonly (keyof Usage)[];

/** `before` is undefined for the first report. A report after a final one is taken only if it is final too. */
export function mergeUsage(before: UsageReport | undefined, after: UsageReport): UsageReport {
  if (before === undefined) return after;
  if (before.final && !after.final) return before;
  const merged: { -readonly [key in keyof Usage]: Usage[key] } = { ...before.usage };
  for (const field of COUNTS) {
    const count = after.usage[field] || (before.usage[field] ?? after.usage[field]);
    if (count !== undefined || field in merged) Object.assign(merged, { [field]: count });
  }
  const serviceTier = after.usage.serviceTier ?? before.usage.serviceTier;
  if (serviceTier !== undefined) merged.serviceTier = serviceTier;
  merged.raw = after.usage.raw ?? before.usage.raw;
  return { usage: merged, final: before.final || after.final };
}
