import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { parseRe2, UnreadableExpression } from '../../../../agent/src/guard/engine/re2/parse.ts';
import { writePattern, writeRe2 } from '../../../../agent/src/guard/engine/re2/write.ts';
import { re2Source, smallText } from '../../../kit/re2-source.ts';

/** Start and end of the match at the beginning of `text`, by RE2 itself. */
function atStart(source: string, text: string): readonly number[] | undefined {
  const matcher = RE2JS.compile(`\\A(?:${source})`).matcher(text);
  return matcher.lookingAt() ? [matcher.start(), matcher.end()] : undefined;
}

describe('reading RE2', () => {
  it('reads every expression into one that matches the same text', () => {
    fc.assert(
      fc.property(re2Source, smallText, (source, text) => {
        expect(atStart(writeRe2(parseRe2(source)), text), source).toEqual(atStart(source, text));
      }),
      { seed: 80, numRuns: 400 },
    );
  });

  it('is run by the language as RE2 runs it', () => {
    fc.assert(
      fc.property(re2Source, smallText, (source, text) => {
        const pattern = writePattern(parseRe2(source), undefined);
        if (pattern === undefined) return;
        const found = new RegExp(`(?:${pattern})`, 'y').exec(text);
        expect(found === null ? undefined : [0, found[0].length], source).toEqual(atStart(source, text));
      }),
      { seed: 81, numRuns: 400 },
    );
  });

  it.each([
    ['a flag in the middle', 'LTAI(?i)[a-z]{3}', 'LTAIaBc', true],
    ['a flag in the middle, before it', 'LTAI(?i)[a-z]{3}', 'ltaiabc', false],
    ['a flag taken back', '(?i)x(?-i:acc)y', 'XaccY', true],
    ['a flag taken back, other case', '(?i)x(?-i:acc)y', 'xACCy', false],
    ['a flag over the alternatives that follow', 'x(?i)a|b', 'B', true],
    ['hexadecimal escapes', '[\\x60\\x{27}]', '`', true],
    ['POSIX classes', '[[:alpha:]_]{2}', 'a_', true],
    ['a bracket first in a class', '[]a]{2}', ']a', true],
    ['a dash last in a class', '[a\\-z-]{3}', 'a-z', true],
    ['a class of everything', '[\\s\\S]{2}', '\n.', true],
    ['a dot stops at lines', 'a.b', 'a\nb', false],
    ['a dot with its flag does not', '(?s:a.b)', 'a\nb', true],
    ['a named group', '(?P<key>k)(?<other>v)', 'kv', true],
    ['braces that are none', 'a{b}', 'a{b}', true],
    ['the end of the text', 'a\\z', 'a', true],
  ])('%s', (_, source, text, matches) => {
    expect(RE2JS.compile(`\\A(?:${source})`).test(text)).toBe(matches);
    expect(RE2JS.compile(`\\A(?:${writeRe2(parseRe2(source))})`).test(text)).toBe(matches);
    const pattern = writePattern(parseRe2(source), undefined) as string;
    expect(new RegExp(`(?:${pattern})`, 'y').test(text)).toBe(matches);
  });

  it.each(['\\pL+', '(?U)a*', '\\Qa\\E', '[\\p{Greek}]', '🔑', `${'('.repeat(60)}a${')'.repeat(60)}`])(
    'says that it does not read %s',
    (source) => {
      expect(() => parseRe2(source)).toThrow(UnreadableExpression);
    },
  );

  it('numbers groups as they open', () => {
    const [sequence] = parseRe2('(a)(?:b)(?P<c>c)');
    const captures = sequence?.map((node) => (node.type === 'group' ? node.capture : 'none'));
    expect(captures).toEqual([1, undefined, 2]);
  });
});
