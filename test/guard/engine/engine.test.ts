import { describe, expect, it } from 'vitest';
import { createRuleDetector } from '../../../agent/src/guard/engine/engine.ts';
import type { Rule } from '../../../agent/src/guard/engine/rule.ts';

const rule = (id: string, keywords: string[], pattern: string, more: Partial<Rule> = {}): Rule => ({
  id,
  label: id,
  severity: 'high',
  confidence: 'high',
  source: 'https://vendor.test',
  keywords,
  pattern,
  specificity: 1,
  judge: () => 'high',
  ...more,
});
const found = (rules: Rule[], text: string) =>
  createRuleDetector('test', rules)
    .scan(text)
    .map(({ kind, start, end }) => `${kind} ${start}-${end}`);

describe('rule detector', () => {
  it.each([
    [
      'tries a rule only where its keyword is',
      [rule('a', ['key_'], 'key_[0-9]{3}')],
      'x key_123 123',
      ['a 2-9'],
    ],
    [
      'finds keywords in any case; the pattern decides',
      [rule('a', ['Key'], 'Key[0-9]')],
      'KEY1 Key2',
      ['a 5-9'],
    ],
    ['matches the captured part only', [rule('a', ['key'], 'key=([0-9]{2,3})')], 'key=123', ['a 4-7']],
    [
      'takes what stands before a signature',
      [rule('a', ['END'], 'END', { lead: { set: '[0-9]', length: 6, shown: 2 } })],
      'x 123456END',
      ['a 4-11'],
    ],
    [
      'not if too much stands there',
      [rule('a', ['END'], 'END', { lead: { set: '[0-9]', length: 6, shown: 2 } })],
      '0123456END',
      [],
    ],
    [
      'one keyword, several rules',
      [rule('a', ['k'], 'k1'), rule('b', ['k'], 'k2')],
      'k1 k2',
      ['a 0-2', 'b 3-5'],
    ],
    ['several keywords, one rule', [rule('a', ['k', 'm'], '[km]1')], 'k1 m1', ['a 0-2', 'a 3-5']],
    [
      'asks the judge',
      [rule('a', ['k'], 'k[0-9]', { judge: (secret) => (secret === 'k1' ? undefined : 'low') })],
      'k1 k2',
      ['a 3-5'],
    ],
    [
      'shows the judge what stood before',
      [rule('a', ['k'], 'k1', { judge: (_, before) => (before.endsWith('no ') ? undefined : 'low') })],
      'no k1 k1',
      ['a 6-8'],
    ],
  ] as const)('%s', (_, rules, text, expected) => {
    expect(found([...rules], text)).toEqual(expected);
  });

  it('refuses an unbounded rule when it is made', () => {
    expect(() => createRuleDetector('test', [rule('a', ['k'], 'k[0-9]+')])).toThrow(/unbounded/);
  });
});
