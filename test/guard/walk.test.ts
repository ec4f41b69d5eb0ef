import { describe, expect, it } from 'vitest';
import { createWalkDetector, type Walker, WalkStream } from '../../agent/src/guard/walk.ts';
import { scanInPieces } from '../kit/scan-in-pieces.ts';

/** Finds `ab` followed by anything but `c`: a walk that must wait for one more character. */
const walker: Walker = {
  lookBehind: 4,
  begin: () => ({
    advance({ text, base, isEnd }, from, found) {
      let at = from;
      for (; at < text.length; at++) {
        if (text[at] !== 'a') continue;
        if (at + 2 >= text.length && !isEnd) break;
        if (text[at + 1] === 'b' && text[at + 2] !== 'c') {
          const span = { start: base + at, end: base + at + 2 };
          found.push({ kind: 'ab', label: 'ab', severity: 'low', confidence: 'high', ...span });
        }
      }
      return { at, safeUpTo: at };
    },
  }),
};
const detector = createWalkDetector('ab', walker);

describe('walk detector', () => {
  it('scans a whole text with nothing undecided', () => {
    expect(detector.scan('ab abc ab').map(({ start }) => start)).toEqual([0, 7]);
  });

  it('waits where more text could change the verdict, and for nothing else', () => {
    const stream = detector.openStream();
    expect(stream.push('xab')).toMatchObject({ matches: [], safeUpTo: 1 });
    expect(stream.push('c')).toMatchObject({ matches: [], safeUpTo: 4 });
    expect(stream.push('ab')).toMatchObject({ matches: [], safeUpTo: 4 });
    expect(stream.end()).toMatchObject({ matches: [{ start: 4, end: 6 }], safeUpTo: 6 });
  });

  it('counts from the start of the whole text after it has forgotten most of it', () => {
    const text = `${'x'.repeat(5000)}ab${'y'.repeat(5000)}ab.`;
    expect(scanInPieces(detector, text.match(/.{1,7}/g) ?? [])).toEqual(detector.scan(text));
  });

  it('keeps no more than it looks back on', () => {
    const stream = new WalkStream(walker);
    let longest = 0;
    for (let i = 0; i < 2000; i++) {
      stream.push('a b ab abc');
      longest = Math.max(longest, stream.keptChars);
    }
    expect(longest).toBeLessThan(1100);
  });
});
