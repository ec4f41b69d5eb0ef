import { X509Certificate } from 'node:crypto';
import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import { createAuthority } from '../../../agent/src/intercept/certificates/create-authority.ts';
import { trustBundle } from '../../../agent/src/intercept/certificates/trust-bundle.ts';

const { rootPem } = createAuthority({
  permittedDomains: ['api.openai.com'],
  deviceName: 'laptop',
  nowMs: Date.now(),
});

describe('trustBundle', () => {
  it('holds every system root once, then ours, and a TLS context takes it', () => {
    const system = tls.getCACertificates('bundled').slice(0, 5);
    const bundle = trustBundle([system.join('\n'), system[0]!], rootPem);
    const blocks = bundle.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
    expect(blocks).toHaveLength(6);
    expect(new X509Certificate(blocks[5]!).fingerprint256).toBe(new X509Certificate(rootPem).fingerprint256);
    tls.createSecureContext({ ca: bundle });
  });

  it('drops comments, text and private keys of its sources', () => {
    const bundle = trustBundle(
      ['# a comment\r\n-----BEGIN PRIVATE KEY-----\r\nAA==\r\n-----END PRIVATE KEY-----\r\n'],
      rootPem,
    );
    expect(bundle).not.toMatch(/comment|PRIVATE/);
  });
});
