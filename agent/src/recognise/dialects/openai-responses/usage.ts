import type { Usage } from '../../../core/exchange.ts';
import { asRecord, type JsonRecord } from '../../json/values.ts';
import { tokenCount, usageOf } from '../../token-counts.ts';

/** `input_tokens` includes cached tokens, `output_tokens` includes reasoning. */
export function responsesUsage(raw: JsonRecord, serviceTier: string | undefined): Usage {
  const input = asRecord(raw['input_tokens_details']);
  const output = asRecord(raw['output_tokens_details']);
  return usageOf({
    inputTokens: tokenCount(raw['input_tokens']),
    cacheReadTokens: tokenCount(input?.['cached_tokens']),
    cacheWriteTokens: tokenCount(input?.['cache_write_tokens']),
    outputTokens: tokenCount(raw['output_tokens']),
    reasoningTokens: tokenCount(output?.['reasoning_tokens']),
    inputAudioTokens: tokenCount(input?.['audio_tokens']),
    outputAudioTokens: tokenCount(output?.['audio_tokens']),
    inputImageTokens: tokenCount(input?.['image_tokens']),
    serviceTier,
    raw,
  });
}
