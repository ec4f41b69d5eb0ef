import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isForbiddenAddress, isLocalName } from '../../../agent/src/intercept/outgoing/addresses.ts';

describe('forbidden addresses', () => {
  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '0.1.2.3',
    '169.254.169.254',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'febf::1',
    'fe80::1%eth0',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::127.0.0.1',
    '64:ff9b::127.0.0.1',
    '64:ff9b::a9fe:a9fe',
    '2002:7f00:1::',
    'not an address',
    '',
  ])('%s is one', (address) => {
    expect(isForbiddenAddress(address)).toBe(true);
  });

  it.each([
    '10.0.0.1',
    '192.168.1.1',
    '172.16.0.1',
    '8.8.8.8',
    '126.255.255.255',
    '128.0.0.1',
    '169.253.0.1',
    'fd00::1',
    '2606:4700::1',
    '::ffff:10.0.0.1',
    '64:ff9b::8.8.8.8',
    '2002:808:808::',
    'fec0::1',
  ])('%s is none', (address) => {
    expect(isForbiddenAddress(address)).toBe(false);
  });

  it('stay forbidden in every spelling that embeds them', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const forbidden = isForbiddenAddress(address);
        expect(isForbiddenAddress(`::ffff:${address}`)).toBe(forbidden);
        expect(isForbiddenAddress(`0:0:0:0:0:FFFF:${address}`)).toBe(forbidden);
        expect(isForbiddenAddress(`64:ff9b::${address}`)).toBe(forbidden);
      }),
    );
  });

  it('have names, too', () => {
    expect(['localhost', 'a.localhost', 'localhost.example.test', 'alocalhost'].map(isLocalName)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
