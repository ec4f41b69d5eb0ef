/** Frozen: later changes are new files. Uses nothing of the rest of the room, so that it can't change under it. */
export const outboxMigration = {
  name: '0004-outbox',
  sql: `
    CREATE TABLE outbox (
      destination TEXT PRIMARY KEY,
      settled INTEGER NOT NULL,
      shed_allowed INTEGER NOT NULL,
      shed_warned INTEGER NOT NULL,
      head_size INTEGER NOT NULL,
      dropped INTEGER NOT NULL,
      rejected INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
  `,
} as const;
