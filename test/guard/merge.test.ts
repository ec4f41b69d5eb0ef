import { expect, it } from 'vitest';
import type { Detector } from '../../agent/src/core/finding.ts';
import { invisibleWalker } from '../../agent/src/guard/injection/invisible.ts';
import { mergeDetectors } from '../../agent/src/guard/merge.ts';
import { createPiiDetector } from '../../agent/src/guard/pii/detector.ts';
import { createWalkDetector } from '../../agent/src/guard/walk.ts';
import { asTags } from '../kit/injection-phrases.ts';
import { scanInPieces } from '../kit/scan-in-pieces.ts';

const parts: readonly Detector[] = [
  createPiiDetector('pii'),
  createWalkDetector('invisible', invisibleWalker),
];
const merged = mergeDetectors('both', parts);
const text = `a${asTags('xy')} jane@acme.com ${asTags('zz')}`;

it('finds what its parts find, by start', () => {
  expect(merged.scan(text).map(({ kind }) => kind)).toEqual([
    'invisible-tags',
    'email-address',
    'invisible-tags',
  ]);
});

it('releases text when all parts have done with it', () => {
  expect(scanInPieces(merged, [...text]).length).toBe(3);
  expect(merged.openStream().push('mail jane').safeUpTo).toBe(5);
});
