import type { Usage } from '../../../core/exchange.ts';
import { asRecord, type JsonRecord } from '../../json/values.ts';
import { tokenCount, usageOf } from '../../token-counts.ts';

/** `prompt_tokens` includes cached tokens, `completion_tokens` includes reasoning. */
export function chatUsage(raw: JsonRecord, serviceTier: string | undefined): Usage {
  const input = asRecord(raw['prompt_tokens_details']);
  const output = asRecord(raw['completion_tokens_details']);
  return usageOf({
    inputTokens: tokenCount(raw['prompt_tokens']),
    // DeepSeek reports cache hits beside the total.
    cacheReadTokens: tokenCount(input?.['cached_tokens']) ?? tokenCount(raw['prompt_cache_hit_tokens']),
    cacheWriteTokens: tokenCount(input?.['cache_write_tokens']),
    outputTokens: tokenCount(raw['completion_tokens']),
    reasoningTokens: tokenCount(output?.['reasoning_tokens']),
    inputAudioTokens: tokenCount(input?.['audio_tokens']),
    outputAudioTokens: tokenCount(output?.['audio_tokens']),
    inputImageTokens: tokenCount(input?.['image_tokens']),
    serviceTier,
    raw,
  });
}
