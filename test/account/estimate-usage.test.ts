import { describe, expect, it } from 'vitest';
import { estimateTokens } from '../../agent/src/account/estimate-tokens.ts';
import { estimateInputTokens, estimateUsage } from '../../agent/src/account/estimate-usage.ts';
import type { Part, Usage } from '../../agent/src/core/exchange.ts';
import { tokens } from '../../agent/src/core/units.ts';

const part = (changes: Partial<Part>): Part => ({
  kind: 'text',
  role: 'user',
  pointer: '/messages/0/content',
  text: undefined,
  editable: true,
  ...changes,
});
const question = part({ text: 'Why is the sky blue? Please answer in two sentences.' });
const usage = (counts: Partial<Usage>): Usage => ({ raw: undefined, ...counts }) as Usage;

describe('estimating usage', () => {
  it('fills in everything when nothing was reported', () => {
    const { usage: filled, estimated } = estimateUsage([question], {
      text: 'Because of Rayleigh scattering.',
    });
    expect(estimated).toBe(true);
    expect(filled.inputTokens).toBe(estimateTokens(question.text ?? '') + 3);
    expect(filled.outputTokens).toBe(estimateTokens('Because of Rayleigh scattering.'));
    expect(filled.cacheReadTokens).toBeUndefined();
  });

  it('leaves a final report alone', () => {
    const reported = usage({ inputTokens: tokens(7), outputTokens: tokens(1) });
    const result = estimateUsage([question], { characters: 4_000 }, { usage: reported, final: true });
    expect(result).toEqual({ usage: reported, estimated: false });
  });

  it('keeps the reported input of an aborted stream, and takes its first output figure as a lower bound', () => {
    const reported = usage({
      inputTokens: tokens(900),
      cacheReadTokens: tokens(800),
      outputTokens: tokens(1),
    });
    const aborted = estimateUsage([question], { characters: 400 }, { usage: reported, final: false });
    expect(aborted.estimated).toBe(true);
    expect(aborted.usage).toMatchObject({ inputTokens: 900, cacheReadTokens: 800, outputTokens: 100 });
    const silent = estimateUsage([question], { characters: 0 }, { usage: reported, final: false });
    expect(silent.usage.outputTokens).toBe(1);
  });

  it('does not read an attachment’s base64 as text', () => {
    const image = part({ kind: 'image', text: 'A'.repeat(400_000), bytes: 300_000 });
    expect(estimateInputTokens([image])).toBe(1_003);
    expect(estimateInputTokens([part({ kind: 'file', bytes: 4_000 })])).toBe(1_003);
    expect(estimateInputTokens([])).toBe(0);
  });
});
