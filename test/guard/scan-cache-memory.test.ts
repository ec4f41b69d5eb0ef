import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import type { Detector } from '../../agent/src/core/finding.ts';
import { createScanCache } from '../../agent/src/guard/scan-cache.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

it('takes no memory for texts that it knows, however often they come', () => {
  const stream = { push: () => ({ matches: [], safeUpTo: 0 }), end: () => ({ matches: [], safeUpTo: 0 }) };
  const nothing: Detector = { id: 'nothing', scan: () => [], openStream: () => stream };
  const cache = createScanCache({ minChars: 1 });
  const texts = Array.from({ length: 100 }, (_, index) => `text ${index}`);
  function useAll() {
    for (const text of texts) cache.scan(nothing, text);
  }
  for (let round = 0; round < 100; round++) useAll();
  const before = heapBytes();
  for (let round = 0; round < 1000; round++) useAll();
  expect((heapBytes() - before) / 1e6).toBeLessThan(1);
});
