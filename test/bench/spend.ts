/**
 * What money costs in time: `node test/bench/spend.ts`. One call against several budgets and limits, a chunk of an
 * answer, the forecast of a call, and a window's bounds.
 */
import { Forecaster } from '../../agent/src/account/forecast.ts';
import { createPriceBook } from '../../agent/src/account/price-book.ts';
import { BudgetClock } from '../../agent/src/account/spend/budget-clock.ts';
import { SpendBook } from '../../agent/src/account/spend/spend-book.ts';
import { compileWindow } from '../../agent/src/account/spend/window.ts';
import type { Part } from '../../agent/src/core/exchange.ts';
import { tokens } from '../../agent/src/core/units.ts';
import { budget, limit } from '../account/spend/support.ts';
import { exchangeOf, partOf } from '../kit/decide.ts';

function measure(name: string, rounds: number, work: (round: number) => unknown): void {
  for (let i = 0; i < rounds / 10; i += 1) work(i);
  const samples: number[] = [];
  for (let repeat = 0; repeat < 5; repeat += 1) {
    const startedMs = performance.now();
    for (let i = 0; i < rounds; i += 1) work(i);
    samples.push(((performance.now() - startedMs) * 1_000) / rounds);
  }
  const median = samples.sort((a, b) => a - b)[2] ?? Number.NaN;
  console.log(`${name.padEnd(58)} ${median.toFixed(2)} µs`);
}

const reading = () => ({ wallMs: Date.now(), uptimeMs: performance.now() + 1e6 });
const clock = new BudgetClock(reading());
const book = new SpendBook({ nowMs: () => clock.read(reading()), monotonicMs: () => performance.now() });
const terms = ['1d', '1mo', '1h', '1y'].map((window, index) =>
  budget({ id: `b${index}`, key: `b${index}`, window, limitUsd: 1e6, warnAt: [0.5, 0.8] }),
);
const limits = [
  limit({ requestsPerMinute: 1_000_000, tokensPerMinute: 1e10 }),
  limit({ id: 'l2', concurrentStreams: 10_000 }),
];
const asked = (round: number, count: number) => ({
  callId: `call-${round}`,
  budgets: terms.slice(0, count).map((each) => ({ terms: each, subject: 'ann' })),
  limits: count === 0 ? [] : limits.map((each) => ({ terms: each, subject: 'claude-code' })),
  hold: { nanoUsd: 1_000, tokens: 100 },
  enforced: true,
});
function call(round: number, count: number): void {
  const answer = book.open(asked(round, count));
  if (answer.type === 'open') answer.account.settle({ nanoUsd: 900, tokens: 90 });
}

measure('a call, no budgets', 200_000, (round) => call(round, 0));
measure('a call, one budget and two limits', 200_000, (round) => {
  call(round, 1);
  if (round % 1_000 === 0) book.takeChanges();
});
measure('a call, four budgets and two limits', 200_000, (round) => {
  call(round, 4);
  if (round % 1_000 === 0) book.takeChanges();
});
const open = book.open(asked(-1, 4));
let used = 0;
measure('a chunk of an answer, four budgets', 1_000_000, () => {
  used += 10;
  if (open.type === 'open') open.account.use({ nanoUsd: used, tokens: used });
});

const forecaster = new Forecaster();
const prose = 'The postern is a small door beside the great gate of a castle. ';
const conversation = (parts: number, characters: number): Part[] =>
  Array.from({ length: parts }, (_, index) =>
    partOf({ pointer: `/messages/${index}/content`, text: prose.repeat(characters / prose.length) }),
  );
const small = exchangeOf({ parts: conversation(1, 8_192) });
const large = exchangeOf({ parts: conversation(128, 8_192) });
measure('forecast, 8 KB, conversation not seen before', 2_000, (round) =>
  forecaster.forecast('anthropic', { ...small, model: `model-${round}` }),
);
const known = forecaster.forecast('anthropic', small);
forecaster.learn(known.basis, 2_000);
measure('forecast, 8 KB, calibrated', 50_000, () => forecaster.forecast('anthropic', small));
measure('forecast, 1 MB in 128 messages, calibrated', 20_000, () => forecaster.forecast('anthropic', large));

const prices = createPriceBook();
const usage = {
  inputTokens: tokens(2_000),
  cacheReadTokens: tokens(1_000),
  cacheWriteTokens: undefined,
  cacheWrite1hTokens: undefined,
  outputTokens: tokens(300),
  reasoningTokens: undefined,
  inputAudioTokens: undefined,
  outputAudioTokens: undefined,
  raw: undefined,
};
const atMs = Date.now();
measure('price of a call', 500_000, () =>
  prices.priceUsage({ service: 'anthropic', model: 'claude-sonnet-4-5', usage, atMs }),
);
const slotAt = compileWindow({ count: 1, unit: 'd' }, 'Europe/Oslo');
measure('bounds of a window, remembered', 1_000_000, () => slotAt(atMs));
measure('bounds of a window, computed', 5_000, (round) => slotAt(atMs + (round % 2) * 86_400_000));
