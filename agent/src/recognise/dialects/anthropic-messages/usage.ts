import type { Usage } from '../../../core/exchange.ts';
import { tokens } from '../../../core/units.ts';
import { asNumber, asRecord, asString, type JsonRecord } from '../../json/values.ts';
import { sumTokens, tokenCount, usageOf } from '../../token-counts.ts';

/**
 * `message_delta` repeats `message_start`'s counts as running totals, with fields left out or null where nothing
 * changed. With server tools its totals exceed the start's.
 */
export function mergeUsage(start: JsonRecord | undefined, delta: JsonRecord): JsonRecord {
  const merged: Record<string, unknown> = { ...start };
  for (const key of Object.keys(delta)) if (delta[key] !== null) merged[key] = delta[key];
  return merged;
}

/** `input_tokens` excludes what was read from or written to the cache; ours includes both. */
export function messagesUsage(raw: JsonRecord): Usage {
  const read = tokenCount(raw['cache_read_input_tokens']);
  const written = tokenCount(raw['cache_creation_input_tokens']);
  const lifetimes = asRecord(raw['cache_creation']);
  let oneHour = tokenCount(lifetimes?.['ephemeral_1h_input_tokens']);
  // The total can have grown since the split was reported: then the growth has the lifetime of all the rest.
  if (oneHour && written !== undefined && !asNumber(lifetimes?.['ephemeral_5m_input_tokens']))
    oneHour = written;
  return usageOf({
    inputTokens: sumTokens(tokenCount(raw['input_tokens']), read, written),
    cacheReadTokens: read,
    cacheWriteTokens: written === undefined ? undefined : tokens(Math.max(0, written - (oneHour ?? 0))),
    cacheWrite1hTokens: oneHour,
    outputTokens: tokenCount(raw['output_tokens']),
    reasoningTokens: tokenCount(asRecord(raw['output_tokens_details'])?.['thinking_tokens']),
    webSearches: asNumber(asRecord(raw['server_tool_use'])?.['web_search_requests']),
    serviceTier: asString(raw['service_tier']),
    raw,
  });
}
