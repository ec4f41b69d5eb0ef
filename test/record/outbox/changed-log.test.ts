/** Records that were changed or removed while a collector was away: told honestly, and nothing stands still for it. */
import type { Database } from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { OutboxBatch, OutboxQuestion } from '../../../agent/src/core/outbox.ts';
import { leafHash } from '../../../agent/src/record/audit/merkle.ts';
import type { Records } from '../../../agent/src/record/records-contract.ts';
import { syslogMessage } from '../../../agent/src/sync/telemetry/sinks/rfc5424.ts';
import { SAMPLE_TIME_MS, sampleExchange } from '../../kit/sample-records.ts';
import { openTestRecords, tamper, temporaryHome } from '../support.ts';

const ASK: OutboxQuestion = {
  destination: 'collector',
  format: 'entry',
  maxRecords: 100,
  maxBytes: 1_000_000,
  capBytes: 100_000_000,
  nowMs: SAMPLE_TIME_MS,
  notices: [],
};
const FORMATS = ['entry', 'jsonl', 'cef', 'ocsf'] as const;
const take = (records: Records, changes: Partial<OutboxQuestion> = {}) =>
  records.outbox.take({ ...ASK, ...changes });
const settle = (records: Records, batch: OutboxBatch) =>
  records.outbox.settle({ destination: 'collector', ...batch, rejected: 0 });
const sequences = (batch: OutboxBatch) =>
  batch.records.flatMap(({ sequence }) => (sequence === undefined ? [] : [sequence]));
const named = (batch: OutboxBatch, name: string) => batch.records.filter((record) => record.name === name);

/** Ten records that nobody was sent yet, and what somebody did to the file meanwhile. */
async function changed(work: (database: Database) => void): Promise<Records> {
  const { file } = temporaryHome();
  const records = await openTestRecords(file);
  await records.outbox.open(['collector']);
  for (let i = 1; i <= 10; i++) records.exchange(sampleExchange(i));
  await records.flush();
  tamper(file, work);
  return records;
}
const remove = (where: string) => (database: Database) => {
  for (const table of ['audit', 'exchanges']) database.exec(`DELETE FROM ${table} WHERE ${where}`);
};

describe('records that were removed', () => {
  it('are a gap that is told with its numbers, once it is settled never again; the rest keeps its numbers', async () => {
    const records = await changed(remove('sequence IN (3, 4, 7)'));
    const batch = await take(records);
    expect(sequences(batch)).toEqual([1, 2, 5, 6, 8, 9, 10]);
    expect(named(batch, 'postern.audit-log-gap')).toMatchObject([
      {
        severity: 'warning',
        sequence: undefined,
        text: '3 records (numbers 3 to 4, 7) are missing in the log: they were removed after they were written, and can not be sent.',
      },
    ]);
    expect(batch.state.waiting.records).toBe(7);
    const again = await take(records);
    expect(again.records.map(({ uid }) => uid)).toEqual(batch.records.map(({ uid }) => uid));
    await settle(records, batch);
    records.exchange(sampleExchange(11));
    await records.flush();
    const later = await take(records);
    expect(sequences(later)).toEqual([11]);
    expect(named(later, 'postern.audit-log-gap')).toEqual([]);
    await records.close();
  });

  it('at the beginning are not put down to retention', async () => {
    const records = await changed(remove('sequence <= 4'));
    const batch = await take(records);
    expect(sequences(batch)).toEqual([5, 6, 7, 8, 9, 10]);
    expect(named(batch, 'postern.telemetry-expired')).toEqual([]);
    expect(named(batch, 'postern.audit-log-gap')[0]?.text).toMatch(/^4 records \(numbers 1 to 4\)/);
    expect(batch.state.dropped).toBe(0);
    await records.close();
  });

  it('all of them', async () => {
    const records = await changed(remove('true'));
    const batch = await take(records);
    expect(sequences(batch)).toEqual([]);
    expect(named(batch, 'postern.audit-log-gap')[0]?.text).toMatch(/^10 records \(numbers 1 to 10\)/);
    expect(batch.state.waiting.records).toBe(0);
    await settle(records, batch);
    records.exchange(sampleExchange(11));
    await records.flush();
    expect(sequences(await take(records))).toEqual([11]);
    await records.close();
  });

  it('beside others that retention deleted', async () => {
    let nowMs = SAMPLE_TIME_MS;
    const { file } = temporaryHome();
    const records = await openTestRecords(file, { nowMs: () => nowMs });
    await records.outbox.open(['collector']);
    for (let i = 1; i <= 3; i++) records.exchange(sampleExchange(i));
    await records.flush();
    nowMs += 31 * 86_400_000;
    for (let i = 4; i <= 6; i++) records.exchange(sampleExchange(i));
    await records.flush();
    await records.applyRetention();
    tamper(file, remove('sequence = 5'));
    const batch = await take(records, { nowMs });
    expect(named(batch, 'postern.telemetry-expired')[0]?.text).toMatch(/^3 records were deleted/);
    expect(named(batch, 'postern.audit-log-gap')[0]?.text).toMatch(/^1 record \(number 5\) is missing/);
    expect(sequences(batch)).toEqual([4, 6, 7, 8]);
    await records.close();
  });

  it('are told in every format', async () => {
    const records = await changed(remove('sequence = 3'));
    for (const format of FORMATS) {
      const batch = await take(records, { format });
      expect(JSON.stringify(named(batch, 'postern.audit-log-gap'))).toContain('number 3');
    }
    await records.close();
  });
});

describe('records that were changed', () => {
  const alterations: [string, string][] = [
    ['says something else', `UPDATE audit SET body = replace(body, 'allow', 'block') WHERE sequence = 3`],
    ['is no JSON any more', `UPDATE audit SET body = '{"half' WHERE sequence = 3`],
    ['is empty', `UPDATE audit SET body = '' WHERE sequence = 3`],
    ['has another hash', `UPDATE audit SET hash = x'00' WHERE sequence = 3`],
    ['has a time that no calendar knows', `UPDATE audit SET at_ms = 9e18, body = '' WHERE sequence = 3`],
  ];
  it.each(alterations)('one that %s is told instead of sent, in its place', async (_, statement) => {
    const records = await changed((database) => void database.exec(statement));
    for (const format of FORMATS) {
      const batch = await take(records, { format, worksCouncil: undefined });
      expect(sequences(batch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      const told = batch.records[2];
      expect(told).toMatchObject({ name: 'postern.audit-record-altered', severity: 'warning' });
      expect(told?.text).toContain('Record 3 of the log');
      for (const record of batch.records)
        expect(() => syslogMessage(record, { host: 'h', version: '1', processId: 1 })).not.toThrow();
    }
    await records.close();
  });

  it('one that was changed together with its hash can still not stop the others', async () => {
    const body = '{"kind":"exchange"}';
    const records = await changed((database) => {
      database.prepare('UPDATE audit SET body = ?, hash = ? WHERE sequence = 3').run(body, leafHash(body));
    });
    for (const format of FORMATS) {
      const batch = await take(records, { format });
      expect(sequences(batch)).toHaveLength(10);
    }
    await records.close();
  });

  it('heads too', async () => {
    const records = await changed((database) => {
      database.exec(`UPDATE heads SET at_ms = 9e18, root = x'', signature = x''`);
    });
    for (const format of FORMATS) {
      const batch = await take(records, { format });
      expect(named(batch, 'postern.log-checkpoint')).toHaveLength(1);
      for (const record of batch.records)
        expect(() => syslogMessage(record, { host: 'h', version: '1', processId: 1 })).not.toThrow();
    }
    await records.close();
  });
});

it('a log whose end is cut off while the agent idles is told with the next heartbeat, not with the next call', async () => {
  const { file } = temporaryHome();
  const records = await openTestRecords(file);
  await records.outbox.open(['collector']);
  for (let i = 1; i <= 3; i++) {
    records.exchange(sampleExchange(i));
    await records.flush();
  }
  await settle(records, await take(records));
  tamper(file, (database) => {
    remove('sequence > 1')(database);
    database.exec('DELETE FROM heads WHERE size > 1');
  });
  const batch = await take(records);
  expect(named(batch, 'postern.audit-log-shortened')[0]?.text).toBe(
    'The log holds 1 records, but collector was sent 3: its end was removed.',
  );
  await records.close();
});
