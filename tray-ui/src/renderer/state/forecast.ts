import type { BudgetView } from '../../../../agent/src/serve/contract.ts';

export interface BudgetForecast {
  /** What will have been spent when the window ends, if it goes on like this. */
  readonly atEnd: number;
  /** When it will be used up, if before the window's end. */
  readonly emptyAtMs: number | undefined;
}

/** How much of a window must have passed before a straight line through it says anything. */
const MIN_SHARE = 0.05;
const FIXED_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** When a calendar window that ends then has begun; undefined for a length that we don't know. */
export function windowStart(window: string, endsAtMs: number): number | undefined {
  const [, count, unit = ''] = /^(\d+)(mo|[mhdwy])$/.exec(window) ?? [];
  if (count === undefined) return undefined;
  const fixed = FIXED_MS[unit];
  if (fixed !== undefined) return endsAtMs - Number(count) * fixed;
  const start = new Date(endsAtMs);
  if (unit === 'mo') start.setMonth(start.getMonth() - Number(count));
  else start.setFullYear(start.getFullYear() - Number(count));
  return start.getTime();
}

export interface BudgetFigures {
  readonly unit: 'money' | 'tokens';
  readonly spent: number;
  readonly limit: number;
  readonly left: number;
}

/** A budget may limit money, tokens, or both: the tighter one counts. Undefined if it limits neither. */
export function figuresOf(budget: BudgetView): BudgetFigures | undefined {
  const { limitNanoUsd, spentNanoUsd, remainingNanoUsd, limitTokens, spentTokens, remainingTokens } = budget;
  const money: BudgetFigures | undefined =
    limitNanoUsd === undefined
      ? undefined
      : {
          unit: 'money',
          spent: spentNanoUsd,
          limit: limitNanoUsd,
          left: Math.max(0, remainingNanoUsd ?? limitNanoUsd - spentNanoUsd),
        };
  const tokens: BudgetFigures | undefined =
    limitTokens === undefined
      ? undefined
      : {
          unit: 'tokens',
          spent: spentTokens,
          limit: limitTokens,
          left: Math.max(0, remainingTokens ?? limitTokens - spentTokens),
        };
  if (money === undefined || tokens === undefined) return money ?? tokens;
  return shareUsed(money) >= shareUsed(tokens) ? money : tokens;
}

/** 0 to 1; a limit of nothing is used up. */
export const shareUsed = ({ spent, limit }: BudgetFigures): number =>
  limit === 0 ? 1 : Math.min(1, spent / limit);

/** A straight line from the window's beginning through now; undefined for rolling windows, or if it is too early to say. */
export function forecast(budget: BudgetView, nowMs: number): BudgetForecast | undefined {
  const figures = figuresOf(budget);
  const { resetsAtMs, window } = budget;
  if (figures === undefined || resetsAtMs === undefined || nowMs >= resetsAtMs) return undefined;
  const startMs = windowStart(window, resetsAtMs);
  if (startMs === undefined || nowMs <= startMs) return undefined;
  const passed = (nowMs - startMs) / (resetsAtMs - startMs);
  if (passed < MIN_SHARE) return undefined;
  const { spent, limit, left } = figures;
  // Used up: where it would have led is no news any more.
  if (left === 0 || budget.lost) return undefined;
  const atEnd = spent / passed;
  const emptyAtMs = atEnd > limit ? nowMs + ((limit - spent) / spent) * (nowMs - startMs) : undefined;
  return { atEnd, emptyAtMs };
}

/** The tightest first: what will stop somebody soonest. On trial last, since it stops nobody. */
export function tightestFirst(budgets: readonly BudgetView[]): BudgetView[] {
  const tightness = (budget: BudgetView): number => {
    const figures = figuresOf(budget);
    if (budget.shadow || figures === undefined) return -1;
    return budget.lost ? 2 : shareUsed(figures);
  };
  return budgets.toSorted((a, b) => tightness(b) - tightness(a));
}
