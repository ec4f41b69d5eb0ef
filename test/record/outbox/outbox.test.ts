import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { OutboxBatch, OutboxQuestion } from '../../../agent/src/core/outbox.ts';
import { verifyAudit } from '../../../agent/src/record/audit/verify.ts';
import type { Records } from '../../../agent/src/record/records-contract.ts';
import { SAMPLE_TIME_MS, sampleEvent, sampleExchange } from '../../kit/sample-records.ts';
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

const take = (records: Records, changes: Partial<OutboxQuestion> = {}) =>
  records.outbox.take({ ...ASK, ...changes });
const settle = (records: Records, batch: OutboxBatch, rejected = 0) =>
  records.outbox.settle({ destination: 'collector', ...batch, rejected });
const sequences = (batch: OutboxBatch) =>
  batch.records.flatMap(({ sequence }) => (sequence === undefined ? [] : [sequence]));
const names = (batch: OutboxBatch) => batch.records.map(({ name }) => name);

async function opened(changes: Parameters<typeof openTestRecords>[1] = {}) {
  const { file } = temporaryHome();
  const records = await openTestRecords(file, changes);
  await records.outbox.open(['collector']);
  return { file, records };
}

describe('the outbox', () => {
  it('gives the same records until they are settled, and never again afterwards', async () => {
    const { records } = await opened();
    for (let i = 1; i <= 5; i++) records.exchange(sampleExchange(i));
    await records.flush();
    const first = await take(records, { maxRecords: 3 });
    expect(sequences(first)).toEqual([1, 2, 3]);
    const again = await take(records, { maxRecords: 3 });
    expect(again.records.map(({ uid }) => uid)).toEqual(first.records.map(({ uid }) => uid));
    expect(again.state.waiting.records).toBe(5);
    await settle(records, again);
    const second = await take(records);
    expect(sequences(second)).toEqual([4, 5]);
    await settle(records, second);
    const last = await take(records);
    expect(last.records).toEqual([]);
    expect(last.state.waiting).toEqual({ records: 0, bytes: 0 });
    await records.close();
  });

  it('survives a restart, and a new destination begins with the run in which it was named', async () => {
    const { file, records } = await opened();
    for (let i = 1; i <= 4; i++) records.exchange(sampleExchange(i));
    await records.flush();
    await settle(records, await take(records, { maxRecords: 1 }));
    await records.close();
    const later = await openTestRecords(file);
    await later.outbox.open(['collector', 'siem']);
    later.event(sampleEvent(5));
    await later.flush();
    expect(sequences(await take(later))).toEqual([2, 3, 4, 5]);
    expect(sequences(await take(later, { destination: 'siem' }))).toEqual([5]);
    await later.close();
  });

  it('keeps the places of all that stay, in whatever order they are named', async () => {
    const { file, records } = await opened();
    await records.outbox.open(['collector', 'siem', 'file']);
    for (let i = 1; i <= 4; i++) records.exchange(sampleExchange(i));
    await records.flush();
    await settle(records, await take(records, { maxRecords: 3 }));
    await records.close();
    const later = await openTestRecords(file);
    await later.outbox.open(['file', 'new', 'collector']);
    expect(sequences(await take(later)).slice(0, 1)).toEqual([4]);
    expect(sequences(await take(later, { destination: 'file' })).slice(0, 4)).toEqual([1, 2, 3, 4]);
    await later.close();
  });

  it('tells in the log that a destination was removed, and begins anew if it comes back', async () => {
    const { file, records } = await opened();
    await records.outbox.open(['collector', 'siem']);
    for (let i = 1; i <= 4; i++) records.exchange(sampleExchange(i));
    await records.flush();
    await settle(records, await take(records, { maxRecords: 1 }));
    await records.close();
    const without = await openTestRecords(file);
    await without.outbox.open(['siem']);
    const told = await take(without, { destination: 'siem' });
    expect(told.records.find(({ name }) => name === 'postern.telemetry-destination-removed')?.text).toBe(
      'collector is not named any more: 3 records that waited for it are not sent to it. They remain in the log of this device.',
    );
    await without.outbox.open(['siem']);
    await without.close();
    const again = await openTestRecords(file);
    await again.outbox.open(['siem', 'collector']);
    again.exchange(sampleExchange(5));
    await again.flush();
    expect(sequences(await take(again))).toEqual([6]);
    await again.close();
    expect(verifyAudit(file)).toMatchObject({ ok: true, records: 6 });
  });

  it('gives every record an id of its own that can be worked out from the log alone', async () => {
    const { records } = await opened();
    const id = randomUUID();
    for (let i = 0; i < 50; i++) records.exchange(sampleExchange(i, { id }));
    await records.flush();
    const uids = (await take(records)).records.map(({ uid }) => uid);
    expect(new Set(uids).size).toBe(uids.length);
    for (const uid of uids)
      expect(uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    await records.close();
  });

  it('sends the newest signed head with the records, once', async () => {
    const { file, records } = await opened();
    records.exchange(sampleExchange(1));
    await records.flush();
    const batch = await take(records);
    const head = batch.records.at(-1);
    expect(head).toMatchObject({
      name: 'postern.log-checkpoint',
      sequence: undefined,
      attributes: { 'postern.log.size': 1, 'postern.log.root': verifyAudit(file).head?.root },
    });
    await settle(records, batch);
    expect((await take(records)).records).toEqual([]);
    await records.close();
  });

  it('cuts a batch by bytes, but sends at least one record', async () => {
    const { records } = await opened();
    for (let i = 1; i <= 3; i++) records.exchange(sampleExchange(i));
    await records.flush();
    const batch = await take(records, { maxBytes: 10 });
    expect(sequences(batch)).toEqual([1]);
    expect(batch.upTo).toBe(1);
    await records.close();
  });

  it('writes lines as the export does, notices too', async () => {
    const { records } = await opened();
    records.exchange(sampleExchange(1));
    await records.flush();
    const notices = [{ code: 'heartbeat', atMs: SAMPLE_TIME_MS, detail: '{"version":"1"}' }];
    const cef = await take(records, { format: 'cef', notices });
    expect(cef.records.map(({ text }) => text.split('|').slice(0, 5).join('|'))).toEqual([
      'CEF:0|Postern|Postern|1|ai-allow',
      'CEF:0|Postern|Postern|1|log-checkpoint',
      'CEF:0|Postern|Postern|1|heartbeat',
    ]);
    const ocsf = await take(records, { format: 'ocsf' });
    expect(JSON.parse(ocsf.records[0]?.text ?? '')).toMatchObject({
      class_uid: 6003,
      metadata: { version: '1.8.0', profiles: expect.arrayContaining(['ai_operation']) },
    });
    await records.close();
  });
});

describe('an outbox above its cap', () => {
  it('gives up allowed calls first, oldest first, then warned ones, says so in the log, and keeps the rest', async () => {
    const { file, records } = await opened();
    for (let i = 1; i <= 30; i++) {
      const verdict = i % 3 === 0 ? 'block' : i % 3 === 1 ? 'allow' : 'warn';
      records.exchange(sampleExchange(i, { decision: verdict, effective: verdict }));
    }
    records.event(sampleEvent(31));
    await records.flush();
    const { bytes } = (await take(records)).state.waiting;
    const some = await take(records, { capBytes: Math.round(bytes * 0.9) });
    expect(some.state.dropped).toBeGreaterThan(0);
    expect(some.state.waiting.bytes).toBeLessThanOrEqual(bytes * 0.9);
    const effective = (batch: OutboxBatch) =>
      batch.records.map(({ attributes }) => attributes['postern.effective']);
    expect(effective(some).filter((word) => word === 'warn')).toHaveLength(10);
    const most = await take(records, { capBytes: 100 });
    expect(effective(most).filter((word) => word !== undefined)).toEqual(Array(10).fill('block'));
    expect(most.state.dropped).toBe(20);
    // The event, the two records that tell of what was given up, and the head.
    expect(names(most).slice(10)).toEqual([
      'postern.policy-changed',
      'postern.telemetry-dropped',
      'postern.telemetry-dropped',
      'postern.log-checkpoint',
    ]);
    const again = await take(records, { capBytes: 100 });
    expect(again.records.map(({ uid }) => uid)).toEqual(most.records.map(({ uid }) => uid));
    await records.close();
    const proof = verifyAudit(file);
    expect(proof).toMatchObject({ ok: true, records: 33 });
  });

  it('counts what retention deleted before it could be sent', async () => {
    let nowMs = SAMPLE_TIME_MS;
    const { file, records } = await opened({ nowMs: () => nowMs });
    records.exchange(sampleExchange(1));
    records.exchange(sampleExchange(2));
    await records.flush();
    nowMs += 31 * 86_400_000;
    await records.applyRetention();
    const batch = await take(records, { nowMs });
    expect(names(batch)).toEqual([
      'postern.records-expired',
      'postern.telemetry-expired',
      'postern.log-checkpoint',
    ]);
    expect(batch.state.dropped).toBe(2);
    await records.close();
    expect(verifyAudit(file).ok).toBe(true);
  });
});

describe('a log that was changed behind the collector', () => {
  it('is told when it is shorter than what was delivered', async () => {
    const { file, records } = await opened();
    for (let i = 1; i <= 3; i++) {
      records.exchange(sampleExchange(i));
      await records.flush();
    }
    await settle(records, await take(records));
    await records.close();
    tamper(file, (database) => {
      for (const table of ['audit', 'exchanges']) database.exec(`DELETE FROM ${table} WHERE sequence > 1`);
      database.exec('DELETE FROM heads WHERE size > 1');
    });
    // Whoever knows of the file beside the database removes that too.
    rmSync(`${file}.head`);
    const later = await openTestRecords(file);
    await later.outbox.open(['collector']);
    const batch = await take(later);
    expect(batch.records.map(({ text }) => text)).toContain(
      'The log holds 2 records, but collector was sent 3: its end was removed.',
    );
    await later.close();
  });
});

describe('with a works council', () => {
  const worksCouncil = { key: 'k', deviceId: 'device-1' };

  it('sends no allowed calls, and of others neither who nor how much', async () => {
    const { records } = await opened();
    records.exchange(sampleExchange(1));
    records.exchange(sampleExchange(2, { decision: 'block', effective: 'block', key: 'ada-laptop' }));
    records.event(sampleEvent(3, { code: 'exception-granted', detail: 'ada: a customer called' }));
    await records.flush();
    for (const format of ['entry', 'jsonl', 'cef', 'ocsf'] as const) {
      const batch = await take(records, { format, worksCouncil });
      expect(sequences(batch)).toEqual([2, 3]);
      const text = JSON.stringify(batch.records);
      expect(text).toContain('person-');
      expect(text).not.toMatch(/\bada\b|laptop-7|customer called|7185000/);
      expect(batch.state.waiting.records).toBe(2);
    }
    await records.close();
  });
});
