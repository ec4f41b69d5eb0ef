import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeChanges } from '../../../agent/src/account/spend/merge-changes.ts';
import type { SpendBook } from '../../../agent/src/account/spend/spend-book.ts';
import type { BudgetTerms, SpendChanges, SpendSnapshot } from '../../../agent/src/core/spend.ts';
import { bookAt, budget, limit, NOW_MS, opened, question, USD } from './support.ts';

const DAY_MS = 86_400_000;
const forAnn = (terms: BudgetTerms) => ({ budgets: [{ terms, subject: 'ann' }] });
const spentOf = (book: SpendBook, terms: BudgetTerms) =>
  book.state({ terms, subject: 'ann' }).spent.nanoUsd / USD;

describe('holding and settling', () => {
  it('counts what is held, then what was used', () => {
    const { book } = bookAt();
    const terms = budget();
    const account = opened(book, question({ ...forAnn(terms), usd: 0.5 }));
    expect(book.state({ terms, subject: 'ann' })).toMatchObject({
      spent: { nanoUsd: 0 },
      held: { nanoUsd: 0.5 * USD },
    });
    account.settle({ nanoUsd: 0.2 * USD, tokens: 10 });
    account.settle({ nanoUsd: 9 * USD, tokens: 10 });
    expect(book.state({ terms, subject: 'ann' })).toMatchObject({
      spent: { nanoUsd: 0.2 * USD, tokens: 10 },
      held: { nanoUsd: 0, tokens: 0 },
    });
  });

  it('refuses what does not fit beside what others hold, and lets it pass once they are done', () => {
    const { book } = bookAt();
    const terms = budget({ limitUsd: 1 });
    const first = opened(book, question({ ...forAnn(terms), usd: 0.9 }));
    const answer = book.open(question({ ...forAnn(terms), usd: 0.2 }));
    expect(answer).toMatchObject({ type: 'stopped', stops: [{ kind: 'budget', terms: { id: 'daily' } }] });
    first.settle({ nanoUsd: 0.1 * USD, tokens: 1 });
    expect(book.open(question({ ...forAnn(terms), usd: 0.2 })).type).toBe('open');
  });

  it('counts each subject apart', () => {
    const { book } = bookAt();
    const terms = budget({ limitUsd: 1 });
    opened(book, question({ ...forAnn(terms), usd: 1 }));
    expect(book.open(question({ budgets: [{ terms, subject: 'bob' }], usd: 1 })).type).toBe('open');
  });

  it('lets pass what costs nothing, at any balance', () => {
    const { book } = bookAt();
    const terms = budget({ limitUsd: 0 });
    expect(book.open(question({ ...forAnn(terms), usd: 0 })).type).toBe('open');
    expect(book.open(question({ ...forAnn(terms), usd: 0.000001 })).type).toBe('stopped');
  });

  it('counts tokens as well as money', () => {
    const { book } = bookAt();
    const terms = budget({ tokenLimit: 1_000 });
    opened(book, question({ ...forAnn(terms), usd: 500, tokens: 900 })).settle({ nanoUsd: 0, tokens: 950 });
    expect(book.open(question({ ...forAnn(terms), usd: 0, tokens: 51 })).type).toBe('stopped');
    expect(book.open(question({ ...forAnn(terms), usd: 0, tokens: 50 })).type).toBe('open');
  });

  it('in shadow mode, and on trial, stops nothing and says what it would have done', () => {
    const { book } = bookAt();
    const terms = budget({ limitUsd: 0 });
    expect(book.open(question({ ...forAnn(terms), enforced: false }))).toMatchObject({
      type: 'open',
      stops: [{ terms: { id: 'daily' } }],
      account: { canStop: false },
    });
    const onTrial = book.open(question(forAnn(budget({ limitUsd: 0, shadow: true }))));
    expect(onTrial).toMatchObject({ type: 'open', account: { canStop: false } });
    if (onTrial.type === 'open') expect(onTrial.account.use({ nanoUsd: 9 * USD, tokens: 1 })).toBeUndefined();
  });
});

describe('counts of providers', () => {
  it.each([Number.NaN, -1e12, Number.POSITIVE_INFINITY, 1e300])(
    'of %s neither give a budget back nor break it',
    (count) => {
      const { book } = bookAt();
      const terms = budget({ limitUsd: 5, tokenLimit: 1e15 });
      opened(book, question({ ...forAnn(terms), usd: 1 })).settle({ nanoUsd: USD, tokens: 10 });
      const account = opened(book, question({ ...forAnn(terms), usd: 0.1 }));
      account.use({ nanoUsd: count, tokens: count });
      account.settle({ nanoUsd: count, tokens: count });
      const { spent, held } = book.state({ terms, subject: 'ann' });
      expect(spent.nanoUsd).toBeGreaterThanOrEqual(USD);
      expect(spent.tokens).toBeGreaterThanOrEqual(10);
      expect(held).toEqual({ nanoUsd: 0, tokens: 0 });
      for (const row of book.takeChanges()?.slots ?? [])
        expect(Number.isSafeInteger(row.nanoUsd + row.tokens)).toBe(true);
    },
  );
});

describe('warning', () => {
  it('tells of each share once per window, and of the highest only if several are passed at once', () => {
    const { book, time } = bookAt();
    const terms = budget({ limitUsd: 1, warnAt: [0.5, 0.8, 1], action: 'warn' });
    const spend = (usd: number) => {
      const answer = book.open(question({ ...forAnn(terms), usd }));
      if (answer.type !== 'open') throw new Error('a budget that warns must not stop');
      const after = answer.account.settle({ nanoUsd: usd * USD, tokens: 1 });
      return [...answer.crossings, ...after].map(({ share }) => share);
    };
    expect(spend(0.4)).toEqual([]);
    expect(spend(0.15)).toEqual([0.5]);
    expect(spend(0.01)).toEqual([]);
    expect(spend(0.6)).toEqual([1]);
    expect(spend(5)).toEqual([]);
    time.nowMs += DAY_MS;
    expect(spend(0.6)).toEqual([0.5]);
  });
});

describe('windows', () => {
  it('begin anew', () => {
    const { book, time } = bookAt();
    const terms = budget({ limitUsd: 1 });
    opened(book, question({ ...forAnn(terms), usd: 1 })).settle({ nanoUsd: USD, tokens: 1 });
    time.nowMs = Date.UTC(2026, 10, 24, 23, 59, 59);
    expect(book.open(question(forAnn(terms))).type).toBe('stopped');
    time.nowMs = Date.UTC(2026, 10, 25);
    expect(book.open(question(forAnn(terms))).type).toBe('open');
  });

  it('that roll let go of what was spent bit by bit, and say when there is room', () => {
    const { book, time } = bookAt();
    const terms = budget({ limitUsd: 1, window: '1h', timezone: undefined });
    for (const minute of [0, 20, 40]) {
      time.nowMs = NOW_MS + minute * 60_000;
      opened(book, question({ ...forAnn(terms), usd: 0.4 - minute / 200 })).settle({
        nanoUsd: (0.4 - minute / 200) * USD,
        tokens: 1,
      });
    }
    time.nowMs = NOW_MS + 45 * 60_000;
    const roomFor = (usd: number) => {
      const answer = book.open(question({ ...forAnn(terms), usd }));
      const [stop] = answer.stops;
      if (answer.type !== 'stopped' || stop?.kind !== 'budget') throw new Error('it should be stopped');
      return ((stop.state.roomAtMs ?? Number.NaN) - NOW_MS) / 60_000;
    };
    expect(roomFor(0.15)).toBe(61);
    expect(roomFor(0.6)).toBe(81);
    expect(roomFor(2)).toBeNaN();
    time.nowMs = NOW_MS + 61 * 60_000;
    opened(book, question({ ...forAnn(terms), usd: 0.15 })).settle({ nanoUsd: 0, tokens: 0 });
    expect(spentOf(book, terms)).toBeCloseTo(0.5, 6);
  });

  it.each([2, -2])('never give a budget back when the clock is set by %s years and back', (years) => {
    const { book, time } = bookAt();
    const terms = budget({ limitUsd: 1 });
    opened(book, question({ ...forAnn(terms), usd: 1 })).settle({ nanoUsd: USD, tokens: 1 });
    // As if a clock had held that long that it was believed.
    time.nowMs += years * 365 * DAY_MS;
    const inTheMeantime = book.open(question({ ...forAnn(terms), usd: 0.5 }));
    if (inTheMeantime.type === 'open') inTheMeantime.account.settle({ nanoUsd: 0.5 * USD, tokens: 1 });
    time.nowMs = NOW_MS + 1_000;
    expect(spentOf(book, terms)).toBeGreaterThanOrEqual(1);
    expect(book.open(question(forAnn(terms))).type).toBe('stopped');
    // And nothing of it is stuck beyond its window.
    time.nowMs += DAY_MS;
    expect(spentOf(book, terms)).toBe(0);
  });
});

describe('many calls at once', () => {
  /** Streams of random lengths and chunk costs in a random order, as a busy machine would interleave them. */
  function simulate(streams: number, limitUsd: number, seed: number) {
    const { book } = bookAt();
    const terms = budget({ limitUsd });
    let state = seed;
    const random = () => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return state / 2_147_483_648;
    };
    let billed = 0;
    let largestChunk = 0;
    const outcomes = { refused: 0, cut: 0, complete: 0 };
    const running: { account: ReturnType<typeof opened>; cost: number; chunks: number }[] = [];
    for (let i = 0; i < streams; i += 1) {
      const input = Math.round((0.001 + random() * 0.01) * USD);
      const answer = book.open(
        question({ ...forAnn(terms), hold: { nanoUsd: input + 0.01 * USD, tokens: 10 } }),
      );
      if (answer.type === 'stopped') outcomes.refused += 1;
      else running.push({ account: answer.account, cost: input, chunks: 1 + Math.floor(random() * 400) });
    }
    while (running.length > 0) {
      const index = Math.floor(random() * running.length);
      const stream = running[index];
      if (stream === undefined) break;
      const chunk = Math.round((0.0001 + random() * 0.0006) * USD);
      largestChunk = Math.max(largestChunk, chunk);
      stream.cost += chunk;
      stream.chunks -= 1;
      const empty = stream.account.use({ nanoUsd: stream.cost, tokens: 10 });
      if (empty === undefined && stream.chunks > 0) continue;
      outcomes[empty === undefined ? 'complete' : 'cut'] += 1;
      billed += stream.cost;
      stream.account.settle({ nanoUsd: stream.cost, tokens: 10 });
      running.splice(index, 1);
    }
    expect(book.state({ terms, subject: 'ann' })).toMatchObject({
      spent: { nanoUsd: billed },
      held: { nanoUsd: 0 },
    });
    return { billed, largestChunk, outcomes };
  }

  it('400 streams against $5 spend no more than $5 and one chunk each', () => {
    const { billed, largestChunk, outcomes } = simulate(400, 5, 7);
    expect(billed).toBeLessThanOrEqual(5 * USD + 400 * largestChunk);
    expect(billed).toBeGreaterThan(4 * USD);
    expect(outcomes.cut).toBeGreaterThan(0);
    expect(outcomes.cut + outcomes.complete + outcomes.refused).toBe(400);
  });

  it('whatever their number, order and size', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0.01, max: 2, noNaN: true }),
        fc.nat(),
        (streams, usd, seed) => {
          const { billed, largestChunk, outcomes } = simulate(streams, usd, seed);
          // Only streams that were cut can have been over, by the chunk that was not passed on.
          expect(billed).toBeLessThanOrEqual(usd * USD + outcomes.cut * largestChunk + 1);
        },
      ),
      { numRuns: 60, seed: 11 },
    );
  });
});

describe('limits', () => {
  const forApp = (terms: ReturnType<typeof limit>) => ({ limits: [{ terms, subject: 'claude-code' }] });

  it('let so many requests pass per minute, then say how long to wait', () => {
    const { book, time } = bookAt();
    const terms = limit({ requestsPerMinute: 6 });
    for (let i = 0; i < 6; i += 1) opened(book, question(forApp(terms)));
    expect(book.open(question(forApp(terms)))).toMatchObject({
      type: 'stopped',
      stops: [{ kind: 'limit', which: 'requests', limit: 6, waitMs: 10_000 }],
    });
    time.monotonicMs += 10_000;
    expect(book.open(question(forApp(terms))).type).toBe('open');
    expect(book.open(question({ limits: [{ terms, subject: 'codex' }] })).type).toBe('open');
  });

  it('correct tokens by what was used, and let a call through that is larger than a minute', () => {
    const { book, time } = bookAt();
    const terms = limit({ tokensPerMinute: 1_000 });
    opened(book, question({ ...forApp(terms), tokens: 600 })).settle({ nanoUsd: 0, tokens: 100 });
    opened(book, question({ ...forApp(terms), tokens: 900 })).settle({ nanoUsd: 0, tokens: 900 });
    const stopped = book.open(question({ ...forApp(terms), tokens: 5_000 }));
    expect(stopped).toMatchObject({ stops: [{ which: 'tokens', waitMs: 60_000 }] });
    time.monotonicMs += 60_000;
    opened(book, question({ ...forApp(terms), tokens: 5_000 }));
    expect(book.open(question({ ...forApp(terms), tokens: 1 })).type).toBe('stopped');
  });

  it('count calls that are open', () => {
    const { book } = bookAt();
    const terms = limit({ concurrentStreams: 2 });
    const first = opened(book, question(forApp(terms)));
    opened(book, question(forApp(terms)));
    expect(book.open(question(forApp(terms)))).toMatchObject({
      stops: [{ which: 'streams', waitMs: undefined }],
    });
    first.settle({ nanoUsd: 0, tokens: 0 });
    expect(book.open(question(forApp(terms))).type).toBe('open');
  });

  it('take nothing from a call that is refused, and fill no bucket when a clock goes back', () => {
    const { book, time } = bookAt();
    const terms = limit({ requestsPerMinute: 1 });
    opened(book, question(forApp(terms)));
    for (let i = 0; i < 50; i += 1) expect(book.open(question(forApp(terms))).type).toBe('stopped');
    time.monotonicMs -= 1e9;
    expect(book.open(question(forApp(terms))).type).toBe('stopped');
    time.monotonicMs += 1e9 + 60_000;
    expect(book.open(question(forApp(terms))).type).toBe('open');
  });
});

describe('what is kept', () => {
  /** A store as `record` keeps it: rows by their keys. */
  function store() {
    const slots = new Map<string, SpendSnapshot['slots'][number]>();
    const holds = new Map<string, SpendSnapshot['holds'][number]>();
    let seenMs = 0;
    return {
      write(changes: SpendChanges | undefined) {
        if (changes === undefined) return;
        for (const { budget: name, subject, startMs } of changes.goneSlots)
          slots.delete(`${name}|${subject}|${startMs}`);
        for (const row of changes.slots) slots.set(`${row.budget}|${row.subject}|${row.startMs}`, row);
        for (const [key, { callId }] of holds) if (changes.goneHolds.includes(callId)) holds.delete(key);
        for (const row of changes.holds) holds.set(`${row.callId}|${row.budget}|${row.subject}`, row);
        seenMs = changes.seenMs;
      },
      snapshot: (): SpendSnapshot => ({ slots: [...slots.values()], holds: [...holds.values()], seenMs }),
    };
  }
  const restored = (snapshot: SpendSnapshot, terms: BudgetTerms) => {
    const { book } = bookAt();
    const unsettled = book.restore(snapshot, (key) => (key === terms.key ? terms.slotAt(NOW_MS) : undefined));
    return { book, unsettled };
  };

  it('comes back after a restart: charges, warnings, and open calls by what they held', () => {
    const { book } = bookAt();
    const kept = store();
    const terms = budget({ limitUsd: 10, warnAt: [0.1] });
    opened(book, question({ ...forAnn(terms), usd: 1 })).settle({ nanoUsd: 2 * USD, tokens: 20 });
    const cutOff = opened(book, question({ ...forAnn(terms), usd: 1, tokens: 5 }));
    cutOff.use({ nanoUsd: 3 * USD, tokens: 50 });
    kept.write(book.takeChanges());
    expect(book.takeChanges()).toBeUndefined();
    const next = restored(kept.snapshot(), terms);
    expect(next.unsettled).toEqual({ calls: 1, nanoUsd: 3 * USD });
    expect(next.book.state({ terms, subject: 'ann' }).spent).toEqual({ nanoUsd: 5 * USD, tokens: 70 });
    const later = next.book.open(question(forAnn(terms)));
    expect(later).toMatchObject({ type: 'open', crossings: [] });
    // Charged once: the hold is gone from the store with the charge.
    kept.write(next.book.takeChanges());
    expect(kept.snapshot().holds.filter(({ nanoUsd }) => nanoUsd === 3 * USD)).toEqual([]);
    expect(
      restored({ ...kept.snapshot(), holds: [] }, terms).book.state({ terms, subject: 'ann' }).spent.nanoUsd,
    ).toBe(5 * USD);
  });

  it('is the same whether every change was written or some attempts failed', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat({ max: 5 }), fc.boolean()), { maxLength: 40 }), (steps) => {
        const { book, time } = bookAt();
        const terms = budget({ limitUsd: 1e6, window: '1h', timezone: undefined });
        const kept = store();
        const open: ReturnType<typeof opened>[] = [];
        let unsaved: SpendChanges | undefined;
        for (const [what, works] of steps) {
          if (what < 3) open.push(opened(book, question({ ...forAnn(terms), usd: what + 1 })));
          else if (what === 3) open.shift()?.settle({ nanoUsd: 7, tokens: 7 });
          else if (what === 4) open[0]?.use({ nanoUsd: 50 * USD, tokens: 5 });
          else time.nowMs += 600_000;
          const changes = book.takeChanges();
          if (changes !== undefined) unsaved = mergeChanges(unsaved, changes);
          if (works) {
            kept.write(unsaved);
            unsaved = undefined;
          }
        }
        kept.write(unsaved);
        const { spent, held } = book.state({ terms, subject: 'ann' });
        const snapshot = kept.snapshot();
        const { book: next } = bookAt(time.nowMs);
        next.restore(snapshot, () => terms.slotAt(time.nowMs));
        expect(next.state({ terms, subject: 'ann' }).spent.nanoUsd).toBe(spent.nanoUsd + held.nanoUsd);
      }),
      { numRuns: 200, seed: 5 },
    );
  });

  it('counts as used up until its window ends if it was lost, for everybody, also after another restart', () => {
    const { book } = bookAt();
    const terms = budget();
    book.closeBudgets([terms]);
    const stopped = book.open(question(forAnn(terms)));
    expect(stopped).toMatchObject({ type: 'stopped', stops: [{ kind: 'budget', state: { lost: true } }] });
    const kept = store();
    kept.write(book.takeChanges());
    const next = bookAt();
    next.book.restore(kept.snapshot(), () => terms.slotAt(NOW_MS));
    expect(next.book.open(question({ budgets: [{ terms, subject: 'bob' }] })).type).toBe('stopped');
    expect(next.book.subjectsOf(terms.key)).not.toContain('*');
    next.time.nowMs += DAY_MS;
    expect(next.book.open(question({ budgets: [{ terms, subject: 'bob' }] })).type).toBe('open');
  });

  it('needs no rows of calls that came and went between two writes', () => {
    const { book } = bookAt();
    const terms = budget({ limitUsd: 1e6 });
    for (let i = 0; i < 100; i += 1) opened(book, question(forAnn(terms))).settle({ nanoUsd: 1, tokens: 1 });
    expect(book.takeChanges()).toMatchObject({ holds: [], goneHolds: [], slots: [{ nanoUsd: 100 }] });
  });

  it('is thinned out at a start, by what was charged last', () => {
    const slots = Array.from({ length: 4_000 }, (_, index) => ({
      budget: 'daily 1d',
      subject: `s${index}`,
      startMs: index,
      nanoUsd: 1,
      tokens: 1,
      warned: 0,
    }));
    const { book } = bookAt();
    book.restore({ slots, holds: [], seenMs: 0 }, () => undefined);
    expect(book.subjectsOf('daily 1d')).toHaveLength(2_500);
    expect(book.subjectsOf('daily 1d')).toContain('s3999');
    expect(book.takeChanges()?.goneSlots).toHaveLength(1_500);
  });

  it('stays bounded, whatever names callers choose', () => {
    const { book } = bookAt();
    const terms = budget({ scope: 'model', limitUsd: 1e6 });
    for (let i = 0; i < 6_000; i += 1) {
      const asked = question({ budgets: [{ terms, subject: `model-${i}${'x'.repeat(500)}` }] });
      opened(book, asked).settle({ nanoUsd: 1, tokens: 1 });
    }
    const subjects = book.subjectsOf(terms.key);
    expect(subjects.length).toBeLessThanOrEqual(5_001);
    expect(Math.max(...subjects.map(({ length }) => length))).toBeLessThanOrEqual(200);
    const unknown = opened(book, question({ budgets: [{ terms, subject: '*' }] }));
    unknown.settle({ nanoUsd: 1, tokens: 1 });
    expect(book.open(question({ budgets: [{ terms, subject: 'model-1' }] })).type).toBe('open');
  });
});
