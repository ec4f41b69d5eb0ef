import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCertificate } from '../../../agent/src/intercept/outgoing/certificate-fields.ts';
import { identityMismatch, nameMatches } from '../../../agent/src/intercept/outgoing/server-identity.ts';
import { certificate, ecKey, extensions } from '../../kit/der-writer.ts';

const keys = ecKey();
const fields = (names: readonly string[], addresses: readonly string[] = []) =>
  readCertificate(certificate({ subject: 'x.test', keys, extensions: [extensions.san(names, addresses)] }));

describe('a DNS name', () => {
  it.each([
    ['a.test', 'a.test', true],
    ['A.Test', 'a.tEST', true],
    ['a.test', 'a.test.', true],
    ['*.a.test', 'b.a.test', true],
    ['*.a.test', 'a.test', false],
    ['*.a.test', 'c.b.a.test', false],
    ['*.a.test', '.a.test', false],
    ['*.test', 'a.test', false],
    ['*', 'test', false],
    ['b*.a.test', 'bc.a.test', false],
    ['*b.a.test', 'cb.a.test', false],
    ['a.*.test', 'a.b.test', false],
    ['*.*.test', 'a.b.test', false],
    ['*.a.test', 'xn--bcher-kva.a.test', true],
    ['a.test\0.b.test', 'a.test', false],
    ['a.test\0', 'a.test', false],
    [' a.test', 'a.test', false],
    ['', '', false],
    ['a.test.', 'a.test', false],
  ])('%j for %j: %s', (pattern, host, expected) => {
    expect(nameMatches(pattern, host)).toBe(expected);
  });

  it('matches itself, and a wildcard exactly one label of it', () => {
    const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/);
    fc.assert(
      fc.property(label, label, label, label, (a, b, c, extra) => {
        const host = `${a}.${b}.${c}`;
        expect(nameMatches(host, host)).toBe(true);
        expect(nameMatches(`*.${b}.${c}`, host)).toBe(true);
        expect(nameMatches(`*.${b}.${c}`, `${extra}.${host}`)).toBe(false);
        expect(nameMatches(host, `${host}.${extra}`)).toBe(false);
      }),
    );
  });
});

describe('a certificate', () => {
  it('speaks for its names, or its addresses, never for one as the other', () => {
    expect(identityMismatch('a.test', fields(['b.test', 'a.test']))).toBeUndefined();
    expect(identityMismatch('127.0.0.1', fields([], ['127.0.0.1']))).toBeUndefined();
    expect(identityMismatch('127.0.0.2', fields([], ['127.0.0.1']))).toContain('address');
    expect(identityMismatch('127.0.0.1', fields(['127.0.0.1']))).toContain('address');
    expect(identityMismatch('a.test', fields([], ['127.0.0.1']))).toContain('no DNS name');
    expect(identityMismatch('x.test', fields([]))).toContain('no DNS name');
  });

  it('that can’t be read is an error, never a pass, and never a crash', () => {
    const good = certificate({ subject: 'x.test', keys, extensions: [extensions.san(['x.test'])] });
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }), (index, value) => {
        const broken = Buffer.from(good);
        broken[index] = value;
        try {
          readCertificate(broken);
        } catch (error) {
          expect((error as { code?: string }).code).toBe('certificate-invalid');
        }
      }),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(() => readCertificate(bytes)).toThrow(/Malformed/);
      }),
    );
  });
});
