import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteQueue } from '../../../agent/src/intercept/websocket/byte-queue.ts';

describe('ByteQueue', () => {
  it('gives back what went in, whatever the sizes of chunks and pieces', () => {
    const step = fc.oneof(
      fc.record({
        add: fc.constantFrom(1, 1, 1, 2, 5, 600, 20_000),
        times: fc.integer({ min: 1, max: 200 }),
      }),
      fc.record({ take: fc.constantFrom(1, 3, 100, 5000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const queue = new ByteQueue();
        let added = 0;
        let taken = 0;
        const expected = (from: number, count: number) =>
          Buffer.from(Uint8Array.from({ length: count }, (_, i) => (from + i) % 251));
        for (const one of steps) {
          if ('add' in one) {
            const size = one.add > 600 ? one.add : one.add * one.times;
            const chunks = one.add > 600 ? 1 : one.times;
            const bytes = expected(added, size);
            for (let i = 0; i < chunks; i++)
              queue.add(bytes.subarray((i * size) / chunks, ((i + 1) * size) / chunks));
            added += size;
          } else {
            const count = Math.min(one.take, queue.length);
            const peeked = queue.peek(14);
            expect(peeked.equals(expected(taken, Math.min(14, added - taken)))).toBe(true);
            expect(Buffer.concat(queue.take(count)).equals(expected(taken, count))).toBe(true);
            taken += count;
          }
          expect(queue.length).toBe(added - taken);
        }
        expect(Buffer.concat(queue.take(queue.length)).equals(expected(taken, added - taken))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});
