/**
 * Each upload is signed by the device: HTTP Message Signatures (RFC 9421) over the body's digest (RFC 9530), so that
 * a receiver checks them with a library of its own and a proxy in between may change the rest.
 */
import { hash } from 'node:crypto';
import type { DeviceIdentity } from '../../../core/device.ts';

const COMPONENTS = ['@method', '@path', 'content-type', 'content-digest', 'x-postern-device'] as const;

export interface UnsignedUpload {
  readonly path: string;
  readonly contentType: string;
  /** As it goes over the wire, compressed. */
  readonly body: Uint8Array;
  readonly createdAtMs: number;
}

export function signatureHeaders(device: DeviceIdentity, upload: UnsignedUpload): Record<string, string> {
  const digest = `sha-256=:${hash('sha256', upload.body, 'base64')}:`;
  const covered = COMPONENTS.map((name) => `"${name}"`).join(' ');
  const created = Math.floor(upload.createdAtMs / 1_000);
  const parameters = `(${covered});created=${created};keyid="${device.id}";alg="ed25519"`;
  const values: Readonly<Record<(typeof COMPONENTS)[number], string>> = {
    '@method': 'POST',
    '@path': upload.path,
    'content-type': upload.contentType,
    'content-digest': digest,
    'x-postern-device': device.id,
  };
  const base = [
    ...COMPONENTS.map((name) => `"${name}": ${values[name]}`),
    `"@signature-params": ${parameters}`,
  ].join('\n');
  const signature = Buffer.from(device.sign(Buffer.from(base))).toString('base64');
  return {
    'x-postern-device': device.id,
    'content-digest': digest,
    'signature-input': `postern=${parameters}`,
    signature: `postern=:${signature}:`,
  };
}
