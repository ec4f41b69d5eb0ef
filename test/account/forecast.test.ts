import { describe, expect, it } from 'vitest';
import { estimateInputTokens } from '../../agent/src/account/estimate-usage.ts';
import { Forecaster } from '../../agent/src/account/forecast.ts';
import { tokens } from '../../agent/src/core/units.ts';
import { exchangeOf, partOf } from '../kit/decide.ts';

const PROSE = 'The postern is a small door beside the great gate of a castle. ';
const said = (text: string, index = 0) => partOf({ pointer: `/messages/${index}/content`, text });
const opening = [
  partOf({ role: 'system', pointer: '/system', text: 'You are a helpful gatekeeper.' }),
  said('Open the gate!', 1),
];

describe('a forecast', () => {
  it.each([
    ['prose', PROSE.repeat(200)],
    [
      'code',
      'export const door = (gate: Gate): Door => gate.doors.find(({ small }) => small);\n'.repeat(150),
    ],
    ['Chinese', '城堡的大门旁边有一扇小门。'.repeat(400)],
  ])('of %s is near the full estimate, though it reads only a sample', (_, text) => {
    const { inputTokens, calibrated } = new Forecaster().forecast(
      'openai',
      exchangeOf({ parts: [said(text)] }),
    );
    const full = estimateInputTokens([said(text)]);
    expect(inputTokens / full).toBeGreaterThan(0.9);
    expect(inputTokens / full).toBeLessThan(1.1);
    expect(calibrated).toBe(false);
  });

  it('follows what the provider counted, as the conversation grows', () => {
    const forecaster = new Forecaster();
    const first = forecaster.forecast(
      'anthropic',
      exchangeOf({ parts: [...opening, said(PROSE.repeat(50), 2)] }),
    );
    // A tokenizer that makes twice as many tokens of it as ours expects.
    forecaster.learn(first.basis, first.inputTokens * 2);
    const longer = exchangeOf({ parts: [...opening, said(PROSE.repeat(50), 2), said(PROSE.repeat(50), 3)] });
    const next = forecaster.forecast('anthropic', longer);
    expect(next.calibrated).toBe(true);
    expect(next.inputTokens / first.inputTokens).toBeGreaterThan(3.7);
    expect(next.inputTokens / first.inputTokens).toBeLessThan(4.3);
  });

  it('of another conversation with the same model uses what is usual for the model', () => {
    const forecaster = new Forecaster();
    const before = forecaster.forecast('anthropic', exchangeOf({ parts: [said(PROSE.repeat(99))] }));
    forecaster.learn(before.basis, before.inputTokens * 2);
    const other = exchangeOf({ parts: [said(`Another beginning. ${PROSE.repeat(98)}`)] });
    expect(forecaster.forecast('anthropic', other).inputTokens / before.inputTokens).toBeGreaterThan(1.8);
    expect(forecaster.forecast('openai', other).inputTokens / before.inputTokens).toBeLessThan(1.2);
  });

  it('does not believe counts that can not be', () => {
    const forecaster = new Forecaster();
    const call = exchangeOf({ parts: [said(PROSE.repeat(50))] });
    const { basis, inputTokens } = forecaster.forecast('anthropic', call);
    for (const count of [0, 1, Number.NaN, 1e12, -5]) forecaster.learn(basis, count);
    expect(forecaster.forecast('anthropic', call)).toMatchObject({ inputTokens, calibrated: false });
  });

  it('keeps a bounded number of conversations, and none of their text', () => {
    const forecaster = new Forecaster();
    for (let i = 0; i < 5_000; i += 1) {
      const call = exchangeOf({ model: `model-${i}`, parts: [said(`secret-word number ${i} ${PROSE}`)] });
      const { basis, inputTokens } = forecaster.forecast('anthropic', call);
      expect(JSON.stringify(basis)).not.toContain('secret-word');
      forecaster.learn(basis, inputTokens);
    }
    expect(forecaster.size).toBeLessThanOrEqual(1_200);
  });

  it('counts pictures apart from text, and an empty call as nothing much', () => {
    const forecaster = new Forecaster();
    const picture = partOf({ kind: 'image', text: undefined, bytes: 50_000 });
    expect(forecaster.forecast('openai', exchangeOf({ parts: [picture] })).inputTokens).toBeGreaterThan(900);
    expect(forecaster.forecast('openai', exchangeOf({ parts: [] })).inputTokens).toBe(0);
  });
});

describe('what is held for an answer', () => {
  it.each([
    ['a share of a large limit', { stream: true, maxOutputTokens: tokens(32_000) }, 2_000],
    ['all of a small limit', { stream: true, maxOutputTokens: tokens(30) }, 30],
    ['not too little', { stream: true, maxOutputTokens: tokens(200) }, 64],
    ['the usual, where nobody says', { stream: true, maxOutputTokens: undefined }, 512],
    ['more of an answer that comes in one piece', { stream: false, maxOutputTokens: tokens(1_500) }, 1_500],
    ['nothing for vectors', { operation: 'embed' as const, stream: false, maxOutputTokens: undefined }, 0],
  ])('%s', (_, changes, expected) => {
    expect(new Forecaster().forecast('openai', exchangeOf(changes)).outputTokens).toBe(expected);
  });
});
