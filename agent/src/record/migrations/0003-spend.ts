/** Frozen: later changes are new files. Uses nothing of the rest of the room, so that it can't change under it. */
export const spendMigration = {
  name: '0003-spend',
  sql: `
    CREATE TABLE budget_slots (
      budget TEXT NOT NULL,
      subject TEXT NOT NULL,
      start_ms INTEGER NOT NULL,
      nano_usd INTEGER NOT NULL,
      tokens INTEGER NOT NULL,
      warned REAL NOT NULL,
      PRIMARY KEY (budget, subject, start_ms)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE budget_holds (
      call_id TEXT NOT NULL,
      budget TEXT NOT NULL,
      subject TEXT NOT NULL,
      nano_usd INTEGER NOT NULL,
      tokens INTEGER NOT NULL,
      PRIMARY KEY (call_id, budget, subject)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE budget_clock (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      seen_ms INTEGER NOT NULL
    ) STRICT;
  `,
} as const;
