import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { SpendAccount } from '../../agent/src/core/spend.ts';
import { spendTermsOf } from '../../agent/src/journey/spend-terms.ts';
import { SpendKeeper } from '../../agent/src/main/spend-keeper.ts';
import type { Records } from '../../agent/src/record/records-contract.ts';
import { question, USD } from '../account/spend/support.ts';
import { policyOf } from '../kit/decide.ts';
import { openTestRecords, temporaryHome } from '../record/support.ts';

const policy = policyOf(
  'budgets: [{ id: daily, scope: user, window: 1d, timezone: UTC, limitUsd: 5, action: block }]\n',
);
const terms = [...spendTermsOf(policy).budgets.values()];
const ann = terms.map((each) => ({ terms: each, subject: 'ann' }));
const HOUR_MS = 3_600_000;
const NOON_MS = Date.UTC(2026, 10, 24, 12);

function keeperOf(
  records: Pick<Records, 'health' | 'loadSpend' | 'saveSpend'>,
  time = { wallMs: NOON_MS, uptimeMs: 1_000 },
) {
  const told: string[] = [];
  const keeper = new SpendKeeper({
    records,
    policy: () => policy,
    incident: (code) => void told.push(code),
    event: (code) => void told.push(code),
    readClock: () => ({ ...time }),
  });
  return { keeper, told };
}

function hold(keeper: SpendKeeper, usd: number): SpendAccount {
  const answer = keeper.book.open(question({ budgets: ann, usd }));
  if (answer.type !== 'open') throw new Error('it should be let through');
  return answer.account;
}
const spentOf = ({ book }: SpendKeeper): number =>
  ann[0] === undefined ? Number.NaN : book.state(ann[0]).spent.nanoUsd / USD;

describe('budgets over restarts', () => {
  it('are written off the hot path, and what a crash cut off is charged by what it held', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    const first = keeperOf(records);
    await first.keeper.restore();
    hold(first.keeper, 1).settle({ nanoUsd: 0.5 * USD, tokens: 1 });
    hold(first.keeper, 2).use({ nanoUsd: 2.25 * USD, tokens: 5 });
    // Nobody closes it: the process is gone, but for what was written meanwhile.
    for (let i = 0; i < 100 && (await records.loadSpend()).holds.length === 0; i += 1) await sleep(10);
    const second = keeperOf(records);
    await second.keeper.restore();
    expect(spentOf(second.keeper)).toBe(2.75);
    expect(second.told).toEqual(['spend-settled-after-crash']);
    await second.keeper.close();
    const third = keeperOf(records);
    await third.keeper.restore();
    expect(spentOf(third.keeper)).toBe(2.75);
    expect(third.told).toEqual([]);
    await third.keeper.close();
    await records.close();
  });

  it('are written at their pace, however many calls change them', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    let writes = 0;
    const { keeper } = keeperOf({
      health: () => records.health(),
      loadSpend: () => records.loadSpend(),
      saveSpend: (changes) => {
        writes += 1;
        return records.saveSpend(changes);
      },
    });
    await keeper.restore();
    const startedMs = performance.now();
    let calls = 0;
    for (; performance.now() - startedMs < 300; calls += 1) {
      hold(keeper, 0.0001).settle({ nanoUsd: 1_000, tokens: 1 });
      await sleep(1);
    }
    // One every 20 ms, and never two for one change.
    expect(writes).toBeGreaterThan(0);
    expect(writes).toBeLessThanOrEqual((performance.now() - startedMs) / 20 + 1);
    await keeper.close();
    const next = keeperOf(records);
    await next.keeper.restore();
    expect(spentOf(next.keeper)).toBeCloseTo((calls * 1_000) / USD, 9);
    await records.close();
  });

  it.each([-2, 2])('are not given back by a clock that is %s years off at the next start', async (years) => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    const first = keeperOf(records);
    await first.keeper.restore();
    hold(first.keeper, 5).settle({ nanoUsd: 5 * USD, tokens: 1 });
    await first.keeper.close();
    const time = { wallMs: NOON_MS + years * 365 * 24 * HOUR_MS, uptimeMs: 1_000 };
    const off = keeperOf(records, time);
    await off.keeper.restore();
    if (years < 0) expect(off.keeper.book.open(question({ budgets: ann })).type).toBe('stopped');
    time.wallMs = NOON_MS + HOUR_MS;
    time.uptimeMs += HOUR_MS;
    off.keeper.book.open(question({ budgets: ann }));
    time.wallMs += HOUR_MS;
    time.uptimeMs += HOUR_MS;
    expect(off.keeper.book.open(question({ budgets: ann })).type).toBe('stopped');
    await off.keeper.close();
    await records.close();
  });

  it('are closed where their record is lost, and say so', async () => {
    const { file } = temporaryHome();
    writeFileSync(file, 'x'.repeat(8_192));
    const records = await openTestRecords(file);
    const { keeper, told } = keeperOf(records);
    await keeper.restore();
    expect(told).toEqual(['budgets-recovered']);
    expect(keeper.book.open(question({ budgets: ann }))).toMatchObject({
      type: 'stopped',
      stops: [{ state: { lost: true } }],
    });
    await keeper.close();
    await records.close();
  });
});

describe('a store that fails', () => {
  it('is told of once, budgets go on from memory, and it gets everything when it works again', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    let broken = true;
    const failing: Records = Object.assign(Object.create(records) as Records, {
      loadSpend: () => records.loadSpend(),
      health: () => records.health(),
      saveSpend: (changes: Parameters<Records['saveSpend']>[0]) =>
        broken ? Promise.reject(new Error('disk full')) : records.saveSpend(changes),
    });
    const { keeper, told } = keeperOf(failing);
    await keeper.restore();
    const open = hold(keeper, 1);
    await sleep(60);
    open.settle({ nanoUsd: 3 * USD, tokens: 1 });
    for (let i = 0; i < 100 && told.length === 0; i += 1) await sleep(10);
    expect(told).toEqual(['budgets-unwritten']);
    expect(keeper.book.open(question({ budgets: ann, usd: 2.5 })).type).toBe('stopped');
    expect((await records.loadSpend()).slots).toEqual([]);
    broken = false;
    await keeper.close();
    expect(await records.loadSpend()).toMatchObject({ slots: [{ nanoUsd: 3 * USD }], holds: [] });
    await records.close();
  });
});

describe('the clock', () => {
  it('is told of when it was set', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    const time = { wallMs: NOON_MS, uptimeMs: 1_000 };
    const { keeper, told } = keeperOf(records, time);
    await keeper.restore();
    hold(keeper, 5).settle({ nanoUsd: 5 * USD, tokens: 1 });
    time.wallMs += 24 * HOUR_MS;
    expect(keeper.book.open(question({ budgets: ann })).type).toBe('stopped');
    expect(told).toEqual(['clock-jumped']);
    await keeper.close();
    await records.close();
  });
});
