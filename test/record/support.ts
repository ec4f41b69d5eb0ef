/** A throw-away home and an open log in it, which the test closes. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase, { type Database } from 'better-sqlite3';
import { onTestFinished } from 'vitest';
import { openRecords } from '../../agent/src/record/records.ts';
import type { Records, RecordsOptions } from '../../agent/src/record/records-contract.ts';
import { SAMPLE_TIME_MS } from '../kit/sample-records.ts';

export function temporaryHome(): { readonly directory: string; readonly file: string } {
  const directory = mkdtempSync(join(tmpdir(), 'postern-record-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return { directory, file: join(directory, 'postern.db') };
}

export async function openTestRecords(file: string, changes: Partial<RecordsOptions> = {}): Promise<Records> {
  const records = await openRecords({
    file,
    nowMs: () => SAMPLE_TIME_MS,
    retentionDays: () => 30,
    contentAllowed: () => false,
    ...changes,
  });
  return records;
}

/** What an attacker with the file in hand does: no triggers, no settings of ours. */
export function tamper(file: string, work: (database: Database) => void): void {
  const database = new SqliteDatabase(file);
  try {
    work(database);
  } finally {
    database.close();
  }
}

/** Every byte in the directory. */
export function bytesIn(directory: string): Buffer {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const files = names.map((name) => join(directory, name)).filter((path) => statSync(path).isFile());
  return Buffer.concat(files.map((path) => readFileSync(path)));
}
