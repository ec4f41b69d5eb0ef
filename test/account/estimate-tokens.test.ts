import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateTokens } from '../../agent/src/account/estimate-tokens.ts';

const O200K_SAMPLES: readonly (readonly [
  kind: string,
  tolerancePercent: number,
  tokens: number,
  text: string,
])[] = [
  [
    'English prose',
    15,
    64,
    'The committee met on Thursday to discuss the proposal. After two hours of debate, most members agreed that the current budget could not support a new building, although several residents argued that repairing the old library would cost even more in the long run. A final decision is expected next month, once the engineers have delivered their report.',
  ],
  [
    'TypeScript',
    20,
    91,
    "export function clamp(value: number, low: number, high: number): number {\n  if (low > high) throw new RangeError('low is above high');\n  return Math.min(Math.max(value, low), high);\n}\n\nconst cache = new Map<string, readonly string[]>();\nfor (const [key, entries] of cache.entries()) {\n  console.log(key, entries.filter((entry) => entry.startsWith('a')).length);\n}\n",
  ],
  [
    'Python',
    20,
    69,
    'def read_rows(path, delimiter=\',\'):\n    """Yield each row of a file as a list of strings."""\n    with open(path, encoding=\'utf-8\') as handle:\n        for line in handle:\n            if not line.strip():\n                continue\n            yield [cell.strip() for cell in line.rstrip(\'\\n\').split(delimiter)]\n',
  ],
  [
    'compact JSON',
    20,
    314,
    '[{"id":0,"name":"item 0","price":0,"available":true,"tags":["new","sale"]},{"id":37,"name":"item 1","price":1.5,"available":false,"tags":["new","sale"]},{"id":74,"name":"item 2","price":3,"available":true,"tags":["new","sale"]},{"id":111,"name":"item 3","price":4.5,"available":false,"tags":["new","sale"]},{"id":148,"name":"item 4","price":6,"available":true,"tags":["new","sale"]},{"id":185,"name":"item 5","price":7.5,"available":false,"tags":["new","sale"]},{"id":222,"name":"item 6","price":9,"available":true,"tags":["new","sale"]},{"id":259,"name":"item 7","price":10.5,"available":false,"tags":["new","sale"]},{"id":296,"name":"item 8","price":12,"available":true,"tags":["new","sale"]},{"id":333,"name":"item 9","price":13.5,"available":false,"tags":["new","sale"]},{"id":370,"name":"item 10","price":15,"available":true,"tags":["new","sale"]},{"id":407,"name":"item 11","price":16.5,"available":false,"tags":["new","sale"]}]',
  ],
  [
    'Chinese',
    25,
    38,
    '请帮我重构这段代码，并解释为什么它会导致内存泄漏。另外，请为每个函数编写单元测试，确保边界情况都被覆盖。',
  ],
  [
    'Japanese',
    25,
    45,
    'この関数をリファクタリングして、なぜメモリリークが発生するのか説明してください。また、すべての境界条件を確認するテストも書いてください。',
  ],
  [
    'Russian',
    25,
    38,
    'Пожалуйста, перепиши эту функцию так, чтобы она не теряла память, и объясни, почему это происходило. Добавь также тесты для всех граничных случаев.',
  ],
  [
    'German',
    25,
    41,
    'Bitte schreibe diese Funktion so um, dass sie keinen Speicher mehr verliert, und erkläre, warum das bisher geschah. Ergänze außerdem Prüfungen für sämtliche Grenzfälle der Eingabeverarbeitung.',
  ],
  [
    'base64',
    20,
    211,
    'AA5a5Kyy9ng4NnLspJrOQPDeCnQcAiaIKAYifBTq/lDgrroEjFJWmBjW0gyEOi5g0H5qlPyihqgIpoKc9IpecMBOGiRs8ra4+HYyLGTajoCwHsq03ELmyOhG4rzUKr6QoO56REySFtjYFpJMRHruoJC+KtS84kboyOZC3LTKHrCAjtpkLDJ2+Li28mwkGk7AcF6K9JyCpgiohqL8lGp+0GAuOoQM0tYYmFZSjAS6ruBQ/uoUfCIGKIgmAhx0Ct7wQM6apOxyNjh49rKs5FoOADCeSjRcwmZIaMZiPFSqPhAgbvrEzBKWWFiWEszE+m4g',
  ],
  [
    'hex',
    25,
    180,
    '000e5ae4acb2f678383672eca49ace40f0de0a741c0226882806227c14eafe50e0aeba048c52569818d6d20c843a2e60d07e6a94fca286a808a6829cf48a5e70c04e1a246cf2b6b8f876322c64da8e80b01ecab4dc42e6c8e846e2bcd42abe90a0ee7a444c9216d8d816924c447aeea090be2ad4bce246e8c8e642dcb4ca1eb0808eda642c3276f8b8b6f26c241a4ec0705e8af49c82',
  ],
];

describe('estimating tokens', () => {
  // Counts of OpenAI's o200k_base vocabulary, taken once with a real tokenizer.
  it.each(O200K_SAMPLES)('%s: within %d %% of %d', (_, tolerance, count, text) => {
    const ratio = estimateTokens(text) / count;
    expect(ratio).toBeGreaterThan(1 - tolerance / 100);
    expect(ratio).toBeLessThan(1 + tolerance / 100);
  });

  it('is 0 for nothing and at least 1 for something', () => {
    expect(estimateTokens('')).toBe(0);
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (text) => {
        if (text.trim() !== '') expect(estimateTokens(text)).toBeGreaterThanOrEqual(1);
      }),
    );
  });

  it('never shrinks when text is appended, and never exceeds two per character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (head, tail) => {
        const whole = estimateTokens(head + tail);
        expect(whole).toBeGreaterThanOrEqual(estimateTokens(head));
        expect(whole).toBeLessThanOrEqual(2 * (head.length + tail.length) + 2);
      }),
    );
  });

  it('takes lone surrogates and control characters', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => estimateTokens(text) >= 0));
  });
});
