import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readClientHello } from '../../../agent/src/intercept/inbound/client-hello.ts';

const u16 = (value: number): number[] => [value >> 8, value & 255];

/** A ClientHello of the given extensions, in records of `recordBytes` each. */
function hello(serverName: string | undefined, recordBytes = 16_384): Buffer {
  const name = Buffer.from(serverName ?? '');
  const sni = [...u16(0), ...u16(name.length + 5), ...u16(name.length + 3), 0, ...u16(name.length), ...name];
  const alpn = [...u16(16), ...u16(5), ...u16(3), 2, 104, 50];
  const extensions = [...alpn, ...(serverName === undefined ? [] : sni)];
  const body = [
    3,
    3,
    ...Buffer.alloc(32, 7),
    0,
    ...u16(4),
    19,
    1,
    19,
    2,
    1,
    0,
    ...u16(extensions.length),
    ...extensions,
  ];
  const message = Buffer.from([1, 0, ...u16(body.length), ...body]);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += recordBytes) {
    const fragment = message.subarray(at, at + recordBytes);
    records.push(Buffer.from([22, 3, 1, ...u16(fragment.length)]), fragment);
  }
  return Buffer.concat(records);
}

describe('readClientHello', () => {
  it('finds the server name, whatever the records` size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), (recordBytes) => {
        expect(readClientHello(hello('api.openai.com', recordBytes))).toEqual({
          type: 'hello',
          serverName: 'api.openai.com',
        });
      }),
    );
  });

  it('waits as long as bytes are missing, and only then', () => {
    const bytes = hello('ai.test', 20);
    for (let length = 0; length < bytes.length; length++) {
      expect(readClientHello(bytes.subarray(0, length)).type).toBe('incomplete');
    }
    expect(readClientHello(bytes).type).toBe('hello');
  });

  it('knows a hello without a name, and what is none', () => {
    expect(readClientHello(hello(undefined))).toEqual({ type: 'hello', serverName: undefined });
    expect(readClientHello(Buffer.from('SSH-2.0-OpenSSH\r\n'))).toEqual({ type: 'other' });
    expect(readClientHello(Buffer.from('GET / HTTP/1.1\r\n'))).toEqual({ type: 'other' });
    expect(readClientHello(Buffer.from([22, 3, 1, 0, 0]))).toEqual({ type: 'other' });
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        readClientHello(bytes);
        const changed = hello('ai.test');
        changed.set(bytes.subarray(0, 20), Math.min(9, changed.length - 20));
        readClientHello(changed);
      }),
      { numRuns: 1_000 },
    );
  });
});
