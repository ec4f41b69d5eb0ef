import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { readPrivateFile, writePrivateFile } from '../private-files.ts';

/** Secrets by name, sealed together: nobody can take one out, or put back what one was before. */
export interface SealedFile {
  readonly keyIn: 'keychain' | 'file';
  readonly sealed: string;
}

export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Bound to what this is: another sealed file of ours must not be taken for it. */
const PURPOSE = Buffer.from('postern-secrets-1');

/** Undefined if there is none; `damaged` if it isn't one. */
export function readSealedFile(file: string): SealedFile | 'damaged' | undefined {
  const text = readPrivateFile(file);
  if (text === undefined) return undefined;
  try {
    const { version, keyIn, sealed } = JSON.parse(text) as Record<string, unknown>;
    if (version === 1 && (keyIn === 'keychain' || keyIn === 'file') && typeof sealed === 'string')
      return { keyIn, sealed };
  } catch {
    // falls through: not JSON
  }
  return 'damaged';
}

export function writeSealedFile(
  file: string,
  keyIn: SealedFile['keyIn'],
  key: Uint8Array,
  entries: ReadonlyMap<string, string>,
): void {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(PURPOSE);
  const body = Buffer.concat([cipher.update(JSON.stringify([...entries]), 'utf8'), cipher.final()]);
  const sealed = Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
  writePrivateFile(file, JSON.stringify({ version: 1, keyIn, sealed }));
}

/** Undefined if this key doesn't open it, or somebody has changed it. */
export function unseal({ sealed }: SealedFile, key: Uint8Array): Map<string, string> | undefined {
  const bytes = Buffer.from(sealed, 'base64');
  if (bytes.length < NONCE_BYTES + TAG_BYTES || key.length !== KEY_BYTES) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  }).setAAD(PURPOSE);
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  try {
    const body = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    return new Map(JSON.parse(body.toString('utf8')) as [string, string][]);
  } catch {
    return undefined; // the caller says so
  }
}

/** Out of the way, but kept: an administrator may know why. */
export const setAside = (file: string, nowMs: number): void =>
  fs.renameSync(file, `${file}.unreadable-${nowMs}`);
