import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  closePayload,
  mask,
  readFrameHeader,
  writeFrame,
} from '../../../agent/src/intercept/websocket/frame-header.ts';

describe('frames', () => {
  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 70_001])('of %i octets are read as written', (length) => {
    for (const key of [undefined, Buffer.from([5, 6, 7, 8])]) {
      const frame = writeFrame(2, Buffer.alloc(length, 7), key);
      const header = readFrameHeader(frame, { masked: key !== undefined, mayCompress: false });
      expect(header).toMatchObject({ final: true, opcode: 2, compressed: false, payloadBytes: length });
      expect(frame).toHaveLength((header as { headerBytes: number }).headerBytes + length);
    }
  });

  it('masking twice gives the same, whatever the length', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.uint8Array({ minLength: 4, maxLength: 4 }),
        (bytes, key) => {
          const copy = Uint8Array.from(bytes);
          mask(copy, key);
          expect([...copy]).toEqual([...bytes].map((byte, i) => byte ^ key[i % 4]!));
          mask(copy, key);
          expect(copy).toEqual(bytes);
        },
      ),
    );
  });

  it('masks the example of RFC 6455 section 5.7', () => {
    const frame = writeFrame(1, Buffer.from('Hello'), Buffer.from('37fa213d', 'hex'));
    expect(frame.toString('hex')).toBe('818537fa213d7f9f4d5158');
  });

  it('closes with a reason of 123 octets at most, never cut inside a character', () => {
    const payload = closePayload(1008, 'é'.repeat(100));
    expect(payload).toHaveLength(2 + 122);
    expect(payload.subarray(2).toString()).toBe('é'.repeat(61));
  });
});
