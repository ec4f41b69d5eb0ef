import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  hostAndPort,
  ProxyUrlError,
  parseProxyUrl,
  proxyAuthorization,
} from '../../../agent/src/intercept/outgoing/proxy-url.ts';

describe('a proxy address', () => {
  it.each([
    ['http://10.0.0.1:3128', { host: '10.0.0.1', port: 3128, secure: false }],
    ['http://proxy.example.com', { host: 'proxy.example.com', port: 80, secure: false }],
    ['https://Proxy.example.com./', { host: 'proxy.example.com', port: 443, secure: true }],
    ['http://[2001:db8::1]:8080', { host: '2001:db8::1', port: 8080, secure: false }],
    ['http://ann@p:1', { host: 'p', port: 1, secure: false, username: 'ann', password: '' }],
    [
      'http://ann:p%40ss%3A%25@p:1',
      { host: 'p', port: 1, secure: false, username: 'ann', password: 'p@ss:%' },
    ],
    ['http://%C3%A4:%E2%82%AC@p:1', { host: 'p', port: 1, secure: false, username: 'ä', password: '€' }],
  ])('%s', (text, expected) => {
    expect(parseProxyUrl(text)).toEqual(expected);
  });

  it.each([
    ['10.0.0.1:3128', 'not-a-url'],
    ['proxy', 'not-a-url'],
    ['', 'not-a-url'],
    ['socks5://p:1080', 'scheme'],
    ['http://p:0', 'port'],
    ['http://p:70000', 'port'],
    ['http://ann:s3cret@p:70000', 'port'],
    ['http://ann:s3cret@p/path', 'extra-parts'],
    ['http://ann:s3cret@p/?x', 'extra-parts'],
    ['http://ann:s3cret#@p', 'not-a-url'],
    ['http://ann:s3cret%zz@p', 'credentials'],
    ['http://a%3An:s3cret@p', 'credentials'],
    ['http://ann:s3cret%0d%0aX:@p', 'credentials'],
    ['http://ann:s3cret@', 'not-a-url'],
  ])('%s is refused, with a mend and without the password', (text, code) => {
    try {
      parseProxyUrl(text);
    } catch (error) {
      expect(error).toBeInstanceOf(ProxyUrlError);
      expect((error as ProxyUrlError).code).toBe(code);
      expect((error as ProxyUrlError).message).not.toMatch(/s3cret|\bann\b/);
      expect((error as ProxyUrlError).message.length).toBeGreaterThan(40);
      return;
    }
    throw new Error('accepted');
  });

  it('gives back any credentials that were percent-encoded into it', () => {
    const printable = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((text) => !/\p{Cc}|\p{Cs}/u.test(text));
    fc.assert(
      fc.property(
        printable.filter((text) => !text.includes(':')),
        printable,
        (username, password) => {
          const proxy = parseProxyUrl(
            `http://${encodeURIComponent(username)}:${encodeURIComponent(password)}@p:1`,
          );
          expect(proxy).toMatchObject({ username, password });
          const basic = proxyAuthorization(proxy)?.replace('Basic ', '') ?? '';
          expect(Buffer.from(basic, 'base64').toString('utf8')).toBe(`${username}:${password}`);
        },
      ),
    );
  });

  it('is written with brackets round IPv6', () => {
    expect([hostAndPort('::1', 1), hostAndPort('a', 2), hostAndPort('1.2.3.4', 3)]).toEqual([
      '[::1]:1',
      'a:2',
      '1.2.3.4:3',
    ]);
  });
});
