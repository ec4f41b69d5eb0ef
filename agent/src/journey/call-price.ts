import type { ExchangeRequest, Usage } from '../core/exchange.ts';
import { tokens } from '../core/units.ts';

/** What a call costs by its numbers: linear in the output, so that a chunk is priced by one multiplication. */
export interface Price {
  readonly inputNanoUsd: number;
  readonly perOutputToken: number;
}

const SAMPLE_OUTPUT_TOKENS = 1_000;

/** `nanoUsdAt`: what the call costs with so many output tokens; undefined where the model has no price. */
export function linearPrice(nanoUsdAt: (outputTokens: number) => number | undefined): Price | undefined {
  const inputNanoUsd = nanoUsdAt(0);
  const withOutput = nanoUsdAt(SAMPLE_OUTPUT_TOKENS);
  if (inputNanoUsd === undefined || withOutput === undefined) return undefined;
  return { inputNanoUsd, perOutputToken: (withOutput - inputNanoUsd) / SAMPLE_OUTPUT_TOKENS };
}

export const imagesIn = ({ parts }: ExchangeRequest): number =>
  parts.reduce((sum, { kind }) => sum + (kind === 'image' ? 1 : 0), 0);

export const usageOf = (inputTokens: number, outputTokens: number): Usage => ({
  inputTokens: tokens(inputTokens),
  cacheReadTokens: undefined,
  cacheWriteTokens: undefined,
  cacheWrite1hTokens: undefined,
  outputTokens: tokens(outputTokens),
  reasoningTokens: undefined,
  inputAudioTokens: undefined,
  outputAudioTokens: undefined,
  raw: undefined,
});
