import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { SpendChanges } from '../../agent/src/core/spend.ts';
import { openReader } from '../../agent/src/record/reader.ts';
import { readLostSpend } from '../../agent/src/record/spend-store.ts';
import { openTestRecords, tamper, temporaryHome } from './support.ts';

const slot = { budget: 'daily', subject: 'ann', startMs: 1_000, nanoUsd: 5, tokens: 6, warned: 0.8 };
const hold = { callId: 'c1', budget: 'daily', subject: 'ann', nanoUsd: 7, tokens: 8 };
const changes = (some: Partial<SpendChanges>): SpendChanges => ({
  slots: [],
  goneSlots: [],
  holds: [],
  goneHolds: [],
  seenMs: 9_000,
  ...some,
});

describe('what budgets have counted', () => {
  it('is kept over a restart, and read beside a running agent', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    expect(await records.loadSpend()).toEqual({ slots: [], holds: [], seenMs: 0 });
    await records.saveSpend(changes({ slots: [slot], holds: [hold] }));
    const reader = openReader(file);
    expect(reader.loadSpend()).toEqual({ slots: [slot], holds: [hold], seenMs: 9_000 });
    reader.close();
    await records.close();
    const again = await openTestRecords(file);
    expect(await again.loadSpend()).toEqual({ slots: [slot], holds: [hold], seenMs: 9_000 });
    await again.close();
  });

  it('is absolute: writing twice changes nothing, writing anew replaces, what is gone is gone', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    const first = changes({ slots: [slot], holds: [hold] });
    await records.saveSpend(first);
    await records.saveSpend(first);
    await records.saveSpend(
      changes({ slots: [{ ...slot, nanoUsd: 50.4, tokens: 60.1 }], goneHolds: ['c1'], seenMs: 9_500 }),
    );
    expect(await records.loadSpend()).toEqual({
      slots: [{ ...slot, nanoUsd: 51, tokens: 61 }],
      holds: [],
      seenMs: 9_500,
    });
    await records.saveSpend(changes({ goneSlots: [slot] }));
    expect((await records.loadSpend()).slots).toEqual([]);
    await records.close();
  });

  it('is written whole or not at all', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    await records.saveSpend(changes({ slots: [slot], holds: [hold] }));
    const broken = { ...hold, callId: 'c2', nanoUsd: Number.NaN };
    await expect(
      records.saveSpend(changes({ slots: [{ ...slot, nanoUsd: 99 }], goneHolds: ['c1'], holds: [broken] })),
    ).rejects.toMatchObject({ code: 'write-failed' });
    expect(await records.loadSpend()).toMatchObject({ slots: [slot], holds: [hold] });
    await records.close();
  });

  it('can still be read from a database whose other pages are damaged, and is nothing where the file is', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    await records.saveSpend(changes({ slots: [slot] }));
    await records.close();
    let page = 0;
    tamper(file, (database) => {
      page = Number(
        database.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'audit'").pluck().get(),
      );
    });
    const bytes = readFileSync(file);
    bytes.fill(7, (page - 1) * 4_096, page * 4_096);
    writeFileSync(file, bytes);
    expect(readLostSpend(file)?.slots).toEqual([slot]);
    writeFileSync(file, 'not a database at all');
    expect(readLostSpend(file)).toBeUndefined();
    expect(readLostSpend(`${file}.missing`)).toBeUndefined();
  });

  it('tells when the database was replaced while running', async () => {
    const { file } = temporaryHome();
    writeFileSync(file, 'x'.repeat(8_192));
    const replaced: string[] = [];
    const records = await openTestRecords(file, { onReplaced: (setAside) => void replaced.push(setAside) });
    expect(replaced).toEqual([records.health().setAside]);
    await records.close();
  });
});
