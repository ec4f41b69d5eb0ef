import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { NativeExpression } from '../../../../agent/src/guard/engine/expression.ts';
import { parsePattern } from '../../../../agent/src/guard/engine/pattern.ts';
import { parseRe2 } from '../../../../agent/src/guard/engine/re2/parse.ts';
import { writePattern, writeUndecided } from '../../../../agent/src/guard/engine/re2/write.ts';
import { re2Source, smallText } from '../../../kit/re2-source.ts';

describe('whether more text could change a match', () => {
  it('is never denied where it does, by RE2', () => {
    fc.assert(
      fc.property(re2Source, smallText, smallText, (source, text, more) => {
        const undecided = writeUndecided(parseRe2(source));
        if (undecided !== undefined && RE2JS.compile(`\\A${undecided}`).test(text)) return;
        const engine = RE2JS.compile(`\\A(?:${source})`);
        const matchIn = (whole: string): string | null => {
          const matcher = engine.matcher(whole);
          return matcher.lookingAt() ? matcher.group() : null;
        };
        expect(matchIn(text + more), source).toBe(matchIn(text));
      }),
      { seed: 82, numRuns: 400 },
    );
  });

  it('is never denied where it does, by our own subset', () => {
    fc.assert(
      fc.property(re2Source, smallText, smallText, (source, text, more) => {
        const pattern = writePattern(parseRe2(source), undefined);
        if (pattern === undefined) return;
        const expression = new NativeExpression(`(?:${pattern})`);
        if (expression.isUndecided(text, 0)) return;
        expect(expression.match(text + more, 0), source).toEqual(expression.match(text, 0));
      }),
      { seed: 83, numRuns: 400 },
    );
  });
});

describe('our own subset', () => {
  it.each([
    ['open repetitions of one set get a bound', 'ab[0-9]+c', 2003],
    ['a bound that is there stays', 'ab[0-9]{3,9}c', 12],
  ])('%s', (_, source, longest) => {
    expect(parsePattern(writePattern(parseRe2(source), undefined) as string).maxLength).toBe(longest);
  });

  it.each(['(?:ab)+', 'a(?:b*)?', '(?:x|)?'])('has no way to say %s', (source) => {
    expect(writePattern(parseRe2(source), undefined)).toBeUndefined();
  });

  it('captures only the group that is asked for', () => {
    const expression = new NativeExpression(writePattern(parseRe2('a(b)(c)'), 2) as string);
    expect(expression.match('abc', 0)).toEqual({ from: 0, to: 3, start: 2, end: 3 });
  });
});
