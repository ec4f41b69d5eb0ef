/** A model's price list as plain numbers, and the arithmetic that turns token counts into money. */
import type { ModelPrice } from '@pydantic/genai-prices';
import type { Usage } from '../core/exchange.ts';
import { type NanoUsd, nanoUsd } from '../core/units.ts';

/** Nano-dollars per token. A tier applies to all of a call's tokens once its input exceeds `aboveInput`. */
interface Rate {
  readonly base: number;
  readonly tiers: readonly { readonly aboveInput: number; readonly rate: number }[];
}

export interface Rates {
  readonly input: Rate;
  readonly cacheRead: Rate;
  readonly cacheWrite: Rate;
  readonly cacheWrite1h: Rate;
  readonly inputAudio: Rate;
  readonly cacheAudioRead: Rate;
  readonly output: Rate;
  readonly outputAudio: Rate;
  readonly inputImage: Rate;
  readonly outputImage: Rate;
  readonly perWebSearch: number;
  /** For each picture sent; only an organisation's own price list says so. */
  readonly perImage: number;
  /** Nano-dollars per call, whatever its size. */
  readonly perCall: number;
}

const FREE_RATE: Rate = { base: 0, tiers: [] };

/** USD per million tokens is a thousand nano-dollars per token; rounded to pico-dollars, to shed binary dust. */
const perToken = (usdPerMillion: number): number => Math.round(usdPerMillion * 1e6) / 1e3;

/** Prices that a model lacks fall back to the dearer thing that they are a part of: cached input is input. */
export function ratesOf(price: ModelPrice): Rates {
  const rate = (key: string): Rate | undefined => {
    const listed = price[key];
    if (listed === undefined) return undefined;
    if (typeof listed === 'number') return { base: perToken(listed), tiers: [] };
    const tiers = listed.tiers.map(({ start, price: above }) => ({
      aboveInput: start,
      rate: perToken(above),
    }));
    return { base: perToken(listed.base), tiers: tiers.sort((a, b) => a.aboveInput - b.aboveInput) };
  };
  const input = rate('input_mtok') ?? FREE_RATE;
  const output = rate('output_mtok') ?? FREE_RATE;
  const cacheRead = rate('cache_read_mtok') ?? input;
  const cacheWrite = rate('cache_write_mtok') ?? input;
  const inputAudio = rate('input_audio_mtok') ?? input;
  const perThousand = (key: string): number => {
    const usd = price[key];
    return typeof usd === 'number' ? Math.round(usd * 1e6) : 0;
  };
  return {
    input,
    cacheRead,
    cacheWrite,
    cacheWrite1h: rate('cache_write_1h_mtok') ?? cacheWrite,
    inputAudio,
    cacheAudioRead: rate('cache_audio_read_mtok') ?? (price['input_audio_mtok'] ? inputAudio : cacheRead),
    output,
    outputAudio: rate('output_audio_mtok') ?? output,
    inputImage: rate('input_image_mtok') ?? input,
    outputImage: rate('output_image_mtok') ?? output,
    perWebSearch: perThousand('web_searches_kcount'),
    perImage: perThousand('images_kcount'),
    perCall: perThousand('requests_kcount'),
  };
}

/**
 * What a call costs. Every token is charged exactly once: cached and audio tokens are parts of the totals, so they are
 * taken out of them first. Counts that contradict each other (parts above their total) count the parts.
 */
export function costOf(rates: Rates, usage: Usage, { tierFactor = 1, images = 0 } = {}): NanoUsd {
  const cacheRead = count(usage.cacheReadTokens);
  const cacheWrite = count(usage.cacheWriteTokens);
  const cacheWrite1h = count(usage.cacheWrite1hTokens);
  const cached = cacheRead + cacheWrite + cacheWrite1h;
  const input = Math.max(count(usage.inputTokens), cached);
  // Nobody reports which audio was cached: it is taken to be the uncached part first, the dearer reading.
  const audio = Math.min(count(usage.inputAudioTokens), input);
  const freshAudio = Math.min(audio, input - cached);
  const inputImage = Math.min(count(usage.inputImageTokens), input - cached - freshAudio);
  const cachedAudio = Math.min(audio - freshAudio, cacheRead);
  const outputAudio = count(usage.outputAudioTokens);
  const output = Math.max(count(usage.outputTokens), count(usage.reasoningTokens), outputAudio);
  const outputImage = Math.min(count(usage.outputImageTokens), output - outputAudio);
  const at = (rate: Rate, amount: number): number => (amount === 0 ? 0 : amount * rateAt(rate, input));
  const tokens =
    at(rates.input, input - cached - freshAudio - inputImage) +
    at(rates.inputImage, inputImage) +
    at(rates.inputAudio, freshAudio) +
    at(rates.cacheRead, cacheRead - cachedAudio) +
    at(rates.cacheAudioRead, cachedAudio) +
    at(rates.cacheWrite, cacheWrite) +
    at(rates.cacheWrite1h, cacheWrite1h) +
    at(rates.output, output - outputAudio - outputImage) +
    at(rates.outputImage, outputImage) +
    at(rates.outputAudio, outputAudio);
  const pieces = rates.perCall + rates.perImage * images + rates.perWebSearch * count(usage.webSearches);
  return nanoUsd(tokens * tierFactor + pieces);
}

/** A provider's number is not trusted to be one: NaN or a negative count must not poison a sum. */
const count = (tokens: number | undefined): number =>
  tokens !== undefined && tokens > 0 && Number.isFinite(tokens) ? tokens : 0;

function rateAt(rate: Rate, inputTokens: number): number {
  let applied = rate.base;
  for (const tier of rate.tiers) if (inputTokens > tier.aboveInput) applied = tier.rate;
  return applied;
}
