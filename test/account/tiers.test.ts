import { describe, expect, it } from 'vitest';
import { createPriceBook } from '../../agent/src/account/price-book.ts';
import type { Usage } from '../../agent/src/core/exchange.ts';
import { tokens } from '../../agent/src/core/units.ts';

const AT_MS = Date.UTC(2026, 10, 23, 12);
const usage = (extra: Partial<Usage> = {}): Usage => ({
  inputTokens: tokens(1_000_000),
  cacheReadTokens: undefined,
  cacheWriteTokens: undefined,
  cacheWrite1hTokens: undefined,
  outputTokens: tokens(0),
  reasoningTokens: undefined,
  inputAudioTokens: undefined,
  outputAudioTokens: undefined,
  raw: undefined,
  ...extra,
});
const book = createPriceBook();
const price = (service: string, model: string, extra: Partial<Usage>) =>
  book.priceUsage({ service, model, usage: usage(extra), atMs: AT_MS });

describe('service tiers', () => {
  it.each([
    ['openai', 'gpt-5-mini', undefined, 0.25, false],
    ['openai', 'gpt-5-mini', 'default', 0.25, false],
    ['openai', 'gpt-5-mini', 'flex', 0.125, false],
    ['openai', 'gpt-5-mini', 'priority', 0.5, true],
    ['anthropic', 'claude-haiku-4-5', 'standard', 1, false],
    ['anthropic', 'claude-haiku-4-5', 'batch', 0.5, false],
    // Bought in advance: its tokens cost what they cost.
    ['anthropic', 'claude-haiku-4-5', 'priority', 1, false],
    ['openai', 'gpt-5-mini', 'something-new', 0.25, false],
  ])('%s %s served as %s costs %s dollars a million', (service, model, serviceTier, usd, estimated) => {
    expect(price(service, model, { serviceTier })).toMatchObject({ nanoUsd: usd * 1e9, estimated });
  });
});

describe('pictures, searches', () => {
  it('made by a model cost the price of pictures, and are not counted twice', () => {
    const counts = { inputTokens: tokens(0), outputTokens: tokens(1_300) };
    const text = price('gemini', 'gemini-2.5-flash-image', counts)?.nanoUsd ?? 0;
    const picture =
      price('gemini', 'gemini-2.5-flash-image', { ...counts, outputImageTokens: tokens(1_290) })?.nanoUsd ??
      0;
    // ai.google.dev/gemini-api/docs/pricing: 30 dollars a million for pictures, a picture is 1,290 tokens.
    expect(picture - (text / 1_300) * 10).toBeCloseTo(1_290 * 30_000, -3);
  });

  it('a provider makes are charged by the thousand', () => {
    const free = price('anthropic', 'claude-sonnet-4-5', { inputTokens: tokens(0) })?.nanoUsd ?? Number.NaN;
    const searched = price('anthropic', 'claude-sonnet-4-5', {
      inputTokens: tokens(0),
      webSearches: 3,
    })?.nanoUsd;
    // platform.claude.com/docs/en/about-claude/pricing: 10 dollars per thousand searches.
    expect(searched).toBe(free + 0.03e9);
  });
});

describe('the organisation’s own prices', () => {
  const own = createPriceBook({
    overlay: [
      {
        model: 'acme-vision',
        inputUsd: 1,
        outputUsd: 2,
        perImageUsd: 0.005,
        perCallUsd: 0.01,
        tiers: { flex: 0.25 },
      },
    ],
  });
  const call = { service: 'acme', model: 'acme-vision', atMs: AT_MS };

  it('know pictures sent, calls, and their own tiers', () => {
    expect(own.priceUsage({ ...call, usage: usage(), images: 2 })?.nanoUsd).toBe(1e9 + 0.01e9 + 0.01e9);
    // A tier is about tokens.
    expect(own.priceUsage({ ...call, usage: usage({ serviceTier: 'flex' }) })?.nanoUsd).toBe(0.25e9 + 0.01e9);
    expect(own.knows('acme', 'acme-vision', AT_MS)).toBe(true);
    expect(own.knows('acme', 'acme-vision-2', AT_MS)).toBe(false);
    expect(own.knows('openai', 'gpt-5-mini', AT_MS)).toBe(true);
    expect(own.knows('anthropic', 'gpt-5-mini', AT_MS)).toBe(false);
  });
});
