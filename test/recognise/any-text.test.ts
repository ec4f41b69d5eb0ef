import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAnyJson, readAnyText } from '../../agent/src/recognise/any-text.ts';

describe('readAnyJson', () => {
  it('makes a part of every longer string, with its pointer', () => {
    const body = { action: 'next', model: 'auto', 'a/b~c': [{ text: 'something typed' }], n: 1 };
    const request = readAnyJson(body, 'generate');
    expect(request.model).toBe('auto');
    expect(request.parts.map(({ pointer, text }) => [pointer, text])).toEqual([
      ['/a~1b~0c/0/text', 'something typed'],
    ]);
  });

  it('finds every string wherever it is', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.string({ minLength: 8 }), (json, needle) => {
        const request = readAnyJson({ before: JSON.parse(json) as unknown, deep: [[{ needle }]] }, 'unknown');
        expect(request.parts.some(({ text }) => text === needle)).toBe(true);
      }),
    );
  });

  it('refuses absurd depth instead of overflowing', () => {
    let body: unknown = 'the innermost';
    for (let depth = 0; depth < 5000; depth += 1) body = [body];
    expect(() => readAnyJson(body, 'unknown')).toThrow(expect.objectContaining({ code: 'too-deep' }));
  });
});

describe('readAnyText', () => {
  it('decodes the values of a form', () => {
    const request = readAnyText(
      'f.req=hello%20there&at=x',
      'application/x-www-form-urlencoded;charset=UTF-8',
      'generate',
    );
    expect(request.parts.map(({ text }) => text)).toEqual(['hello there']);
    expect(request.parts[0]?.editable).toBe(false);
  });

  it('takes any other text as a whole', () => {
    expect(readAnyText('plain words', 'text/plain', 'generate').parts[0]?.text).toBe('plain words');
  });
});
