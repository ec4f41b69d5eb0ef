import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileNameGlob, pathGlob } from '../../agent/src/decide/glob.ts';

describe('compileNameGlob', () => {
  it.each([
    ['gpt-4*', 'gpt-4o-mini', true],
    ['gpt-4*', 'GPT-4', true],
    ['gpt-4*', 'gpt-5', false],
    ['*', '', true],
    ['**', 'anything', true],
    ['claude-*-4', 'claude-opus-4', true],
    ['claude-*-4', 'claude-opus-4-1', false],
    ['a*b*c', 'axxbyybzc', true],
    ['a.c', 'abc', false],
    ['', '', true],
    ['', 'x', false],
  ])('%s against %s is %s', (pattern, text, expected) => {
    expect(compileNameGlob(pattern)(text)).toBe(expected);
  });

  it('agrees with a plain regular expression', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
    const words = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 });
    fc.assert(
      fc.property(letters, words, (pattern, text) => {
        const reference = new RegExp(`^${pattern.replaceAll('*', '.*')}$`);
        expect(compileNameGlob(pattern)(text)).toBe(reference.test(text));
      }),
    );
  });

  it('takes no time on patterns that make regular expressions explode', () => {
    const matches = compileNameGlob(`${'*a'.repeat(100)}b`);
    const startedMs = performance.now();
    expect(matches('a'.repeat(100_000))).toBe(false);
    expect(performance.now() - startedMs).toBeLessThan(50);
  });
});

describe('pathGlob', () => {
  it.each([
    ['/v1beta/models/*:generateContent', '/v1beta/models/gemini-3-pro:generatecontent', true],
    ['/v1beta/models/*:generateContent', '/v1beta/models/a/b:generatecontent', false],
    ['/**/chat/completions', '/chat/completions', true],
    ['/**/chat/completions', '/a/b/chat/completions', true],
    ['/**/chat/completions', '/a/b/chat/completions/x', false],
    ['/api/claude_code/**', '/api/claude_code/settings', true],
    ['/api/claude_code/**', '/api/claude_codex', false],
    ['/v1.0/a', '/v1x0/a', false],
    ['/$rpc/**', '/$rpc/x', true],
  ])('%s against %s is %s', (pattern, path, expected) => {
    expect(pathGlob(pattern).test(path)).toBe(expected);
  });

  it('stays linear on hostile paths', () => {
    const glob = pathGlob('/**/models/*:streamGenerateContent');
    const startedMs = performance.now();
    expect(glob.test(`/${'models/'.repeat(5000)}x`)).toBe(false);
    expect(glob.test(`/models/${':'.repeat(30_000)}`)).toBe(false);
    expect(performance.now() - startedMs).toBeLessThan(200);
  });
});
