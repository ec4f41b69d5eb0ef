/** The device's audit key: Ed25519, made at first start, 0600; its public half lies beside it for verifiers. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { RecordError } from '../errors.ts';
import { makePrivateFile } from '../private-files.ts';
import { canonicalJson } from './canonical.ts';

/** What a signature is about; part of the signed text, so that one can't be passed off as the other. */
export type StatementType = 'postern-audit-head-1' | 'postern-audit-checkpoint-1';

/** The log held `size` records at `atMs`, with this tree head; `last` is the leaf hash of record number `size`. */
export interface Statement {
  readonly type: StatementType;
  readonly size: number;
  readonly root: string;
  readonly last: string;
  readonly atMs: number;
}

export interface Signer {
  /** First 16 hex digits of the SHA-256 of the public key's SPKI encoding. */
  readonly keyId: string;
  sign(statement: Statement): Buffer;
}

export const publicKeyFile = (keyFile: string): string => keyFile.replace(/(\.pem)?$/, '.pub.pem');

/** Loads the key, or makes it. Throws RecordError `bad-key` or `unsafe-path`. */
export function openSigner(keyFile: string): Signer {
  const key = loadOrCreate(keyFile);
  const publicKey = createPublicKey(key);
  const publicPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const publicFile = publicKeyFile(keyFile);
  if (!existsSync(publicFile) || readFileSync(publicFile, 'utf8') !== publicPem) {
    makePrivateFile(publicFile);
    writeFileSync(publicFile, publicPem);
  }
  return { keyId: keyIdOf(publicKey), sign: (statement) => sign(null, signedText(statement), key) };
}

export function loadPublicKey(file: string): KeyObject {
  try {
    return createPublicKey(readFileSync(file));
  } catch (cause) {
    throw new RecordError('bad-key', `${file}: not a readable public key`, { cause });
  }
}

export const verifyStatement = (statement: Statement, signature: Uint8Array, key: KeyObject): boolean =>
  verify(null, signedText(statement), key, signature);

export const keyIdOf = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);

function loadOrCreate(keyFile: string): KeyObject {
  const { bytes } = makePrivateFile(keyFile);
  if (bytes === 0) {
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { flush: true });
    return privateKey;
  }
  try {
    const key = createPrivateKey(readFileSync(keyFile));
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw new RecordError('bad-key', `${keyFile} is not a readable private key`, { cause });
  }
  throw new RecordError('bad-key', `${keyFile} is not an Ed25519 key`);
}

const signedText = (statement: Statement): Buffer => Buffer.from(canonicalJson({ ...statement }));
