import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventBody, exchangeBody } from '../../agent/src/record/audit/body.ts';
import { type QueuedItem, queuedItem, RecordQueue } from '../../agent/src/record/queue.ts';
import { sampleEvent, sampleExchange } from '../kit/sample-records.ts';

const text = 'x'.repeat(100);
const call = (order: number, effective: 'allow' | 'warn' | 'redact' | 'block'): QueuedItem =>
  queuedItem(exchangeBody(sampleExchange(order, { effective, decision: effective })), text, order);
const event = (order: number): QueuedItem => queuedItem(eventBody(sampleEvent(order)), text, order);

describe('the queue', () => {
  it('hands out in order', () => {
    const queue = new RecordQueue({ softChars: 1_000, hardChars: 4_000 });
    for (const order of [1, 2, 3]) queue.push(call(order, 'allow'));
    expect(queue.take(2).map((item) => item.order)).toEqual([1, 2]);
    expect(queue.oldestOrder).toBe(3);
    expect(queue.chars).toBe(100);
  });

  it('gives up allowed calls first, oldest first, and tallies them', () => {
    const queue = new RecordQueue({ softChars: 1_000, hardChars: 4_000 });
    queue.push(call(1, 'block'));
    for (let order = 2; order <= 9; order++) queue.push(call(order, 'allow'));
    queue.push(event(10));
    queue.push(call(11, 'warn'));
    const tally = queue.takeTally();
    expect(tally).toEqual({
      count: 2,
      fromMs: sampleExchange(2).startedAtMs,
      byEffective: { allow: 2 },
      inputTokens: 2_000,
      outputTokens: 600,
      nanoUsd: 14_370_000,
    });
    expect(queue.take(99).map((item) => item.order)).toEqual([1, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(queue.takeTally()).toBeUndefined();
  });

  it('keeps a call that the policy would have blocked, though shadow mode let it through', () => {
    const shadow = exchangeBody(sampleExchange(1, { decision: 'block', effective: 'allow' }));
    expect(queuedItem(shadow, text, 1).rank).toBe(2);
  });

  it('gives up warned calls next, and blocked ones and events only at the hard limit', () => {
    const queue = new RecordQueue({ softChars: 1_000, hardChars: 4_000 });
    for (let order = 1; order <= 8; order++) queue.push(call(order, 'warn'));
    for (let order = 9; order <= 40; order++)
      queue.push(order % 2 === 0 ? event(order) : call(order, 'block'));
    expect(queue.length).toBe(32);
    expect(queue.takeTally()?.byEffective).toEqual({ warn: 8 });
    for (let order = 41; order <= 50; order++) queue.push(event(order));
    expect(queue.chars).toBeLessThanOrEqual(4_000);
    expect(queue.takeTally()?.count).toBeGreaterThan(0);
  });

  it('never holds more than the hard limit, and never loses count', () => {
    const kind = fc.constantFrom('allow', 'warn', 'redact', 'block', 'event');
    const step = fc.oneof(kind, fc.constant('take' as const), fc.constant('fail' as const));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const queue = new RecordQueue({ softChars: 1_000, hardChars: 3_000 });
        let pushed = 0;
        let written = 0;
        let tallied = 0;
        for (const action of steps) {
          if (action === 'take') {
            written += queue.take(4).length;
            tallied += queue.takeTally()?.count ?? 0;
          } else if (action === 'fail') {
            const taken = queue.take(4);
            const tally = queue.takeTally();
            queue.putBack(taken);
            if (tally !== undefined) queue.putBackTally(tally);
          } else {
            pushed++;
            queue.push(action === 'event' ? event(pushed) : call(pushed, action));
          }
          expect(queue.chars).toBeLessThanOrEqual(3_000);
        }
        tallied += queue.takeTally()?.count ?? 0;
        expect(written + tallied + queue.length).toBe(pushed);
        expect(queue.droppedTotal).toBe(tallied);
      }),
    );
  });
});
