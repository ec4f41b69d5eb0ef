/** Frozen: later changes are new files. Uses nothing of the rest of the room, so that it can't change under it. */
export const auditMigration = {
  name: '0002-audit',
  sql: `
    CREATE TABLE audit (
      sequence INTEGER PRIMARY KEY,
      id TEXT NOT NULL,
      at_ms INTEGER NOT NULL,
      kind TEXT NOT NULL,
      body TEXT NOT NULL,
      hash BLOB NOT NULL
    ) STRICT;
    CREATE INDEX audit_by_id ON audit (id);

    CREATE TABLE heads (
      size INTEGER PRIMARY KEY,
      at_ms INTEGER NOT NULL,
      root BLOB NOT NULL,
      last BLOB NOT NULL,
      peaks BLOB NOT NULL,
      key_id TEXT NOT NULL,
      signature BLOB NOT NULL
    ) STRICT;

    CREATE TABLE checkpoints (
      size INTEGER PRIMARY KEY,
      at_ms INTEGER NOT NULL,
      root BLOB NOT NULL,
      last BLOB NOT NULL,
      peaks BLOB NOT NULL,
      key_id TEXT NOT NULL,
      signature BLOB NOT NULL
    ) STRICT;
  `,
} as const;
