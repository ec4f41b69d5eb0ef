import { describe, expect, it } from 'vitest';
import { type CompiledExpression, compileExpression } from '../../../agent/src/guard/pattern/compile.ts';

function compiled(source: string, options = {}): CompiledExpression {
  const result = compileExpression(source, options);
  if (!result.ok) throw new Error(result.message);
  return result.expression;
}

function refused(source: string): string {
  const result = compileExpression(source);
  return result.ok ? 'accepted' : `${result.message} ${result.mend}`;
}

describe('compileExpression', () => {
  it.each<[string, readonly string[], number]>([
    ['\\bproject-(falcon|osprey)\\b', ['project-'], 0],
    ['(?i)Projekt[ -]?Æsir', ['projekt'], 0],
    ['(?:falcon|osprey)-\\d+', ['osprey-', 'falcon-'], 0],
    ['gr[ae]yfish', ['grayfish', 'greyfish'], 0],
    ['[A-Z]{2,4}-falcon', ['-falcon'], 4],
    ['\\w+@acme\\.com', ['@acme.com'], 1024],
    ['(cat|dog|bird)fish+', ['fish'], 4],
    ['(?i)ſecret', ['secret'], 0],
    ['(?:ab){3}', ['ababab'], 0],
    ['secret(?: code)?', ['secret'], 0],
    ['\\d{3}-\\d{2}-\\d{4}', [], 0],
  ])('%s needs one of %j', (source, keywords, before) => {
    expect(compiled(source)).toMatchObject({ keywords, before });
  });

  it.each<[string, number, number, number]>([
    ['a{5,7}bcd', 8, 10, 16],
    ['abc.*', 3, Infinity, 1024],
    ['(?:abc|😀{2})def', 6, 7, 16],
    ['a(?:bcd)*', 1, Infinity, 1024],
    ['abc{3,200}', 5, 202, 202],
  ])('%s matches %d to %d characters', (source, minLength, maxLength, cellLength) => {
    expect(compiled(source, { keywords: ['ab'] })).toMatchObject({ minLength, maxLength, cellLength });
  });

  it('takes keywords that are given, in any case', () => {
    const expression = compiled('[A-Z]{2}-\\d{6}', { keywords: ['Case', 'ÆR'] });
    expect(expression).toMatchObject({ keywords: ['case', 'ær'], mustContain: true });
  });

  it('warns of expressions that must be tried all over a text, and says what they cost', () => {
    const warningOf = (source: string) => {
      const result = compileExpression(source);
      return result.ok ? result.warning?.message : result.message;
    };
    expect(warningOf('project-\\w+')).toBeUndefined();
    expect(warningOf('\\d{3}-\\d{2}-\\d{4}')).toMatch(/for each megabyte/);
    expect(warningOf('(?:\\w+ ){3}\\d{9}')).toMatch(/up to .* for each megabyte/);
  });

  it.each([
    ['a*', 'matches the empty text'],
    ['(foo)?', 'matches the empty text'],
    ['$', 'matches the empty text'],
    ['\\w+', 'something in almost every text'],
    ['.{10,}', 'something in almost every text'],
    ['[a-z ]{20}', 'something in almost every text'],
    ['\\d\\d', 'something in almost every text'],
    ['[^\\x00-\\x{10FFFF}]', "can't match any text"],
    ['(?=a)b', 'Look-ahead and look-behind'],
    ['(?<!a)b', 'Look-ahead and look-behind'],
    ['(a)\\1', 'Back-references'],
    ['a++', 'possessive'],
    ['foo(', 'A "(" is never closed'],
    ['foo)', 'A ")" closes nothing'],
    ['[abc', 'A "[" is never closed'],
    ['[z-a]', 'runs backwards'],
    ['x{1001}', 'repetition count is too large'],
    ['(?:x{900}){900}', 'repetition count is too large'],
    ['*a', 'nothing before'],
    ['a**', 'Two quantifiers'],
    ['a\\', 'ends with a single'],
    ['\\y', 'An escape'],
    ['(?P<a-b>a)', "group's name"],
    [`(?:${Array.from({ length: 90 }, (_, i) => `word${i}x{9}`).join('|')})`.repeat(2), 'too large'],
    ['a'.repeat(2001), 'more than 2000 characters'],
    ['(?:abc){990}', 'too large'],
  ])('refuses %.40s', (source, words) => {
    expect(refused(source)).toContain(words);
    expect(refused(source)).toMatch(/\.$/);
  });
});
