/**
 * The newest signed head once more, outside of the database: whoever cuts off the log's tail together with its heads
 * must also forge this file. It may lag behind by a second, so it proves a lower bound of the log's size.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { canonicalJson, type Json } from './canonical.ts';
import { type SignedRow, statementOf } from './heads.ts';
import type { Statement } from './signing.ts';

export interface Anchor {
  readonly statement: Statement;
  readonly keyId: string;
  readonly signature: Buffer;
}

const anchorFile = (databaseFile: string): string => `${databaseFile}.head`;

export function writeAnchor(databaseFile: string, head: SignedRow): void {
  const file = anchorFile(databaseFile);
  const text = canonicalJson({
    statement: statementOf('postern-audit-head-1', head) as unknown as Json,
    keyId: head.key_id,
    signature: head.signature.toString('base64'),
  });
  const fresh = `${file}.new`;
  const descriptor = openSync(fresh, 'w', 0o600);
  try {
    writeSync(descriptor, `${text}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(fresh, file);
}

/** `missing` and `unreadable` are for the verifier to judge. */
export function readAnchor(databaseFile: string): Anchor | 'missing' | 'unreadable' {
  const file = anchorFile(databaseFile);
  if (!existsSync(file)) return 'missing';
  try {
    return parseAnchor(JSON.parse(readFileSync(file, 'utf8'))) ?? 'unreadable';
  } catch {
    // Not JSON, or not readable: the verifier reports it as a problem.
    return 'unreadable';
  }
}

function parseAnchor(value: unknown): Anchor | undefined {
  const { statement, keyId, signature } = fields(value);
  const { size, root, last, atMs, type } = fields(statement);
  if (typeof keyId !== 'string' || typeof signature !== 'string') return undefined;
  if (type !== 'postern-audit-head-1' || typeof root !== 'string' || typeof last !== 'string')
    return undefined;
  if (typeof size !== 'number' || typeof atMs !== 'number') return undefined;
  return { statement: { type, size, root, last, atMs }, keyId, signature: Buffer.from(signature, 'base64') };
}

const fields = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
