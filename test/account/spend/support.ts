import { SpendBook } from '../../../agent/src/account/spend/spend-book.ts';
import { compileWindow } from '../../../agent/src/account/spend/window.ts';
import type { BudgetTerms, LimitTerms, SpendAccount, SpendQuestion } from '../../../agent/src/core/spend.ts';
import { nanoUsd, tokens } from '../../../agent/src/core/units.ts';
import { parseWindow } from '../../../policies/schema/budgets.ts';

export const NOW_MS = Date.UTC(2026, 10, 24, 10);
export const USD = 1e9;

export function budget(
  changes: Partial<BudgetTerms> & { limitUsd?: number; tokenLimit?: number } = {},
): BudgetTerms {
  const { limitUsd, tokenLimit, ...rest } = changes;
  const window = rest.window ?? '1d';
  const timezone = 'timezone' in rest ? rest.timezone : 'UTC';
  return {
    id: 'daily',
    key: `daily ${window}`,
    scope: 'user',
    window,
    timezone,
    slotAt: compileWindow(parseWindow(window) ?? { count: 1, unit: 'd' }, timezone),
    limitNanoUsd:
      tokenLimit !== undefined && limitUsd === undefined ? undefined : nanoUsd((limitUsd ?? 5) * USD),
    limitTokens: tokenLimit === undefined ? undefined : tokens(tokenLimit),
    warnAt: [],
    action: 'block',
    models: [],
    message: undefined,
    shadow: false,
    ...rest,
  };
}

export function limit(changes: Partial<LimitTerms>): LimitTerms {
  return {
    id: 'burst',
    scope: 'app',
    requestsPerMinute: undefined,
    tokensPerMinute: undefined,
    concurrentStreams: undefined,
    action: 'block',
    message: undefined,
    shadow: false,
    ...changes,
  };
}

let calls = 0;
export function question(
  changes: Partial<SpendQuestion> & { usd?: number; tokens?: number } = {},
): SpendQuestion {
  calls += 1;
  const { usd = 0.01, tokens: count = 100, ...rest } = changes;
  return {
    callId: `call-${calls}`,
    budgets: [],
    limits: [],
    hold: { nanoUsd: Math.round(usd * USD), tokens: count },
    enforced: true,
    ...rest,
  };
}

/** A book whose time the test decides. */
export function bookAt(nowMs = NOW_MS) {
  const time = { nowMs, monotonicMs: 0 };
  const book = new SpendBook({ nowMs: () => time.nowMs, monotonicMs: () => time.monotonicMs });
  return { book, time };
}

export function opened(book: SpendBook, asked: SpendQuestion): SpendAccount {
  const answer = book.open(asked);
  if (answer.type !== 'open')
    throw new Error(`stopped by ${answer.stops.map(({ terms }) => terms.id).join(', ')}`);
  return answer.account;
}
