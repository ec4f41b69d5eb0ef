import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import type { DeviceIdentity } from '../core/device.ts';
import { readPrivateFile, writePrivateFile } from '../platform/private-files.ts';

export interface OpenDevice extends DeviceIdentity {
  /** SHA-256 of the public key's DER, as people compare it. */
  readonly fingerprintSha256: string;
  /** The key was made just now. */
  readonly isNew: boolean;
}

const ID_LENGTH = 32;

/**
 * The device's own key, made at first start. A file and not the keychain: what the agent uploads must be signed before
 * anybody has logged in, and the audit key beside it is worth as much (0142).
 */
export function openDevice(file: string): OpenDevice {
  const present = readPrivateFile(file);
  const read = present === undefined ? undefined : ed25519KeyIn(present);
  const key = read ?? generateKeyPairSync('ed25519').privateKey;
  if (read === undefined) writePrivateFile(file, key.export({ type: 'pkcs8', format: 'pem' }));
  const publicKey = createPublicKey(key);
  const digest = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
  return {
    id: digest.slice(0, ID_LENGTH),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    fingerprintSha256: (digest.match(/../g) ?? []).join(':').toUpperCase(),
    isNew: read === undefined,
    sign: (bytes) => sign(null, bytes, key),
  };
}

/** Undefined if it is damaged: then the device gets another key, and has to be enrolled again. */
function ed25519KeyIn(pem: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined; // the caller makes another, and the new id shows
  }
}
