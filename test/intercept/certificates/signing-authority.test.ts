import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { element, sequence } from '../../../agent/src/intercept/certificates/der.ts';
import { HostCertificates } from '../../../agent/src/intercept/certificates/host-certificates.ts';
import {
  authorityExtensions,
  distinguishedName,
  type Issuer,
  issueCertificate,
  keyIdentifierOf,
  leafExtensions,
  subjectPublicKeyInfo,
  toPem,
} from '../../../agent/src/intercept/certificates/issue.ts';
import { encodeNameConstraints } from '../../../agent/src/intercept/certificates/name-constraints.ts';
import { checkAuthority } from '../../../agent/src/intercept/certificates/signing-authority.ts';

const NOW_MS = Date.UTC(2026, 10, 23);
const DAY_MS = 86_400_000;
const CONSTRAINED = encodeNameConstraints(['openai.com']);
const NO_CONSTRAINT = Buffer.from('551d1e', 'hex');

const ecKey = (namedCurve = 'P-256') => generateKeyPairSync('ec', { namedCurve }).privateKey;
const party = (name: string, privateKey: KeyObject = ecKey()): Issuer => ({
  name: distinguishedName('Acme', name),
  keyIdentifier: keyIdentifierOf(subjectPublicKeyInfo(privateKey)),
  privateKey,
});
const certify = (
  by: Issuer,
  subject: Issuer,
  extensions: readonly Buffer[],
  untilMs = NOW_MS + 90 * DAY_MS,
) =>
  toPem(
    issueCertificate(by, {
      subject: subject.name,
      publicKey: subjectPublicKeyInfo(subject.privateKey),
      notBeforeMs: NOW_MS - DAY_MS,
      notAfterMs: untilMs,
      extensions,
    }),
  );
const unconstrained = (pathLength: number) =>
  authorityExtensions(pathLength, CONSTRAINED).filter((extension) => !extension.includes(NO_CONSTRAINT));

const root = party('Root');
const rootPem = certify(root, root, unconstrained(2));
const check = (intermediatePem: string, key: KeyObject, atMs = NOW_MS) =>
  checkAuthority(
    {
      root: { file: 'root.pem', pem: rootPem },
      intermediate: { file: 'issuer.pem', pem: intermediatePem },
      key: { file: 'issuer.key', pem: key.export({ type: 'pkcs8', format: 'pem' }).toString() },
      mend: 'Ask IT.',
    },
    atMs,
  );

describe('an authority of others', () => {
  it.each([
    ['P-256', ecKey()],
    ['P-384', ecKey('P-384')],
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
  ])('with a %s key signs leaves that verify', async (_, key) => {
    const issuer = party('Issuer', key);
    const authority = check(certify(root, issuer, authorityExtensions(0, CONSTRAINED)), key);
    const { cert } = await new HostCertificates(authority, { now: () => NOW_MS }).forHost('openai.com');
    expect(new X509Certificate(cert).verify(new X509Certificate(authority.chainPem).publicKey)).toBe(true);
  });

  it('may stand below others; all of them go out, and the earliest end counts', () => {
    const middle = party('Policy authority');
    const issuer = party('Issuer');
    const chain =
      certify(middle, issuer, authorityExtensions(0, CONSTRAINED)) +
      certify(root, middle, unconstrained(1), NOW_MS + 9 * DAY_MS);
    const authority = check(chain, issuer.privateKey);
    expect(authority.chainPem).toBe(chain);
    expect(authority.notAfterMs).toBe(NOW_MS + 9 * DAY_MS);
  });

  const onlyDomains = sequence(element(0xa0, sequence(element(0x82, Buffer.from('openai.com')))));
  const onlyAddresses = sequence(
    element(0xa1, sequence(element(0x87, Buffer.alloc(8))), sequence(element(0x87, Buffer.alloc(32)))),
  );
  it.each([
    ['no constraints', unconstrained(0), 'unconstrained'],
    ['constraints that leave out addresses', authorityExtensions(0, onlyDomains), 'unconstrained'],
    ['constraints that name no domain', authorityExtensions(0, onlyAddresses), 'unconstrained'],
    ['a constraint of every name', authorityExtensions(0, encodeNameConstraints([''])), 'unconstrained'],
    [
      'constraints that are not critical',
      withoutCritical(authorityExtensions(0, CONSTRAINED)),
      'unconstrained',
    ],
    ['constraints of noise', authorityExtensions(0, Buffer.from('ffff', 'hex')), 'not-an-authority'],
    ['the rights of a site only', leafExtensions('openai.com'), 'not-an-authority'],
  ] as const)('is refused with %s', (_, extensions, code) => {
    const issuer = party('Issuer');
    const pem = certify(root, issuer, extensions);
    expect(() => check(pem, issuer.privateKey)).toThrow(
      expect.objectContaining({ code, file: 'issuer.pem' }),
    );
  });

  it('is refused when another root of the same name signed it', () => {
    const issuer = party('Issuer');
    const pem = certify(party('Root'), issuer, authorityExtensions(0, CONSTRAINED));
    expect(() => check(pem, issuer.privateKey)).toThrow(expect.objectContaining({ code: 'mismatch' }));
  });

  it('is refused after its end', () => {
    const issuer = party('Issuer');
    const pem = certify(root, issuer, authorityExtensions(0, CONSTRAINED));
    expect(() => check(pem, issuer.privateKey, NOW_MS + 91 * DAY_MS)).toThrow(
      expect.objectContaining({ code: 'expired', mend: 'Ask IT.' }),
    );
  });

  /** Takes the critical mark out of the name constraints: five octets of OID, three of BOOLEAN. */
  function withoutCritical(extensions: readonly Buffer[]): readonly Buffer[] {
    return extensions.map((extension) => {
      const at = extension.indexOf(NO_CONSTRAINT);
      if (at === -1) return extension;
      const start = at - 2;
      return sequence(extension.subarray(start, at + 3), extension.subarray(at + 6));
    });
  }
});
