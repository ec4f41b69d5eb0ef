import { findProvider } from '@pydantic/genai-prices';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createPriceBook } from '../../agent/src/account/price-book.ts';
import type { Usage } from '../../agent/src/core/exchange.ts';
import { tokens } from '../../agent/src/core/units.ts';

const AT_MS = Date.UTC(2026, 10, 23, 12);
const book = createPriceBook();

function usage(counts: Partial<Record<Exclude<keyof Usage, 'raw'>, number>>): Usage {
  const names = [
    'inputTokens',
    'cacheReadTokens',
    'cacheWriteTokens',
    'cacheWrite1hTokens',
    'outputTokens',
    'reasoningTokens',
    'inputAudioTokens',
    'outputAudioTokens',
  ] as const;
  const all = names.map((name) => [name, counts[name] === undefined ? undefined : tokens(counts[name])]);
  return { ...Object.fromEntries(all), raw: undefined };
}

const price = (service: string, model: string, counts: Parameters<typeof usage>[0], atMs = AT_MS) =>
  book.priceUsage({ service, model, usage: usage(counts), atMs });

describe('prices of the providers’ own pages', () => {
  // USD per million tokens times tokens: written out, so that each line can be checked against the page.
  it.each([
    // platform.claude.com/docs/en/about-claude/pricing: Haiku 4.5 is 1 in, 5 out, 1.25 and 2 cache writes, 0.10 read.
    ['anthropic', 'claude-haiku-4-5-20251001', { inputTokens: 1_000_000, outputTokens: 0 }, 1.0],
    ['anthropic', 'claude-haiku-4-5', { inputTokens: 0, outputTokens: 1_000_000 }, 5.0],
    ['anthropic', 'claude-haiku-4-5', { inputTokens: 1_000_000, cacheReadTokens: 1_000_000 }, 0.1],
    ['anthropic', 'claude-haiku-4-5', { inputTokens: 1_000_000, cacheWriteTokens: 1_000_000 }, 1.25],
    ['anthropic', 'claude-haiku-4-5', { inputTokens: 1_000_000, cacheWrite1hTokens: 1_000_000 }, 2.0],
    [
      'anthropic',
      'claude-haiku-4-5',
      // 500k fresh, 300k read, 150k written for 5 minutes, 50k for an hour.
      {
        inputTokens: 1_000_000,
        cacheReadTokens: 300_000,
        cacheWriteTokens: 150_000,
        cacheWrite1hTokens: 50_000,
      },
      0.5 + 0.03 + 0.1875 + 0.1,
    ],
    // Sonnet 4.5 above 200k input: 6 in, 22.50 out, for the whole call.
    ['anthropic', 'claude-sonnet-4-5', { inputTokens: 200_000, outputTokens: 1_000 }, 0.6 + 0.015],
    ['anthropic', 'claude-sonnet-4-5', { inputTokens: 200_001, outputTokens: 1_000 }, 1.200006 + 0.0225],
    // openai.com/api/pricing: GPT-5 is 1.25 in, 0.125 cached, 10 out; reasoning is output.
    [
      'openai',
      'gpt-5',
      { inputTokens: 10_000, cacheReadTokens: 8_000, outputTokens: 1_000 },
      0.0025 + 0.001 + 0.01,
    ],
    ['openai', 'gpt-5', { outputTokens: 1_000, reasoningTokens: 900 }, 0.01],
    ['openai', 'text-embedding-3-small', { inputTokens: 1_000_000 }, 0.02],
    // Audio is a part of the totals: 1,000 text at 4 and 1,000 audio at 32; out 500 at 16 and 500 at 64.
    [
      'openai',
      'gpt-realtime',
      { inputTokens: 2_000, inputAudioTokens: 1_000, outputTokens: 1_000, outputAudioTokens: 500 },
      0.004 + 0.032 + 0.008 + 0.032,
    ],
    // ai.google.dev/gemini-api/docs/pricing: 2.5 Pro is 1.25/10 up to 200k, then 2.50/15.
    ['gemini', 'gemini-2.5-pro', { inputTokens: 100_000, outputTokens: 1_000 }, 0.125 + 0.01],
    ['gemini', 'models/gemini-2.5-pro', { inputTokens: 300_000, outputTokens: 1_000 }, 0.75 + 0.015],
    ['gemini', 'gemini-2.5-flash', { inputTokens: 2_000, inputAudioTokens: 1_000 }, 0.0003 + 0.001],
    ['azure-openai', 'gpt-5-mini', { inputTokens: 1_000_000 }, 0.25],
    // aws.amazon.com/bedrock/pricing: regional endpoints cost a tenth more than global ones.
    ['bedrock', 'global.anthropic.claude-haiku-4-5-20251001-v1:0', { inputTokens: 1_000_000 }, 1.0],
    ['bedrock', 'us.anthropic.claude-haiku-4-5-20251001-v1:0', { inputTokens: 1_000_000 }, 1.1],
    ['fireworks', 'accounts/fireworks/models/kimi-k2p5', { inputTokens: 1_000_000 }, 0.6],
  ] as const)('%s %s %o', (service, model, counts, usd) => {
    expect(price(service, model, counts)).toMatchObject({ nanoUsd: Math.round(usd * 1e9), estimated: false });
  });

  it('takes the price of the day of the call', () => {
    const tokensUsed = { inputTokens: 1_000_000 };
    expect(price('anthropic', 'claude-opus-4-6', tokensUsed, Date.UTC(2026, 2, 12))?.nanoUsd).toBe(10e9);
    expect(price('anthropic', 'claude-opus-4-6', tokensUsed, Date.UTC(2026, 2, 13))?.nanoUsd).toBe(5e9);
    expect(price('anthropic', 'claude-opus-4-6', tokensUsed, Date.UTC(2026, 2, 12))?.nanoUsd).toBe(10e9);
  });
});

describe('models that are not in the list', () => {
  it.each([
    ['openai', 'gpt-5-mini-2027-02-30-turbo', 'gpt-5-mini'],
    ['anthropic', 'claude-opus-6', 'claude-opus-5-5'],
    ['anthropic', 'claude-sonnet-5-turbo', 'claude-sonnet-5'],
    ['gemini', 'gemini-2.5-flash-2099', 'gemini-2.5-flash'],
    ['some-router', 'gpt-4o', 'gpt-4o'],
    ['some-router', 'anthropic/claude-haiku-4-5', 'claude-haiku-4-5'],
    ['openai', 'ft:gpt-5-mini:acme::abc123', 'gpt-5-mini'],
  ])('%s %s is priced as its nearest relative, %s, and says so', (service, model, pricedAs) => {
    const cost = price(service, model, { inputTokens: 1_000_000 });
    expect(cost?.pricedAs).toContain(pricedAs);
    expect(cost?.nanoUsd).toBeGreaterThan(0);
    expect(cost?.estimated).toBe(true);
  });

  it('has no price for what has no relative, and none without a model', () => {
    expect(price('openai', 'zorblax-9000', { inputTokens: 5 })).toBeUndefined();
    expect(price('no-such-service', 'zorblax', { inputTokens: 5 })).toBeUndefined();
    expect(
      book.priceUsage({ service: 'openai', model: undefined, usage: usage({}), atMs: AT_MS }),
    ).toBeUndefined();
  });

  it('charges nothing for local models, and does not call that an estimate', () => {
    const call = { service: 'ollama', model: 'llama4:70b', usage: usage({ inputTokens: 9 }), atMs: AT_MS };
    expect(book.priceUsage({ ...call, usageEstimated: true })).toEqual({
      nanoUsd: 0,
      estimated: false,
      pricedAs: 'llama4:70b',
    });
  });

  it('marks a known price times estimated tokens as estimated', () => {
    const call = { service: 'openai', model: 'gpt-5', usage: usage({ inputTokens: 9 }), atMs: AT_MS };
    expect(book.priceUsage({ ...call, usageEstimated: true })?.estimated).toBe(true);
  });
});

describe('the overlay', () => {
  const overlay = createPriceBook({
    overlay: [
      { service: 'azure-openai', model: 'gpt-5*', inputUsd: 1, outputUsd: 2 },
      { model: 'acme-(llm)', inputUsd: 0, outputUsd: 0 },
    ],
  });
  const call = { usage: usage({ inputTokens: 1_000_000, cacheReadTokens: 1_000_000 }), atMs: AT_MS };

  it('wins over the list, for its service only, and prices the cache as input where it says nothing', () => {
    expect(overlay.priceUsage({ ...call, service: 'azure-openai', model: 'GPT-5-mini' })?.nanoUsd).toBe(1e9);
    expect(overlay.priceUsage({ ...call, service: 'openai', model: 'gpt-5-mini' })?.nanoUsd).toBe(0.025e9);
  });

  it('takes names literally but for the asterisk', () => {
    expect(overlay.priceUsage({ ...call, service: 'x', model: 'acme-(llm)' })?.nanoUsd).toBe(0);
    expect(overlay.priceUsage({ ...call, service: 'x', model: 'acme-llm' })).toBeUndefined();
  });

  it('refuses a price that is no price', () => {
    expect(() => createPriceBook({ overlay: [{ model: 'x', inputUsd: -1, outputUsd: 0 }] })).toThrow(
      RangeError,
    );
    expect(() =>
      createPriceBook({ overlay: [{ model: 'x', inputUsd: Number.NaN, outputUsd: 0 }] }),
    ).toThrow();
  });
});

describe('for any usage', () => {
  const counts = fc.record(
    Object.fromEntries(
      [
        'inputTokens',
        'cacheReadTokens',
        'cacheWriteTokens',
        'cacheWrite1hTokens',
        'outputTokens',
        'reasoningTokens',
        'inputAudioTokens',
        'outputAudioTokens',
      ].map((name) => [name, fc.nat({ max: 2_000_000 })]),
    ),
    { requiredKeys: [] },
  );
  const model = fc.constantFrom(
    ['anthropic', 'claude-sonnet-4-5'],
    ['openai', 'gpt-5.4'],
    ['openai', 'gpt-realtime'],
    ['gemini', 'gemini-2.5-flash'],
    ['deepseek', 'deepseek-chat'],
  );

  it('money is a whole number of nano-dollars, 0 or more', () => {
    fc.assert(
      fc.property(model, counts, ([service = '', name = ''], some) => {
        const cost = price(service, name, some);
        expect(Number.isSafeInteger(cost?.nanoUsd)).toBe(true);
        expect(cost?.nanoUsd).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('more tokens never cost less', () => {
    fc.assert(
      fc.property(
        model,
        counts,
        fc.constantFrom('inputTokens', 'outputTokens', 'outputAudioTokens'),
        fc.nat({ max: 500_000 }),
        ([service = '', name = ''], some, field, more) => {
          const before = price(service, name, some);
          const after = price(service, name, { ...some, [field]: (some[field] ?? 0) + more });
          expect(after?.nanoUsd).toBeGreaterThanOrEqual(before?.nanoUsd ?? 0);
        },
      ),
    );
  });

  it('input and output cost what they cost apart', () => {
    fc.assert(
      fc.property(model, counts, ([service = '', name = ''], some) => {
        const output = { outputTokens: some['outputTokens'] ?? 0 };
        const input = { inputTokens: 100, cacheReadTokens: 50 };
        const apart =
          Number(price(service, name, input)?.nanoUsd) + Number(price(service, name, output)?.nanoUsd);
        const together = Number(price(service, name, { ...input, ...output })?.nanoUsd);
        expect(Math.abs(apart - together)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('survives counts that are no counts', () => {
    const odd = { inputTokens: Number.NaN, outputTokens: -5, cacheReadTokens: Number.POSITIVE_INFINITY };
    expect(price('openai', 'gpt-5', odd)?.nanoUsd).toBe(0);
  });

  it('survives any model name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (name) => {
        price('openai', name, { inputTokens: 1 });
        price('bedrock', name, { inputTokens: 1 });
      }),
      { numRuns: 300 },
    );
  });
});

describe('the embedded list', () => {
  afterEach(() => vi.restoreAllMocks());

  it('can be read to its last model, without a warning and without the network', () => {
    const fetched = vi.spyOn(globalThis, 'fetch');
    const warned = vi.spyOn(console, 'warn');
    const services = [
      'openai',
      'anthropic',
      'gemini',
      'bedrock',
      'azure-openai',
      'openrouter',
      'groq',
      'mistral',
    ];
    const more = ['deepseek', 'xai', 'cohere', 'together', 'fireworks', 'perplexity', 'cerebras', 'moonshot'];
    let priced = 0;
    const unpriced: string[] = [];
    for (const service of [...services, ...more]) {
      const ids: Record<string, string> = { gemini: 'google', bedrock: 'aws', 'azure-openai': 'azure' };
      const provider = findProvider({ providerId: ids[service] ?? service.replace(/^xai$/, 'x-ai') });
      for (const { id } of provider?.models ?? []) {
        const cost = price(service, id, { inputTokens: 1_000, outputTokens: 10 });
        if (cost === undefined) unpriced.push(id);
        else priced++;
      }
    }
    expect(priced).toBeGreaterThan(800);
    // Some ids are the list's own headings, which no caller sends (`regional.…` for `us.…`, Fireworks without its path).
    expect(unpriced.length, unpriced.join(' ')).toBeLessThan(60);
    expect(fetched).not.toHaveBeenCalled();
    expect(warned).not.toHaveBeenCalled();
  });

  it('is asked once per model and day: a warm lookup costs microseconds at most', () => {
    const call = { service: 'openai', model: 'gpt-5', usage: usage({ inputTokens: 500, outputTokens: 50 }) };
    for (let i = 0; i < 20_000; i++) book.priceUsage({ ...call, atMs: AT_MS + i });
    const startedAt = performance.now();
    for (let i = 0; i < 20_000; i++) book.priceUsage({ ...call, atMs: AT_MS + i });
    const perCallUs = ((performance.now() - startedAt) * 1_000) / 20_000;
    // Asking the package takes over 30 µs; the limit leaves room for a busy machine.
    expect(perCallUs).toBeLessThan(8);
  });

  it('does not grow without end when callers invent models', () => {
    const fresh = createPriceBook();
    for (let i = 0; i < 5_000; i++) {
      fresh.priceUsage({ service: 'ollama', model: `m${i}`, usage: usage({ inputTokens: 1 }), atMs: AT_MS });
    }
    expect(
      fresh.priceUsage({ service: 'openai', model: 'gpt-5', usage: usage({ inputTokens: 8 }), atMs: AT_MS }),
    ).toMatchObject({ nanoUsd: 10_000 });
  });
});
