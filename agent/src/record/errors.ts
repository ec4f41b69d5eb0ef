export type RecordErrorCode =
  /** The directory or a file in it belongs to someone else, is a link, or can't be made private. */
  | 'unsafe-path'
  | 'no-database'
  /** Written by a later version; this one must not touch it. */
  | 'newer-database'
  /** Not yet migrated; starting the agent once does that. */
  | 'older-database'
  | 'corrupt'
  | 'disk-full'
  | 'write-failed'
  | 'bad-key'
  /** A file of heads kept elsewhere that isn't one. */
  | 'bad-heads'
  | 'closed';

/** Every failure of this room. `message` is one sentence that names the file and what to do. */
export class RecordError extends Error {
  override readonly name = 'RecordError';
  readonly code: RecordErrorCode;
  constructor(code: RecordErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What an error of SQLite means for us, by its result code (https://www.sqlite.org/rescode.html). */
export function asRecordError(error: unknown, file: string): RecordError {
  if (error instanceof RecordError) return error;
  const sqlite = sqliteCode(error);
  const text = error instanceof Error ? error.message : String(error);
  if (isCorruption(error)) return new RecordError('corrupt', `${file} is damaged: ${text}`, { cause: error });
  // How a full disk shows where SQLite could not tell the reason: in the file itself, or in its shared-memory index.
  if (/^SQLITE_(FULL|IOERR_WRITE|IOERR_SHMSIZE)/.test(sqlite)) {
    return new RecordError('disk-full', `no room to write ${file}: free some disk space`, { cause: error });
  }
  return new RecordError('write-failed', `${file}: ${text}`, { cause: error });
}

export function isCorruption(error: unknown): boolean {
  const code = sqliteCode(error);
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB';
}

function sqliteCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return String(error.code);
}
