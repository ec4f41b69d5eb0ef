import { expect, it } from 'vitest';
import { compileDictionary, faultOfTerm } from '../../../agent/src/guard/keyword/dictionary.ts';

it.each(['Acme', 'AT&T', 'C#', '東京', 'a b', 'x'.repeat(256)])('takes %s', (term) => {
  expect(faultOfTerm(term)).toBeUndefined();
});

it.each([
  ['a', 'too short'],
  ['--', 'too short'],
  ['   ', 'too short'],
  ['x'.repeat(257), 'more than 256 characters'],
  ['a '.repeat(33), 'more than 32 words'],
])('refuses %j', (term, message) => {
  expect(faultOfTerm(term)?.message).toContain(message);
});

it('takes little memory: no more than 70 bytes for a term of two words', () => {
  const terms = Array.from({ length: 20_000 }, (_, i) => `name${i} company${i % 977}`);
  const { automaton } = compileDictionary(terms, 'case');
  expect(automaton.bytes / terms.length).toBeLessThan(70);
});
