import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type CodeOptions, createCodeDetector } from '../../../agent/src/guard/code/detector.ts';
import { BUSINESS_PROSE as PROSE, CODE_SAMPLES as SAMPLES } from '../../kit/code-samples.ts';
import { createRandom } from '../../kit/random-text.ts';
import { scanInPieces } from '../../kit/scan-in-pieces.ts';
import { anyPieces, expectSameInPieces, jumble } from '../../kit/streamed.ts';

const detectorOf = (options: Partial<CodeOptions> = {}) =>
  createCodeDetector('code', { minShare: 0.5, minCharacters: 60, languages: undefined, ...options });
const labels = (text: string, options: Partial<CodeOptions> = {}) =>
  detectorOf(options)
    .scan(text)
    .map(({ label }) => label);

describe('code', () => {
  it.each(SAMPLES)('tells %s', (language, text) => {
    expect(labels(text)).toEqual([`${language} code block`]);
  });

  it.each([
    ['prose', PROSE.repeat(3)],
    ['a list', '- first item of the list\n- second item (with a remark)\n- third: more of it\n'.repeat(4)],
    ['JSON', JSON.stringify({ name: 'acme', items: [{ id: 1, tags: ['a', 'b'] }] }, null, 2).repeat(5)],
    ['a log', '2024-11-01 12:00:01,123 INFO [main] com.acme.Shop - started in 12 ms (pid=42)\n'.repeat(9)],
    ['a table', '| name | price |\n| --- | --- |\n| Acme | 12.50 |\n'.repeat(6)],
    ['output in a fence', `Look:\n\`\`\`text\n${SAMPLES[0]?.[1]}\`\`\`\n`],
  ])('finds no code in %s', (_, text) => {
    expect(labels(text, { minShare: 0 })).toEqual([]);
  });

  it('covers the code and nothing around it', () => {
    const [, code] = SAMPLES[0] as readonly [string, string];
    const text = `${PROSE}\n\`\`\`python\n${code}\`\`\`\n${PROSE}`;
    const [match] = detectorOf({ minShare: 0 }).scan(text);
    expect(text.slice(match?.start, match?.end).trim()).toBe(code.trim());
    expect(match).toMatchObject({ kind: 'source-code', confidence: 'high', severity: 'medium' });
  });

  it('minds share, length and languages', () => {
    const [, code] = SAMPLES[0] as readonly [string, string];
    expect(labels(code + PROSE.repeat(3))).toEqual([]);
    expect(labels(code + PROSE.repeat(3), { minShare: 0.1 })).toHaveLength(1);
    expect(labels(code, { minCharacters: 500 })).toEqual([]);
    expect(labels(code, { languages: new Set(['go']) })).toEqual([]);
    expect(labels(code, { languages: new Set(['python']) })).toHaveLength(1);
  });

  it('lets prose pass while it streams, and code wait', () => {
    const stream = detectorOf({ minShare: 0 }).openStream();
    expect(stream.push(PROSE).safeUpTo).toBe(PROSE.length);
    expect(stream.push(`${'word '.repeat(60)}`).safeUpTo, 'long paragraphs in pieces').toBe(
      PROSE.length + 200,
    );
    expect(stream.push('\ndef f(x):\n    return x.y\n').safeUpTo).toBe(PROSE.length + 301);
  });

  it('finds the same however the text is cut', () => {
    const random = createRandom(6);
    const lines = [
      ...SAMPLES.flatMap(([, text]) => text.split('\n')),
      ...PROSE.split('\n'),
      '```',
      '```js',
      '```text',
    ];
    const pieces = [...lines.map((line) => `${line}\n`), 'x'.repeat(230), '\r\n', '"""\n'];
    for (const minShare of [0, 0.5]) {
      const detector = detectorOf({ minShare, minCharacters: 20 });
      for (let i = 0; i < 50; i++) expectSameInPieces(detector, jumble(pieces, 20, random), random, 3);
    }
  });

  it('never throws, whatever the text', () => {
    const detector = detectorOf({ minShare: 0, minCharacters: 1 });
    fc.assert(
      fc.property(anyPieces, (pieces) => {
        scanInPieces(detector, pieces);
      }),
      { numRuns: 150, seed: 8 },
    );
  });

  it('reads hostile lines', () => {
    const hostile = [
      `a:${' '.repeat(190)}`,
      `def f(${':,('.repeat(60)}`,
      `.a${' .b:'.repeat(45)}`,
      'import '.repeat(30),
    ];
    expect(labels(hostile.map((line) => `${line}\n`.repeat(500)).join(''), { minCharacters: 1e6 })).toEqual(
      [],
    );
  });
});

it('looks for the end of a line once, however long the line is', () => {
  const looked = vi.spyOn(String.prototype, 'indexOf');
  detectorOf().scan('word '.repeat(20_000));
  const times = looked.mock.calls.filter(([wanted]) => wanted === '\n').length;
  looked.mockRestore();
  expect(times).toBeLessThan(5);
});
