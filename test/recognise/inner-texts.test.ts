import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAnyJson, readAnyText, readDeepJson } from '../../agent/src/recognise/any-text.ts';
import { visitInnerTexts } from '../../agent/src/recognise/inner-texts.ts';

const inner = (text: string): string[] => {
  const seen: string[] = [];
  visitInnerTexts(text, (found) => seen.push(found));
  return seen;
};
const FORM = 'application/x-www-form-urlencoded;charset=UTF-8';
const texts = (request: { parts: readonly { text: string | undefined }[] }) =>
  request.parts.map(({ text }) => text);

describe('words in another notation', () => {
  it('JSON in JSON in JSON: what its escapes hide', () => {
    const words = 'first line\nsecond "quoted" = line';
    const nested = JSON.stringify([[['XqA3Ic', JSON.stringify([null, JSON.stringify({ q: words })])]]]);
    expect(inner(nested)).toContain(words);
    expect(inner(JSON.stringify(['plain words']))).toEqual([]);
  });

  it('a batchexecute form of a chat site', () => {
    const call = JSON.stringify([
      [['GenerateText', JSON.stringify([['one\ntwo = three', 0]]), null, 'generic']],
    ]);
    const body = `f.req=${encodeURIComponent(call)}&at=${encodeURIComponent('AB:1234567890')}&`;
    expect(texts(readAnyText(body, FORM, 'generate'))).toContain('one\ntwo = three');
  });

  it('base64 of text, not of bytes, ids and words', () => {
    const words = 'a sentence that was packed into base64, with an å';
    expect(inner(Buffer.from(words).toString('base64'))).toEqual([words]);
    expect(inner(Buffer.from(words).toString('base64url'))).toEqual([words]);
    expect(inner(Buffer.from(JSON.stringify({ a: 'x\ny and more words' })).toString('base64'))).toContain(
      'x\ny and more words',
    );
    for (const other of [
      Buffer.from([...Array(60).keys()]).toString('base64'),
      'averylongwordthatisnobase64atall',
      '0123456789abcdef0123456789abcdef',
      'short',
    ])
      expect(inner(other)).toEqual([]);
  });

  it('never throws, and never goes on without end', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), fc.base64String()), (text) => void inner(text)));
    let nested = 'the innermost words';
    for (let i = 0; i < 12; i++) nested = JSON.stringify([nested]);
    expect(inner(nested).length).toBeLessThan(12);
    expect(inner(`[${'[],'.repeat(2_000_000)}[]]`)).toEqual([]);
  });

  it('parts of strings stay editable, what is inside them is not', () => {
    const text = JSON.stringify({ q: 'a\nb and some more' });
    expect(readAnyJson({ text }, 'generate').parts).toMatchObject([
      { pointer: '/text', text, editable: true },
      { pointer: '/text~', text: 'a\nb and some more', editable: false },
    ]);
  });

  it('names of members are words too', () => {
    const key = 'a name that somebody typed into a map';
    expect(texts(readAnyJson({ [key]: 1 }, 'generate'))).toEqual([key]);
  });
});

describe('readDeepJson', () => {
  it('finds every string, however deep', () => {
    const json = `${'{"a":['.repeat(20_000)}"the innermost words"${']}'.repeat(20_000)}`;
    expect(texts(readDeepJson(JSON.parse(json), 'generate'))).toEqual(['the innermost words']);
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        const request = readDeepJson([JSON.parse(text), [{ needle: 'these few words' }]], 'generate');
        expect(texts(request)).toContain('these few words');
      }),
    );
  });
});
