import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAuthority, parseAuthority } from '../../../agent/src/intercept/inbound/authority.ts';

describe('parseAuthority', () => {
  it.each([
    ['API.OpenAI.com:443', { host: 'api.openai.com', port: 443 }],
    ['api.openai.com.:443', { host: 'api.openai.com', port: 443 }],
    ['my_host.test:8443', { host: 'my_host.test', port: 8443 }],
    ['localhost:1', { host: 'localhost', port: 1 }],
    ['192.0.2.1:443', { host: '192.0.2.1', port: 443 }],
    ['[2001:DB8:0:0::1]:443', { host: '2001:db8::1', port: 443 }],
    ['xn--bcher-kva.test:65535', { host: 'xn--bcher-kva.test', port: 65535 }],
  ])('reads %s', (text, authority) => expect(parseAuthority(text)).toEqual(authority));

  it('takes the default port only where one is given', () => {
    expect(parseAuthority('a.test', 443)).toEqual({ host: 'a.test', port: 443 });
    expect(parseAuthority('[::1]', 80)).toEqual({ host: '::1', port: 80 });
    expect(parseAuthority('a.test')).toBeUndefined();
  });

  it('never yields a host with anything but a name`s or an address`s characters', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'a.-_:[]0/@%\\\0 ') })),
        (text) => {
          const authority = parseAuthority(text, 443);
          if (authority === undefined) return;
          expect(authority.host).toMatch(/^[a-z0-9_.:-]+$/);
          expect(authority.port).toBeGreaterThan(0);
          expect(parseAuthority(formatAuthority(authority, 'https'), 443)).toEqual(authority);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
