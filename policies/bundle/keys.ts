/** Ed25519 keys as TUF names and carries them (TUF specification 4.2). Private keys stay with whoever calls. */
import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { canonicalize } from '@tufjs/canonical-json';
import {
  Key,
  type Metadata,
  type Root,
  Signature,
  type Snapshot,
  type Targets,
  type Timestamp,
} from '@tufjs/models';

export interface Signer {
  readonly key: Key;
  sign(bytes: Uint8Array): Uint8Array;
}

/** The last 32 bytes of an Ed25519 SubjectPublicKeyInfo are the key itself (RFC 8410, 4). */
const RAW_KEY_BYTES = 32;

export function signerOf(privateKey: KeyObject): Signer {
  return { key: tufKey(createPublicKey(privateKey)), sign: (bytes) => sign(null, bytes, privateKey) };
}

export function tufKey(publicKey: KeyObject): Key {
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-RAW_KEY_BYTES);
  const content = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: raw.toString('hex') } };
  const keyID = createHash('sha256').update(canonicalize(content)).digest('hex');
  return new Key({ keyID, keyType: content.keytype, scheme: content.scheme, keyVal: content.keyval });
}

type AnyMetadata = Metadata<Root> | Metadata<Targets> | Metadata<Snapshot> | Metadata<Timestamp>;

/** Adds the signature of every signer whose key is among these; says how many did. */
export function signWith(
  metadata: AnyMetadata,
  signers: readonly Signer[],
  keyIds: readonly string[],
): number {
  const meant = signers.filter(({ key }) => keyIds.includes(key.keyID));
  for (const { key, sign: signBytes } of meant) {
    metadata.sign(
      (bytes) => new Signature({ keyID: key.keyID, sig: Buffer.from(signBytes(bytes)).toString('hex') }),
    );
  }
  return meant.length;
}
