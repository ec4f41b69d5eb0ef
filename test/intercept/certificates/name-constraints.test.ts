import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { element, elements, sequence } from '../../../agent/src/intercept/certificates/der.ts';
import {
  DomainSet,
  decodeNameConstraints,
  encodeNameConstraints,
} from '../../../agent/src/intercept/certificates/name-constraints.ts';

describe('name constraints', () => {
  it('are read back as written, whatever the length of the list', () => {
    const name = fc.stringMatching(/^[a-z0-9]{1,20}\.[a-z]{2,6}$/);
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 400 }), (permittedDomains) => {
        const decoded = decodeNameConstraints(encodeNameConstraints(permittedDomains));
        expect(decoded).toEqual({ permittedDomains, excludesEveryAddress: true });
      }),
      { numRuns: 30 },
    );
  });

  it('that leave out the addresses, or some of them, are seen as such', () => {
    const permitted = element(0xa0, sequence(element(0x82, Buffer.from('openai.com'))));
    expect(decodeNameConstraints(sequence(permitted))?.excludesEveryAddress).toBe(false);
    const half = element(0xa1, sequence(element(0x87, Buffer.alloc(8))));
    expect(decodeNameConstraints(sequence(permitted, half))?.excludesEveryAddress).toBe(false);
  });

  it('never throw on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const buffer = Buffer.from(bytes);
        decodeNameConstraints(buffer);
        elements(buffer);
      }),
    );
  });

  it.each([
    ['openai.com', true],
    ['api.openai.com', true],
    ['a.b.c.openai.com', true],
    ['evilopenai.com', false],
    ['openai.com.evil.test', false],
    ['com', false],
    ['', false],
    ['.openai.com', true],
  ])('domain openai.com contains %j: %s', (host, expected) => {
    expect(new DomainSet(['openai.com']).contains(host)).toBe(expected);
  });
});
