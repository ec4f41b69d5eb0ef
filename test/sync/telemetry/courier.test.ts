/** The courier with a real log behind it; the collector is played, and the clock is the test's. */
import { describe, expect, it } from 'vitest';
import type { OutboxRecord } from '../../../agent/src/core/outbox.ts';
import { Courier, type CourierOptions } from '../../../agent/src/sync/telemetry/courier.ts';
import type { DeliveryResult, Destination } from '../../../agent/src/sync/telemetry/destination.ts';
import { SAMPLE_TIME_MS, sampleEvent, sampleExchange } from '../../kit/sample-records.ts';
import { openTestRecords, temporaryHome } from '../../record/support.ts';

const DAY_MS = 86_400_000;
const problem = { code: 'unreachable', text: 'The collector is away.' };
const LATER: DeliveryResult = { type: 'later', problem };
const GOOD: DeliveryResult = { type: 'delivered', rejected: 0 };
const FACTS: ReturnType<CourierOptions['facts']> = {
  version: '1.2.3',
  state: 'running',
  startedAtMs: SAMPLE_TIME_MS,
  policy: { name: 'baseline', revision: 'a1b2c3d4' },
  degraded: [],
  coverage: [{ app: 'codex', service: 'openai', governed: 3, tunnelled: 0, uncovered: 1 }],
};
const refusing =
  (refused: (record: OutboxRecord) => boolean) =>
  (batch: readonly OutboxRecord[]): DeliveryResult =>
    batch.some(refused) ? { type: 'unacceptable', problem } : GOOD;
const signal = new AbortController().signal;

async function stage(changes: Partial<CourierOptions> = {}) {
  const { file } = temporaryHome();
  const records = await openTestRecords(file);
  let nowMs = 0;
  const sent: OutboxRecord[] = [];
  const asked: number[] = [];
  const stand = {
    answer: (_batch: readonly OutboxRecord[]): DeliveryResult => GOOD,
  };
  const destination: Destination = {
    name: 'otlp',
    format: 'entry',
    async deliver(batch) {
      asked.push(batch.length);
      const result = stand.answer(batch);
      if (result.type === 'delivered') sent.push(...batch);
      return result;
    },
  };
  const courier = new Courier({
    outbox: records.outbox,
    destination,
    device: { id: 'device-1', publicKeyPem: '', sign: () => new Uint8Array([1, 2, 3]) },
    facts: () => FACTS,
    heartbeatMs: 60_000,
    capBytes: 100_000_000,
    uptimeMs: () => nowMs,
    dateMs: () => SAMPLE_TIME_MS + nowMs,
    random: () => 0.5,
    ...changes,
  });
  await records.outbox.open(['otlp']);
  return {
    records,
    courier,
    sent,
    asked,
    stand,
    named: (name: string) => sent.filter((record) => record.name === name),
    advance: (ms: number) => {
      nowMs += ms;
    },
    /** Steps until nothing but heartbeats is left to do, or nothing can be done for a while. */
    async settleDown(): Promise<void> {
      for (;;) {
        const waitMs = await courier.step(signal);
        if (waitMs > 1_000) return;
        nowMs += waitMs;
      }
    },
    /** Steps until there is nothing to do now. */
    async drain(): Promise<number> {
      for (;;) {
        const waitMs = await courier.step(signal);
        if (waitMs > 0) return waitMs;
      }
    },
  };
}

describe('the courier', () => {
  it('sends a heartbeat at once and every minute, and nothing else while nothing happens', async () => {
    const { records, drain, sent, asked, advance } = await stage();
    expect(await drain()).toBe(60_000);
    expect(sent.map(({ name }) => name)).toEqual(['postern.heartbeat']);
    expect(sent[0]?.attributes).toMatchObject({
      'postern.version': '1.2.3',
      'postern.policy.revision': 'a1b2c3d4',
      'postern.coverage': ['codex openai governed=3 tunnelled=0 uncovered=1'],
    });
    expect(JSON.parse(sent[0]?.text ?? '')).toMatchObject({ signature: 'AQID' });
    advance(30_000);
    await drain();
    expect(asked).toHaveLength(1);
    advance(30_000);
    await drain();
    expect(asked).toHaveLength(2);
    await records.close();
  });

  it('delivers everything after three days offline, in order, each record once', async () => {
    const { records, courier, drain, stand, advance, named, asked } = await stage();
    stand.answer = () => LATER;
    for (let day = 0; day < 3; day++) {
      for (let i = 0; i < 100; i++) records.exchange(sampleExchange(day * 100 + i));
      await records.flush();
      for (let passed = 0; passed < DAY_MS; ) {
        const waitMs = await courier.step(signal);
        advance(waitMs);
        passed += waitMs;
      }
    }
    // Five minutes apart in the end: 288 attempts a day at most, with chance in it.
    expect(asked.length).toBeLessThan(1_300);
    expect(courier.view()).toMatchObject({ failuresInRow: asked.length, problem });
    expect(courier.view().outbox?.waiting.records).toBe(300);
    stand.answer = () => GOOD;
    advance(300_000);
    await drain();
    expect(named('postern.ai_call').map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 300 }, (_, index) => index + 1),
    );
    expect(named('postern.heartbeat')).toHaveLength(1);
    expect(courier.view()).toMatchObject({ failuresInRow: 0, problem: undefined, delivered: 300 });
    expect(courier.view().outbox?.waiting).toEqual({ records: 0, bytes: 0 });
    await records.close();
  });

  it('waits as long as Retry-After says', async () => {
    const { records, courier, stand, advance, asked } = await stage();
    stand.answer = () => ({ ...LATER, retryAfterMs: 600_000 });
    expect(await courier.step(signal)).toBeCloseTo(630_000);
    advance(629_000);
    await courier.step(signal);
    expect(asked).toHaveLength(1);
    advance(1_001);
    await courier.step(signal);
    expect(asked).toHaveLength(2);
    await records.close();
  });

  it('counts failures in a row and since when, and forgets them with the first success', async () => {
    const { records, courier, drain, stand, advance } = await stage();
    stand.answer = () => LATER;
    await courier.step(signal);
    advance(10_000);
    await courier.step(signal);
    expect(courier.view()).toMatchObject({ failuresInRow: 2, failingSinceMs: SAMPLE_TIME_MS });
    stand.answer = () => GOOD;
    advance(20_000);
    await drain();
    expect(courier.view()).toMatchObject({ failuresInRow: 0, failuresTotal: 2, problem: undefined });
    expect(courier.view().failingSinceMs).toBeUndefined();
    stand.answer = () => LATER;
    advance(60_000);
    await courier.step(signal);
    expect(courier.view()).toMatchObject({ failuresInRow: 1, failingSinceMs: SAMPLE_TIME_MS + 90_000 });
    await records.close();
  });

  it('finds the one record that a collector can not take, sets that one aside, and delivers the rest', async () => {
    const { records, courier, settleDown, stand, named, asked } = await stage();
    for (let i = 1; i <= 100; i++) records.exchange(sampleExchange(i));
    await records.flush();
    stand.answer = refusing(({ sequence }) => sequence === 37);
    await settleDown();
    expect(named('postern.ai_call').map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 100 }, (_, index) => index + 1).filter((sequence) => sequence !== 37),
    );
    expect(courier.view().outbox).toMatchObject({ rejected: 1, waiting: { records: 0 } });
    expect(courier.view()).toMatchObject({
      failuresInRow: 0,
      problem: undefined,
      lastRefusal: { records: 1, sequence: 37, problem },
    });
    expect(asked.length).toBeLessThan(30);
    await records.close();
  });

  it('gives nothing up for a collector that refuses everything, even a heartbeat, and says so', async () => {
    const { records, courier, advance, stand, named, settleDown, asked } = await stage();
    for (let i = 1; i <= 100; i++) records.exchange(sampleExchange(i));
    await records.flush();
    stand.answer = refusing(() => true);
    for (let hour = 0; hour < 24 * 12; hour++) advance(await courier.step(signal));
    expect(courier.view()).toMatchObject({ problem: { code: 'refuses-everything' } });
    expect(courier.view().failuresInRow).toBeGreaterThan(100);
    expect(courier.view().outbox).toMatchObject({ rejected: 0, waiting: { records: 100 } });
    expect(asked.length).toBeLessThan(24 * 12 * 2 + 10);
    stand.answer = () => GOOD;
    advance(300_000);
    await settleDown();
    expect(named('postern.ai_call')).toHaveLength(100);
    await records.close();
  });

  it('does not hold it against the records that a collector refuses what goes along with them', async () => {
    const { records, courier, settleDown, stand, named } = await stage();
    for (let i = 1; i <= 5; i++) records.exchange(sampleExchange(i));
    await records.flush();
    stand.answer = refusing(({ sequence }) => sequence === undefined);
    await settleDown();
    expect(named('postern.ai_call').map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
    expect(courier.view().outbox).toMatchObject({ rejected: 0, waiting: { records: 0 } });
    expect(courier.view()).toMatchObject({ problem: { code: 'refuses-everything' } });
    await records.close();
  });

  it('sends smaller batches to a collector that wants them, and does not hammer one that takes no record', async () => {
    const { records, courier, settleDown, stand, named, advance, asked } = await stage();
    for (let i = 1; i <= 100; i++) records.exchange(sampleExchange(i));
    await records.flush();
    stand.answer = (batch) => (batch.length > 10 ? { type: 'unacceptable', problem } : GOOD);
    await settleDown();
    expect(named('postern.ai_call')).toHaveLength(100);
    expect(courier.view().outbox?.rejected).toBe(0);
    for (let i = 101; i <= 200; i++) records.exchange(sampleExchange(i));
    await records.flush();
    stand.answer = refusing(({ sequence }) => sequence !== undefined);
    const before = asked.length;
    for (let passedMs = 0; passedMs < 30_000; ) {
      const waitMs = await courier.step(signal);
      advance(waitMs);
      passedMs += waitMs;
    }
    expect(asked.length - before).toBeLessThan(80);
    expect(courier.view().outbox?.rejected).toBeGreaterThan(20);
    await records.close();
  });

  it('counts what a collector refused of a batch that it took, and does not send it again', async () => {
    const { records, courier, drain, stand, asked } = await stage();
    for (let i = 1; i <= 5; i++) records.exchange(sampleExchange(i));
    await records.flush();
    stand.answer = () => ({ type: 'delivered', rejected: 2, problem });
    await drain();
    expect(courier.view()).toMatchObject({ failuresInRow: 0, problem, delivered: 3 });
    expect(courier.view().outbox).toMatchObject({ rejected: 2, waiting: { records: 0 } });
    expect(asked).toHaveLength(1);
    await records.close();
  });

  it('keeps blocks and what the agent did when too much waits, and tells the collector how much was given up', async () => {
    const { records, courier, drain, stand, advance, named } = await stage({ capBytes: 30_000 });
    stand.answer = () => LATER;
    for (let i = 1; i <= 60; i++) {
      const verdict = i % 10 === 0 ? 'block' : 'allow';
      records.exchange(sampleExchange(i, { decision: verdict, effective: verdict }));
    }
    records.event(sampleEvent(61));
    await records.flush();
    await courier.step(signal);
    expect(courier.view().outbox?.waiting.bytes).toBeLessThanOrEqual(30_000);
    const dropped = courier.view().outbox?.dropped ?? 0;
    expect(dropped).toBeGreaterThan(10);
    stand.answer = () => GOOD;
    advance(300_000);
    await drain();
    const calls = named('postern.ai_call');
    expect(calls).toHaveLength(60 - dropped);
    expect(calls.filter(({ attributes }) => attributes['postern.effective'] === 'block')).toHaveLength(6);
    expect(named('postern.policy-changed')).toHaveLength(1);
    expect(named('postern.telemetry-dropped')[0]?.text).toContain(
      `${dropped} records (${dropped} allowed calls`,
    );
    await records.close();
  });

  it('says when the log itself can not be read, and goes on trying', async () => {
    const { records, courier } = await stage();
    await records.close();
    expect(await courier.step(signal)).toBeGreaterThan(0);
    expect(courier.view().problem).toMatchObject({ code: 'outbox-unreadable' });
  });
});
