import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { DeviceIdentity } from '../core/device.ts';
import { readPrivateFile } from '../platform/private-files.ts';

/** The device as its audit key names it: the key that signs the log's heads signs what is uploaded too. */
export function auditKeyDevice(auditKeyFile: string): DeviceIdentity {
  const pem = readPrivateFile(auditKeyFile);
  if (pem === undefined) throw new Error(`${auditKeyFile} is missing`);
  const key = createPrivateKey(pem);
  const publicKey = createPublicKey(key);
  const encoded = publicKey.export({ type: 'spki', format: 'der' });
  return {
    id: createHash('sha256').update(encoded).digest('hex').slice(0, 32),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: (bytes) => sign(null, bytes, key),
  };
}
