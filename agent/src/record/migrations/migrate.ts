import type { Database } from 'better-sqlite3';
import { RecordError } from '../errors.ts';
import { exchangesMigration } from './0001-exchanges.ts';
import { auditMigration } from './0002-audit.ts';
import { spendMigration } from './0003-spend.ts';
import { outboxMigration } from './0004-outbox.ts';

export interface Migration {
  readonly name: string;
  readonly sql: string;
}

/** In order; the database's `user_version` is how many of them it has. Only ever appended to. */
export const MIGRATIONS: readonly Migration[] = [
  exchangesMigration,
  auditMigration,
  spendMigration,
  outboxMigration,
];

/** Brings the schema up to `MIGRATIONS`, each step whole or not at all. Running it again does nothing. */
export function migrate(database: Database, migrations: readonly Migration[] = MIGRATIONS): void {
  refuseNewer(database, migrations.length);
  migrations.forEach((migration, index) => {
    const step = database.transaction(() => {
      // Read inside the transaction: another process may have migrated while this one waited for the lock.
      if (schemaVersion(database) !== index) return;
      database.exec(migration.sql);
      database.pragma(`user_version = ${index + 1}`);
    });
    step.immediate();
  });
}

/** For readers, which never migrate. */
export function requireCurrentSchema(database: Database): void {
  refuseNewer(database, MIGRATIONS.length);
  if (schemaVersion(database) < MIGRATIONS.length) {
    throw new RecordError(
      'older-database',
      `${database.name} was written by an older Postern: start the agent once to bring it up to date`,
    );
  }
}

const schemaVersion = (database: Database): number =>
  Number(database.pragma('user_version', { simple: true }));

function refuseNewer(database: Database, known: number): void {
  const found = schemaVersion(database);
  if (found > known) {
    throw new RecordError(
      'newer-database',
      `${database.name} was written by a newer Postern (schema ${found}, this version knows ${known}): update Postern, or use another --home`,
    );
  }
}
