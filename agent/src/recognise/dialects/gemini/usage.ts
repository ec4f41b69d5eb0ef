import type { Usage } from '../../../core/exchange.ts';
import type { Tokens } from '../../../core/units.ts';
import { asArray, asRecord, type JsonRecord } from '../../json/values.ts';
import { sumTokens, tokenCount, usageOf } from '../../token-counts.ts';
import { member } from './names.ts';

/** Cached tokens are part of the prompt's; thoughts and tool results are counted apart and added. */
export function geminiUsage(raw: JsonRecord): Usage {
  const count = (name: string): Tokens | undefined => tokenCount(member(raw, name).value);
  const thoughts = count('thoughtsTokenCount');
  return usageOf({
    inputTokens: sumTokens(count('promptTokenCount'), count('toolUsePromptTokenCount')),
    cacheReadTokens: count('cachedContentTokenCount'),
    outputTokens: sumTokens(count('candidatesTokenCount'), thoughts),
    reasoningTokens: thoughts,
    inputAudioTokens: tokensOf('AUDIO', raw, 'promptTokensDetails'),
    outputAudioTokens: tokensOf('AUDIO', raw, 'candidatesTokensDetails'),
    inputImageTokens: tokensOf('IMAGE', raw, 'promptTokensDetails'),
    outputImageTokens: tokensOf('IMAGE', raw, 'candidatesTokensDetails'),
    raw,
  });
}

function tokensOf(modality: string, raw: JsonRecord, name: string): Tokens | undefined {
  for (const value of asArray(member(raw, name).value)) {
    const detail = asRecord(value);
    if (detail?.['modality'] === modality) return tokenCount(member(detail, 'tokenCount').value);
  }
  return undefined;
}
