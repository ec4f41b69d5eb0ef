import SqliteDatabase from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { MIGRATIONS, migrate, requireCurrentSchema } from '../../../agent/src/record/migrations/migrate.ts';

const schemaOf = (database: SqliteDatabase.Database): string =>
  (
    database
      .prepare("SELECT sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name")
      .pluck()
      .all() as string[]
  )
    .map((sql) => sql.replace(/\s+/g, ' '))
    .join('\n');

describe('migrations', () => {
  // A changed snapshot means that a frozen file was edited: devices that ran it already would differ for ever.
  it.each(MIGRATIONS.map((migration, index) => [migration.name, index + 1] as const))(
    'after %s the schema is as it always was',
    (_, count) => {
      const database = new SqliteDatabase(':memory:');
      migrate(database, MIGRATIONS.slice(0, count));
      expect(schemaOf(database)).toMatchSnapshot();
      expect(database.pragma('user_version', { simple: true })).toBe(count);
    },
  );

  it('are numbered in order', () => {
    MIGRATIONS.forEach(({ name }, index) => {
      expect(name.startsWith(String(index + 1).padStart(4, '0'))).toBe(true);
    });
  });

  it('run twice change nothing, and keep the rows', () => {
    const database = new SqliteDatabase(':memory:');
    migrate(database);
    database.exec("INSERT INTO audit VALUES (1, 'a', 2, 'event', '{}', x'00')");
    const before = schemaOf(database);
    migrate(database);
    expect(schemaOf(database)).toBe(before);
    expect(database.prepare('SELECT count(*) FROM audit').pluck().get()).toBe(1);
  });

  it('that fail half-way leave nothing behind', () => {
    const database = new SqliteDatabase(':memory:');
    const broken = { name: '0003-broken', sql: 'CREATE TABLE half (a); CREATE TABLE half (a);' };
    expect(() => migrate(database, [...MIGRATIONS, broken])).toThrow(/already exists/);
    expect(database.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
    expect(schemaOf(database)).not.toContain('half');
  });

  it('refuse a database of a newer Postern, and a reader refuses one that was not migrated', () => {
    const database = new SqliteDatabase(':memory:');
    expect(() => requireCurrentSchema(database)).toThrow(expect.objectContaining({ code: 'older-database' }));
    database.pragma(`user_version = ${MIGRATIONS.length + 1}`);
    expect(() => migrate(database)).toThrow(expect.objectContaining({ code: 'newer-database' }));
    expect(() => requireCurrentSchema(database)).toThrow(expect.objectContaining({ code: 'newer-database' }));
  });
});
