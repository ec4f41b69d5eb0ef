import { constants, createDeflateRaw } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeFrame } from '../../../agent/src/intercept/websocket/frame-header.ts';
import { MessageReader, type ReaderEvent } from '../../../agent/src/intercept/websocket/message-reader.ts';

const KEY = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
const MAX = 100_000;
const reader = (from: 'client' | 'server', keepsContext?: boolean, maxMessageBytes = MAX) =>
  new MessageReader({ from, keepsContext, maxMessageBytes });

function readAll(from: MessageReader, chunks: readonly Buffer[]): ReaderEvent[] {
  const events: ReaderEvent[] = [];
  for (const chunk of chunks) {
    from.add(chunk);
    for (let event = from.next(); event !== undefined; event = from.next()) {
      events.push(event);
      if (event.type === 'violation') return events;
    }
  }
  return events;
}

/** The same whatever the splits: originals joined. */
const summary = (events: readonly ReaderEvent[]) =>
  events.map((event) =>
    event.type === 'violation'
      ? event
      : {
          ...event,
          original: Buffer.concat(event.original).toString('hex'),
          payload: 'payload' in event ? event.payload.toString('hex') : '',
        },
  );

/** A server's frames of one message: text, cut into fragments. */
function fragments(opcode: number, payload: Buffer, cuts: readonly number[], rsv1: boolean): Buffer[] {
  const edges = [
    0,
    ...[...cuts].map((cut) => cut % (payload.length + 1)).sort((a, b) => a - b),
    payload.length,
  ];
  return edges.slice(1).map((end, i) => {
    const frame = writeFrame(i === 0 ? opcode : 0, payload.subarray(edges[i], end), undefined);
    if (i < edges.length - 2) frame[0]! &= 0x7f;
    if (rsv1 && i === 0) frame[0]! |= 0x40;
    return frame;
  });
}

/** One compressor for a whole direction, as a peer with context takeover has it. */
async function compressed(texts: readonly string[]): Promise<Buffer[]> {
  const deflate = createDeflateRaw();
  const payloads: Buffer[] = [];
  for (const text of texts) {
    const parts: Buffer[] = [];
    const onData = (part: Buffer) => parts.push(part);
    deflate.on('data', onData);
    deflate.write(text);
    await new Promise<void>((resolve) => deflate.flush(constants.Z_SYNC_FLUSH, resolve));
    deflate.off('data', onData);
    payloads.push(Buffer.concat(parts).subarray(0, -4));
  }
  deflate.destroy();
  return payloads;
}

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((end, i) => bytes.subarray(edges[i], end));
}

const cuts = fc.array(fc.nat(), { maxLength: 12 });

describe('splits never change what is read', () => {
  it('of plain frames, masked or not, with control frames between', () => {
    const frame = fc.record({
      opcode: fc.constantFrom(1, 2, 9, 10),
      text: fc.string({ maxLength: 60 }),
      long: fc.constantFrom(0, 0, 0, 130, 66_000),
    });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), cuts, fc.boolean(), (frames, at, masked) => {
        const bytes = Buffer.concat(
          frames.map(({ opcode, text, long }) => {
            const payload = Buffer.from(opcode >= 8 ? text.slice(0, 20) : text + 'x'.repeat(long));
            return writeFrame(opcode, payload, masked ? KEY : undefined);
          }),
        );
        const from = masked ? 'client' : 'server';
        const whole = summary(readAll(reader(from), [bytes]));
        expect(whole).toHaveLength(frames.length);
        expect(summary(readAll(reader(from), split(bytes, at)))).toEqual(whole);
        // Nothing is lost or changed on its way through.
        expect(whole.map((event) => ('original' in event ? event.original : '')).join('')).toBe(
          bytes.toString('hex'),
        );
      }),
      { numRuns: 150 },
    );
  });

  it('of compressed fragmented messages with a shared context', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 200 }), { minLength: 1, maxLength: 6 }),
        cuts,
        cuts,
        async (texts, fragmentCuts, at) => {
          const payloads = await compressed(texts);
          const bytes = Buffer.concat(
            payloads.flatMap((payload) => fragments(1, payload, fragmentCuts, true)),
          );
          const events = readAll(reader('server', true), split(bytes, at));
          expect(events.map((event) => ('payload' in event ? event.payload.toString() : event))).toEqual(
            texts.map((text) => text.toWellFormed()),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it('byte by byte for a message of many crumbs', () => {
    const frame = writeFrame(1, Buffer.from('crumb '.repeat(2000)), KEY);
    const events = readAll(
      reader('client'),
      Array.from(frame, (byte) => Buffer.of(byte)),
    );
    expect(events).toHaveLength(1);
    expect(summary(events)).toEqual(summary(readAll(reader('client'), [frame])));
  });
});

describe('malformed', () => {
  const text = (payload: Buffer | string) => writeFrame(1, Buffer.from(payload), undefined);
  const close = (payload: string) => writeFrame(8, Buffer.from(payload, 'hex'), undefined);
  const hex = (bytes: string) => Buffer.from(bytes, 'hex');
  it.each([
    ['masked frame of a server', writeFrame(1, Buffer.from('x'), KEY), 1002],
    ['reserved bit 1 without compression', hex('c100'), 1002],
    ['reserved bit 2', hex('a100'), 1002],
    ['reserved bit 3', hex('9100'), 1002],
    ['opcode 3', hex('8300'), 1002],
    ['opcode 11', hex('8b00'), 1002],
    ['opcode 15', hex('8f00'), 1002],
    ['fragmented ping', hex('0900'), 1002],
    ['ping of 126 octets', hex('897e007e'), 1002],
    ['continuation of nothing', hex('8000'), 1002],
    ['message inside a message', hex('0101418100'), 1002],
    ['16-bit length that fits in 7', hex('827e007d'), 1002],
    ['64-bit length that fits in 16', hex('827f000000000000ffff'), 1002],
    ['length with its first bit set', hex('827f8000000000000000'), 1002],
    ['huge length', hex('827f0000000100000000'), 1009],
    ['length just above the limit', hex('827f00000000000186a1'), 1009],
    ['text that is not UTF-8', text(Buffer.from([0xc3, 0x28])), 1007],
    ['text with a surrogate', text(hex('eda080')), 1007],
    ['text cut inside a character', text(Buffer.from('é').subarray(0, 1)), 1007],
    ['close of one octet', close('03'), 1002],
    ['close code 999', close('03e7'), 1002],
    ['close code 1004', close('03ec'), 1002],
    ['close code 1005', close('03ed'), 1002],
    ['close code 1006', close('03ee'), 1002],
    ['close code 1015', close('03f7'), 1002],
    ['close code 2999', close('0bb7'), 1002],
    ['close code 5000', close('1388'), 1002],
    ['close reason that is not UTF-8', close('03e8ff'), 1007],
  ])('%s', (_, bytes, code) => {
    const from = reader('server');
    expect(readAll(from, [bytes])).toEqual([expect.objectContaining({ type: 'violation', code })]);
    from.add(text('more'));
    expect(from.next()).toMatchObject({ code });
  });

  it.each(['03e8', '03f6', '0bb8', '1387', '03e96279', ''])('close %s is fine', (payload) => {
    expect(readAll(reader('server'), [close(payload)])).toMatchObject([{ type: 'control', opcode: 8 }]);
  });

  it('unmasked frame of a client', () => {
    expect(readAll(reader('client'), [text('x')])).toMatchObject([{ type: 'violation', code: 1002 }]);
  });

  it('fragments that add up to too much, before the last is collected', () => {
    const half = writeFrame(2, Buffer.alloc(60_000), undefined);
    half[0]! &= 0x7f;
    expect(readAll(reader('server'), [half, hex('807eea60')])).toMatchObject([{ code: 1009 }]);
  });

  it('empty fragments without end', () => {
    const flood = Buffer.concat([hex('0200'), Buffer.alloc(2 * 40_000)]);
    expect(readAll(reader('server'), [flood])).toMatchObject([{ code: 1009 }]);
  });

  it.each([
    ['compressed noise', 'c105ffffffffff', 1007],
    ['a stored block that would swallow the next message', 'c106000a00f5ff41', 1007],
    ['a block cut short', 'c103ca48cd', 1007],
    ['data after a last block', 'c109f348cdc9c907004141', 1007],
    ['reserved bit 1 on a continuation', '4100c000', 1002],
    ['reserved bit 1 on a ping', 'c900', 1002],
  ])('%s', (_, bytes, code) => {
    expect(readAll(reader('server', true), [hex(bytes)])).toMatchObject([{ type: 'violation', code }]);
  });

  it.each([
    ['RFC 7692 section 7.2.3.1', 'c107f248cdc9c90700', 'Hello'],
    ['RFC 7692 section 7.2.3.3, no compression', 'c10b000500faff48656c6c6f00', 'Hello'],
    ['RFC 7692 section 7.2.3.4, its own last block', 'c108f348cdc9c9070000', 'Hello'],
    ['RFC 7692 section 7.2.3.5, two blocks', 'c10df248050000 00ffffcac9c90700'.replaceAll(' ', ''), 'Hello'],
    ['an empty message', 'c10100', ''],
    ['not compressed although it could be', '810548656c6c6f', 'Hello'],
  ])('but %s is read', (_, bytes, content) => {
    const events = readAll(reader('server', true), [hex(bytes)]);
    expect(events).toHaveLength(1);
    expect((events[0] as { payload: Buffer }).payload.toString()).toBe(content);
  });

  it('a second message that refers back to the first (RFC 7692 section 7.2.3.2)', () => {
    const both = [hex('c107f248cdc9c90700'), hex('c105f200110000')];
    const payloads = readAll(reader('server', true), both).map((event) =>
      'payload' in event ? event.payload.toString() : event,
    );
    expect(payloads).toEqual(['Hello', 'Hello']);
    const [, second] = readAll(reader('server', false), both);
    expect(second).toMatchObject({ type: 'violation', code: 1007 });
  });
});

describe('whatever a peer sends', () => {
  it('nothing throws, and reading ends', () => {
    const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(
        noise,
        cuts,
        fc.boolean(),
        fc.constantFrom(undefined, true, false),
        (bytes, at, client, keeps) => {
          readAll(reader(client ? 'client' : 'server', keeps, 1000), split(bytes, at));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('nothing throws after one flipped bit in valid frames', () => {
    const frames = Buffer.concat([
      Buffer.from('c107f248cdc9c90700', 'hex'),
      writeFrame(1, Buffer.from('text'.repeat(40)), undefined),
      writeFrame(9, Buffer.from('ping'), undefined),
      Buffer.from('c105f200110000', 'hex'),
      writeFrame(8, Buffer.from('03e8', 'hex'), undefined),
    ]);
    for (let bit = 0; bit < frames.length * 8; bit++) {
      const flipped = Buffer.from(frames);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      readAll(reader('server', true), [flipped]);
    }
  });
});
