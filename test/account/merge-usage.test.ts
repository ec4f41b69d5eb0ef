import { describe, expect, it } from 'vitest';
import { mergeUsage, type UsageReport } from '../../agent/src/account/merge-usage.ts';
import type { Usage } from '../../agent/src/core/exchange.ts';
import { tokens } from '../../agent/src/core/units.ts';

const report = (final: boolean, counts: Record<string, number>): UsageReport => ({
  usage: {
    ...Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, tokens(count)])),
    raw: counts,
  } as unknown as Usage,
  final,
});

describe('merging usage reports of one exchange', () => {
  it('Anthropic: message_start has the input, message_delta the cumulative output', () => {
    const start = report(false, { inputTokens: 472, cacheReadTokens: 400, outputTokens: 2 });
    const delta = report(true, { outputTokens: 89 });
    const { usage, final } = mergeUsage(mergeUsage(undefined, start), delta);
    expect(usage).toMatchObject({ inputTokens: 472, cacheReadTokens: 400, outputTokens: 89 });
    expect(final).toBe(true);
  });

  it('Anthropic with server tools: the final totals exceed message_start and replace it', () => {
    const start = report(false, { inputTokens: 2_679, outputTokens: 3 });
    const delta = report(true, { inputTokens: 10_682, outputTokens: 510 });
    expect(mergeUsage(start, delta).usage).toMatchObject({ inputTokens: 10_682, outputTokens: 510 });
  });

  it('Gemini: repeated usageMetadata is one running total', () => {
    const chunks = [5, 12, 31].map((out, index) =>
      report(index === 2, { inputTokens: 8, outputTokens: out }),
    );
    const merged = chunks.reduce<UsageReport | undefined>((sum, chunk) => mergeUsage(sum, chunk), undefined);
    expect(merged?.usage).toMatchObject({ inputTokens: 8, outputTokens: 31 });
  });

  it('a 0 for what a later report does not know keeps the figure', () => {
    const merged = mergeUsage(
      report(false, { inputTokens: 70 }),
      report(true, { inputTokens: 0, outputTokens: 0 }),
    );
    expect(merged.usage).toMatchObject({ inputTokens: 70, outputTokens: 0 });
  });

  it('nothing that is not final overrides what is', () => {
    const final = report(true, { inputTokens: 70, outputTokens: 9 });
    expect(mergeUsage(final, report(false, { inputTokens: 1, outputTokens: 1 }))).toBe(final);
  });

  it('keeps the provider’s newest own object', () => {
    expect(
      mergeUsage(report(false, { inputTokens: 1 }), report(true, { outputTokens: 2 })).usage.raw,
    ).toEqual({
      outputTokens: 2,
    });
  });
});
