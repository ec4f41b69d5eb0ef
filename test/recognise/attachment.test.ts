import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base64Bytes, base64Facts, dataUrlFacts } from '../../agent/src/recognise/attachment.ts';

describe('attachments', () => {
  it('the size of base64 text is that of what it decodes to, padded or not', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
        const base64 = Buffer.from(bytes).toString('base64');
        expect(base64Bytes(base64)).toBe(bytes.length);
        expect(base64Bytes(base64.replace(/=+$/, ''))).toBe(bytes.length);
      }),
    );
  });

  it.each([
    ['data:image/png;base64,AAAA', { mediaType: 'image/png', bytes: 3, text: undefined }],
    ['data:text/plain;charset=utf-8;base64,w6k=', { mediaType: 'text/plain', bytes: 2, text: 'é' }],
    ['data:,hello', { mediaType: 'text/plain', bytes: 5, text: 'hello' }],
    [
      'data:application/problem+json;base64,e30=',
      { mediaType: 'application/problem+json', bytes: 2, text: '{}' },
    ],
    ['DATA:image/png;BASE64,AAAA', { mediaType: 'image/png', bytes: 3, text: undefined }],
    ['data:no-comma', { mediaType: undefined, bytes: undefined, text: undefined }],
    ['https://example.org/data:', undefined],
  ])('%s', (url, facts) => {
    const found = dataUrlFacts(url);
    if (facts === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject(facts);
  });

  it('says where the bytes are, and copies none', () => {
    const url = 'data:image/png;base64,AAAA';
    expect(dataUrlFacts(url)?.content).toEqual({ form: 'base64', text: url, from: 22, to: 26 });
    expect(dataUrlFacts('data:,hello')?.content).toEqual({ form: 'percent', text: 'data:,hello', from: 6 });
    expect(base64Facts('image/png', 'AAAA').content).toEqual({
      form: 'base64',
      text: 'AAAA',
      from: 0,
      to: 4,
    });
  });

  it('does not decode a huge text', () => {
    expect(base64Facts('text/plain', 'A'.repeat(3_000_000))).toMatchObject({
      bytes: 2_250_000,
      text: undefined,
    });
  });
});
