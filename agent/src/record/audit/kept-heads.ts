/** Signed heads that were kept elsewhere, as collectors have them: a line of JSON each (`postern.log-checkpoint`). */
import { RecordError } from '../errors.ts';
import type { Statement } from './signing.ts';

export interface KeptHead {
  readonly statement: Statement;
  readonly keyId: string;
  readonly signature: Uint8Array;
}

/** Throws RecordError `bad-heads` that names the line. */
export function parseKeptHeads(text: string, file: string): readonly KeptHead[] {
  const lines = text.split('\n').map((line, index) => ({ line: line.trim(), number: index + 1 }));
  const heads = lines
    .filter(({ line }) => line !== '')
    .map(({ line, number }) => {
      const head = parseHead(line);
      if (head !== undefined) return head;
      throw new RecordError(
        'bad-heads',
        `${file}:${number}: not a signed head: each line must be the text of a postern.log-checkpoint record`,
      );
    });
  if (heads.length === 0) throw new RecordError('bad-heads', `${file} holds no signed head`);
  return heads;
}

function parseHead(line: string): KeptHead | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Told by the caller, with the line's number.
    return undefined;
  }
  const { statement, keyId, signature } = fields(value);
  const { type, size, root, last, atMs } = fields(statement);
  if (typeof keyId !== 'string' || typeof signature !== 'string' || type !== 'postern-audit-head-1')
    return undefined;
  if (
    typeof size !== 'number' ||
    typeof root !== 'string' ||
    typeof last !== 'string' ||
    typeof atMs !== 'number'
  )
    return undefined;
  return { statement: { type, size, root, last, atMs }, keyId, signature: Buffer.from(signature, 'base64') };
}

const fields = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
