import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Authority } from '../../../agent/src/core/connection.ts';
import type { OutgoingWithStats } from '../../../agent/src/intercept/outgoing/outgoing.ts';
import { begin, type Collected } from '../../kit/upstream-call.ts';
import { type Bench, createBench, local, onRequests } from './setup.ts';

/** What the upstream says next: pieces, one per turn of the loop, then an end. */
let script: { readonly pieces: readonly Uint8Array[]; readonly thenClose: boolean } = {
  pieces: [],
  thenClose: true,
};
let bench: Bench;
let outgoing: OutgoingWithStats;
let h1: Authority;
let h2: Authority;

beforeAll(async () => {
  bench = await createBench();
  outgoing = bench.outgoing();
  const play = async (socket: { write(bytes: Uint8Array): unknown; end(): unknown }): Promise<void> => {
    const { pieces, thenClose } = script;
    for (const piece of pieces) {
      socket.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (thenClose) socket.end();
  };
  const port = await bench.tcp((socket) => {
    socket.on('end', () => socket.end());
    onRequests(socket, () => {
      void play(socket);
      return undefined;
    });
  });
  h1 = local(port);
  h2 = await bench.h1(
    (socket) => {
      socket.once('data', () => void play(socket));
    },
    ['h2'],
  );
});
afterAll(() => bench.close());

/** The outcome, after checking that it came once and last. */
async function call(target: Authority, protocol: 'h1' | 'h2'): Promise<Collected> {
  const scheme = protocol === 'h1' ? 'http' : 'https';
  const ongoing = begin(outgoing, target, { scheme, protocol, body: Buffer.from('x') });
  const answer = await ongoing.done;
  await new Promise((resolve) => setImmediate(resolve));
  expect(ongoing.log.filter((entry) => entry === 'end' || entry === 'error').length).toBe(1);
  expect(['end', 'error']).toContain(ongoing.log.at(-1));
  return answer;
}

const ANSWER = Buffer.from(
  'HTTP/1.1 103 Hints\r\nX: 1\r\n\r\nHTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\nT: 3\r\n\r\n',
);

describe('an upstream', () => {
  it('may cut its answer anywhere: what arrives is the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(ANSWER.length), { maxLength: 12 }), async (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), ANSWER.length];
        const pieces = edges.slice(1).map((edge, index) => ANSWER.subarray(edges[index], edge));
        script = { pieces, thenClose: false };
        const answer = await call(h1, 'h1');
        expect(answer.error).toBeUndefined();
        expect([answer.status, answer.body]).toEqual([200, 'hello world']);
        expect(answer.headers).toEqual(['A', '1', 'a', '2', 'Transfer-Encoding', 'chunked']);
        expect([answer.trailers, answer.informational]).toEqual([['T', '3'], [[103, ['X', '1']]]]);
      }),
      { numRuns: 60 },
    );
  });

  it('that stops anywhere before the end is never taken for complete', async () => {
    for (let length = 0; length < ANSWER.length; length += 3) {
      script = { pieces: [ANSWER.subarray(0, length)], thenClose: true };
      expect((await call(h1, 'h1')).error, `after ${length} bytes`).toBeDefined();
    }
  });

  it('that talks nonsense ends the call, nothing else', async () => {
    const noise = fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 4 });
    const mutated = fc
      .tuple(fc.nat(ANSWER.length - 1), fc.nat(255))
      .map(([index, value]) => [Uint8Array.from(ANSWER, (byte, at) => (at === index ? value : byte))]);
    await fc.assert(
      fc.asyncProperty(fc.oneof(noise, mutated), async (pieces) => {
        script = { pieces, thenClose: true };
        await call(h1, 'h1');
      }),
      { numRuns: 120 },
    );
  });

  it('that talks nonsense in HTTP/2 ends the call, nothing else', async () => {
    const frame = fc
      .tuple(fc.nat(12), fc.nat(255), fc.nat(3), fc.uint8Array({ maxLength: 40 }))
      .map(([type, flags, stream, payload]) =>
        Uint8Array.from([0, 0, payload.length, type, flags, 0, 0, 0, stream, ...payload]),
      );
    const settings = Uint8Array.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 6 }), fc.boolean(), async (frames, polite) => {
        script = { pieces: polite ? [settings, ...frames] : frames, thenClose: true };
        await call(h2, 'h2');
      }),
      { numRuns: 80 },
    );
  });
});
