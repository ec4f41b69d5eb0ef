/** Opens the database file with the settings that keep the promises of durability and of deletion. */
import { existsSync, renameSync, statSync } from 'node:fs';
import SqliteDatabase, { type Database } from 'better-sqlite3';
import { asRecordError, isCorruption, RecordError } from './errors.ts';
import { migrate, requireCurrentSchema } from './migrations/migrate.ts';
import { makePrivateFile } from './private-files.ts';

/** Above this size a full check costs seconds, so it is made only after an unclean end. */
const ALWAYS_CHECK_BYTES = 128 * 1024 * 1024;
const BUSY_TIMEOUT_MS = 5_000;
const PAGE_BYTES = 4_096;

export interface OpenedDatabase {
  readonly database: Database;
  /** Where a damaged predecessor was moved to. */
  readonly setAside: string | undefined;
}

/**
 * Opens or makes the database, in a directory that is already private; one that is damaged is moved aside and a new
 * one made. Throws RecordError.
 */
export function openForWriting(
  file: string,
  options: { readonly nowMs: number; readonly maxBytes?: number | undefined },
): OpenedDatabase {
  try {
    return { database: openChecked(file, options.maxBytes), setAside: undefined };
  } catch (error) {
    if (!isCorruption(error) && !(error instanceof RecordError && error.code === 'corrupt')) {
      throw asRecordError(error, file);
    }
  }
  const setAside = moveAside(file, options.nowMs);
  try {
    return { database: openChecked(file, options.maxBytes), setAside };
  } catch (error) {
    throw asRecordError(error, file);
  }
}

/** Opens an existing database for reading, also while an agent writes to it. Throws RecordError. */
export function openForReading(file: string): Database {
  if (!existsSync(file)) {
    throw new RecordError('no-database', `${file} doesn't exist: the agent has not run with this home yet`);
  }
  let database: Database | undefined;
  try {
    database = new SqliteDatabase(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
    database.pragma('trusted_schema = OFF');
    database.pragma('temp_store = MEMORY');
    requireCurrentSchema(database);
    return database;
  } catch (error) {
    database?.close();
    throw asRecordError(error, file);
  }
}

/** Every companion of the database goes with it: a WAL must never be replayed into another file. */
export function moveAside(file: string, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  let setAside = `${file}.corrupt-${stamp}`;
  for (let again = 2; existsSync(setAside); again++) setAside = `${file}.corrupt-${stamp}-${again}`;
  for (const suffix of ['', '-wal', '-shm', '.head']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, setAside + suffix);
  }
  return setAside;
}

function openChecked(file: string, maxBytes: number | undefined): Database {
  const uncleanEnd = existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0;
  const { bytes } = makePrivateFile(file);
  const database = new SqliteDatabase(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    applySettings(database, maxBytes);
    if (bytes > 0 && (uncleanEnd || bytes <= ALWAYS_CHECK_BYTES)) checkPages(database);
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function applySettings(database: Database, maxBytes: number | undefined): void {
  database.pragma('journal_mode = WAL');
  // NORMAL loses acknowledged rows on power loss in WAL mode (https://www.sqlite.org/pragma.html#pragma_synchronous).
  database.pragma('synchronous = FULL');
  // On macOS fsync alone leaves the data in the drive's cache; elsewhere these two do nothing.
  database.pragma('fullfsync = ON');
  database.pragma('checkpoint_fullfsync = ON');
  // Deleted text is overwritten, not just unlinked from the b-tree.
  database.pragma('secure_delete = ON');
  // No temporary files: they would hold rows outside of the database's own care.
  database.pragma('temp_store = MEMORY');
  database.pragma('trusted_schema = OFF');
  database.pragma('cell_size_check = ON');
  // In KiB. The log is written at its end; SQLite's default of 16 MB would only be memory taken.
  database.pragma('cache_size = -2000');
  if (maxBytes !== undefined) database.pragma(`max_page_count = ${Math.ceil(maxBytes / PAGE_BYTES)}`);
}

function checkPages(database: Database): void {
  const answer = String(database.pragma('quick_check(1)', { simple: true }));
  if (answer !== 'ok') throw new RecordError('corrupt', `${database.name} is damaged: ${answer}`);
}
