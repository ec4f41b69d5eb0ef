/** Frozen: later changes are new files. Uses nothing of the rest of the room, so that it can't change under it. */
export const exchangesMigration = {
  name: '0001-exchanges',
  sql: `
    CREATE TABLE exchanges (
      sequence INTEGER PRIMARY KEY,
      id TEXT NOT NULL,
      started_at_ms INTEGER NOT NULL,
      duration_ms INTEGER NOT NULL,
      user TEXT NOT NULL,
      key TEXT,
      app TEXT NOT NULL,
      service TEXT NOT NULL,
      operation TEXT NOT NULL,
      model TEXT,
      mode TEXT NOT NULL,
      decision TEXT NOT NULL,
      effective TEXT NOT NULL,
      result TEXT NOT NULL,
      input_tokens INTEGER,
      cache_read_tokens INTEGER,
      cache_write_tokens INTEGER,
      output_tokens INTEGER,
      tokens_estimated INTEGER NOT NULL,
      nano_usd INTEGER,
      cost_estimated INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX exchanges_by_time ON exchanges (started_at_ms);

    CREATE TABLE contents (
      sequence INTEGER PRIMARY KEY,
      request TEXT,
      response TEXT
    ) STRICT;
  `,
} as const;
