/** Random expressions in RE2's syntax, and texts in which they stand a chance. */
import fc from 'fast-check';

const atom = fc.constantFrom(
  'a',
  'B',
  '1',
  '-',
  '[ab]',
  '[^a]',
  '[A-Z0-9]',
  '\\d',
  '\\w',
  '\\s',
  '\\b',
  '(?i:a)',
  '(?i:[a-b])',
  '\\.',
  '$',
  '(?m:$)',
);
const quantifier = fc.constantFrom('', '', '', '?', '??', '{2}', '{1,3}', '{0,2}?', '{2,}', '+', '*?');

export const re2Source: fc.Arbitrary<string> = fc.letrec<{ expression: string; piece: string }>((tie) => ({
  piece: fc.oneof(
    { depthSize: 'small' },
    fc.tuple(atom, quantifier).map(([one, times]) => (isAssertion(one) ? one : one + times)),
    fc
      .tuple(fc.constantFrom('(', '(?:'), tie('expression'), fc.constantFrom('', '?', '{1,2}'))
      .map(([open, inner, times]) => `${open}${inner})${times}`),
    fc.tuple(tie('expression'), tie('expression')).map(([left, right]) => `(?:${left}|${right})`),
  ),
  expression: fc.array(tie('piece'), { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join('')),
})).expression;

const isAssertion = (source: string): boolean => /\\b|\$/.test(source);

export const smallText = fc.string({
  unit: fc.constantFrom('a', 'A', 'b', 'B', '1', '2', '-', ' ', '.', '\n'),
  maxLength: 12,
});
