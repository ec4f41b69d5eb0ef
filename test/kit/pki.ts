/** A throw-away certificate authority for tests: real X.509, so that real clients can be made to trust or refuse it. */
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

export interface IssuedCertificate {
  readonly key: string;
  readonly cert: string;
}

export interface TestAuthority {
  /** PEM of the root, for `extraCaFile`, NODE_EXTRA_CA_CERTS and the like. */
  readonly pem: string;
  issue(options: {
    names?: readonly string[];
    addresses?: readonly string[];
    commonName?: string;
    notAfter?: Date;
  }): Promise<IssuedCertificate>;
}

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

async function keyPair(): Promise<{ keys: webcrypto.CryptoKeyPair; pem: string }> {
  const keys = await webcrypto.subtle.generateKey(ECDSA, true, ['sign', 'verify']);
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { keys, pem: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY') };
}

export async function createTestAuthority(name = 'Test Root'): Promise<TestAuthority> {
  x509.cryptoProvider.set(webcrypto);
  const { keys } = await keyPair();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: `40${randomBytes(15).toString('hex')}`,
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + 30 * DAY_MS),
    signingAlgorithm: ECDSA,
    keys: keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    pem: `${root.toString('pem')}\n`,
    async issue({ names = [], addresses = [], commonName = names[0] ?? addresses[0] ?? 'test', notAfter }) {
      const leaf = await keyPair();
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: `40${randomBytes(15).toString('hex')}`,
        subject: `CN=${commonName}`,
        issuer: root.subject,
        notBefore: new Date(Date.now() - DAY_MS),
        notAfter: notAfter ?? new Date(Date.now() + 20 * DAY_MS),
        signingAlgorithm: ECDSA,
        publicKey: leaf.keys.publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
          new x509.SubjectAlternativeNameExtension([
            ...names.map((value) => ({ type: 'dns' as const, value })),
            ...addresses.map((value) => ({ type: 'ip' as const, value })),
          ]),
        ],
      });
      return { key: leaf.pem, cert: `${certificate.toString('pem')}\n` };
    },
  };
}
