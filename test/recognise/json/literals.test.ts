import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hasRepeatedNames, literalTexts } from '../../../agent/src/recognise/json/literals.ts';

const repeats = (source: string): boolean => hasRepeatedNames(source, JSON.parse(source));

it.each([
  '{"a":1,"a":2}',
  '{"a":{"b":1,"c":[{"d":1 , "d"\n:2}]}}',
  '{"a":1,"\\u0061":2}',
  '{"__proto__":1,"__proto__":2}',
])('a name stands twice in %s', (source) => expect(repeats(source)).toBe(true));

it.each(['{}', '[]', '"a\\":"', '{"a":"b\\":","c":{"a":1}}', '[{"a":1},{"a":1}]', '{"\\\\":1,"\\"":"\\\\"}'])(
  'no name stands twice in %s',
  (source) => expect(repeats(source)).toBe(false),
);

it('says so of no text that JSON.stringify made', () => {
  fc.assert(fc.property(fc.json(), (source) => !repeats(source)));
});

it('shows every string, decoded', () => {
  expect(literalTexts('{"a":"x\\ny","a":["\\u0041",1]}')).toEqual(['a', 'x\ny', 'a', 'A']);
});
