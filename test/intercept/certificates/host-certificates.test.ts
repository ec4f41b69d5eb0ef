import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createAuthority } from '../../../agent/src/intercept/certificates/create-authority.ts';
import { CertificateError } from '../../../agent/src/intercept/certificates/errors.ts';
import { HostCertificates } from '../../../agent/src/intercept/certificates/host-certificates.ts';
import { checkAuthority } from '../../../agent/src/intercept/certificates/signing-authority.ts';

const NOW_MS = Date.UTC(2026, 10, 23, 12);
const DAY_MS = 86_400_000;
const made = createAuthority({ permittedDomains: ['openai.com'], deviceName: 'laptop', nowMs: NOW_MS });
const authority = checkAuthority(
  {
    root: { file: 'root', pem: made.rootPem },
    intermediate: { file: 'intermediate', pem: made.intermediatePem },
    key: { file: 'key', pem: made.intermediateKeyPem },
    mend: '',
  },
  NOW_MS,
);

function source(cachedHosts?: number) {
  const clock = { nowMs: NOW_MS };
  const certificates = new HostCertificates(authority, {
    now: () => clock.nowMs,
    ...(cachedHosts === undefined ? {} : { cachedHosts }),
  });
  return { clock, certificates };
}

describe('a leaf', () => {
  it('is what RFC 5280 and the browsers ask for', async () => {
    const { cert, key, notAfterMs } = await source().certificates.forHost('api.openai.com');
    const [leafPem = '', intermediatePem = ''] = cert.split(/(?<=-----END CERTIFICATE-----\n)/);
    const leaf = new X509Certificate(leafPem);
    const intermediate = new X509Certificate(intermediatePem);
    expect(intermediatePem).toBe(made.intermediatePem);
    expect(leaf.checkIssued(intermediate) && leaf.verify(intermediate.publicKey)).toBe(true);
    expect(leaf.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(leaf).toMatchObject({
      ca: false,
      subjectAltName: 'DNS:api.openai.com',
      keyUsage: ['1.3.6.1.5.5.7.3.1'],
    });
    expect(leaf.checkHost('api.openai.com')).toBe('api.openai.com');
    expect(leaf.validFromDate.getTime()).toBe(NOW_MS - DAY_MS);
    expect(leaf.validToDate.getTime()).toBe(notAfterMs);
    expect(notAfterMs).toBe(NOW_MS + 30 * DAY_MS);
    expect(leaf.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
  });

  it('has a serial of its own and the key of the process', async () => {
    const { certificates } = source();
    const leaves = await Promise.all(
      ['a', 'b', 'c'].map((name) => certificates.forHost(`${name}.openai.com`)),
    );
    const serials = new Set(leaves.map(({ cert }) => new X509Certificate(cert).serialNumber));
    expect(serials.size).toBe(3);
    for (const serial of serials) expect(serial).toHaveLength(32);
    expect(new Set(leaves.map(({ key }) => key)).size).toBe(1);
    const another = await source().certificates.forHost('a.openai.com');
    expect(another.key).not.toBe(leaves[0]!.key);
  });

  it('for a name longer than a common name may be still has it as its alternative name', async () => {
    const host = `${'a'.repeat(60)}.${'b'.repeat(60)}.openai.com`;
    const leaf = new X509Certificate((await source().certificates.forHost(host)).cert);
    expect(leaf.checkHost(host)).toBe(host);
    expect(leaf.subject).toBe('O=Postern');
  });

  it.each(['bank.example', 'evilopenai.com', '127.0.0.1', '*.openai.com', 'OPENAI.COM', ''])(
    'is not made for %j',
    async (host) => {
      const { certificates } = source();
      expect(certificates.covers(host)).toBe(false);
      await expect(certificates.forHost(host)).rejects.toMatchObject({ code: 'not-covered' });
    },
  );
});

describe('the cache', () => {
  it('gives the same leaf until five days before its end', async () => {
    const { certificates, clock } = source();
    const first = await certificates.forHost('openai.com');
    clock.nowMs += 24 * DAY_MS;
    expect(await certificates.forHost('openai.com')).toBe(first);
    clock.nowMs += 2 * DAY_MS;
    const second = await certificates.forHost('openai.com');
    expect(second.notAfterMs).toBe(clock.nowMs + 30 * DAY_MS);
  });

  it('mints anew after the clock went back', async () => {
    const { certificates, clock } = source();
    clock.nowMs += 300 * DAY_MS;
    const first = await certificates.forHost('openai.com');
    clock.nowMs = NOW_MS;
    const second = await certificates.forHost('openai.com');
    expect(second.notAfterMs).toBeLessThan(first.notAfterMs);
    expect(new X509Certificate(second.cert).validFromDate.getTime()).toBeLessThan(NOW_MS);
  });

  it('lets go of the host that was used longest ago', async () => {
    const { certificates } = source(2);
    const a = await certificates.forHost('a.openai.com');
    const b = await certificates.forHost('b.openai.com');
    await certificates.forHost('a.openai.com');
    await certificates.forHost('c.openai.com');
    expect(await certificates.forHost('a.openai.com')).toBe(a);
    expect(await certificates.forHost('b.openai.com')).not.toBe(b);
  });

  it('never outlives the authority, and stops with it', async () => {
    const { certificates, clock } = source();
    clock.nowMs = authority.notAfterMs - DAY_MS;
    const last = await certificates.forHost('openai.com');
    expect(last.notAfterMs).toBe(authority.notAfterMs);
    expect(await certificates.forHost('openai.com')).toBe(last);
    clock.nowMs = authority.notAfterMs;
    await expect(certificates.forHost('openai.com')).rejects.toBeInstanceOf(CertificateError);
  });
});
