import { describe, expect, it } from 'vitest';
import { invisibleWalker } from '../../../agent/src/guard/injection/invisible.ts';
import { createWalkDetector } from '../../../agent/src/guard/walk.ts';
import { asTags } from '../../kit/injection-phrases.ts';

const detector = createWalkDetector('invisible', invisibleWalker);

describe('invisible characters', () => {
  it('covers the whole run and nothing else', () => {
    const text = `ab${asTags('run it')}cd`;
    expect(detector.scan(text)).toMatchObject([
      { kind: 'invisible-tags', confidence: 'high', start: 2, end: 14 },
    ]);
  });

  it('tells a very long run in pieces, none of it left out', () => {
    const matches = detector.scan(asTags('x'.repeat(5000)));
    expect(matches[0]?.start).toBe(0);
    expect(matches.at(-1)?.end).toBe(10_000);
    matches.slice(1).forEach((match, i) => {
      expect(match.start).toBe(matches[i]?.end);
    });
  });

  it('leaves ordinary ones alone: a selector, a joiner, a mark, a flag', () => {
    for (const text of [
      '❤\ufe0f',
      '👩\u200d💻',
      '\ufeff',
      'a\u200bb',
      '葛\u{e0100}',
      `🏴${asTags('gbeng')}\u{e007f}`,
      '\u200f\u2066x\u2069',
    ]) {
      expect(detector.scan(text), text).toEqual([]);
    }
  });

  it('takes zero-width characters of two sorts for a code, of one sort for clumsy typesetting', () => {
    expect(detector.scan(`a${'\u200b\u200c'.repeat(3)}b`)).toMatchObject([
      { kind: 'zero-width-run', confidence: 'medium' },
    ]);
    expect(detector.scan(`a${'\u200b'.repeat(6)}b`)).toEqual([]);
    expect(detector.scan(`a${'\u200b'.repeat(12)}b`)).toMatchObject([{ confidence: 'high' }]);
  });

  it('waits for the second half of a character', () => {
    const stream = detector.openStream();
    const [tag] = [asTags('a')] as [string];
    expect(stream.push(`x${tag[0]}`)).toMatchObject({ safeUpTo: 1 });
    expect(stream.push(`${tag[1]}${tag}y`).matches).toHaveLength(1);
  });
});
