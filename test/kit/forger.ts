/** Somebody who holds some of the keys, and the server: signs what they like, where no tool would. */
import { createPrivateKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Metadata, type MetadataKind } from '@tufjs/models';
import { type Signer, signerOf, signWith } from '../../policies/bundle/keys.ts';
import { bytesOf, sha256 } from '../../policies/bundle/repository.ts';

type Signed = { version: number; expires: string; [field: string]: unknown };
export interface Document {
  signed: Signed;
  signatures: unknown[];
}

export const keyIn = (directory: string, name: string): Signer =>
  signerOf(createPrivateKey(readFileSync(path.join(directory, `${name}.pem`), 'utf8')));

/** Changes signed metadata and signs it again with these keys; returns its bytes. */
export function forge(
  kind: 'root' | 'timestamp' | 'snapshot' | 'targets',
  document: Document,
  change: (signed: Signed) => void,
  signers: readonly Signer[],
): Buffer {
  const copy = structuredClone(document);
  change(copy.signed);
  copy.signatures = [];
  const metadata = Metadata.fromJSON(kind as MetadataKind.Root, copy as never);
  signWith(
    metadata,
    signers,
    signers.map(({ key }) => key.keyID),
  );
  return bytesOf(metadata);
}

export const readDocument = (directory: string, name: string): Document =>
  JSON.parse(readFileSync(path.join(directory, name), 'utf8')) as Document;

export const metaOf = (bytes: Buffer, version: number) => ({
  version,
  length: bytes.length,
  hashes: { sha256: sha256(bytes) },
});

/** New snapshot over these targets metadata, and a new timestamp over it, written into a published folder. */
export function forgeFrom(
  directory: string,
  signers: { snapshot: Signer; timestamp: Signer },
  changes: { meta?: Record<string, object>; version?: number },
): void {
  const timestamp = readDocument(directory, 'timestamp.json');
  const before = (timestamp.signed['meta'] as { 'snapshot.json': { version: number } })['snapshot.json']
    .version;
  const version = changes.version ?? before + 1;
  const snapshot = forge(
    'snapshot',
    readDocument(directory, `${before}.snapshot.json`),
    (signed) => {
      signed.version = version;
      Object.assign(signed['meta'] as object, changes.meta);
    },
    [signers.snapshot],
  );
  writeFileSync(path.join(directory, `${version}.snapshot.json`), snapshot);
  const next = forge(
    'timestamp',
    timestamp,
    (signed) => {
      signed.version = Math.max(signed.version + 1, version);
      signed['meta'] = { 'snapshot.json': metaOf(snapshot, version) };
    },
    [signers.timestamp],
  );
  writeFileSync(path.join(directory, 'timestamp.json'), next);
}
