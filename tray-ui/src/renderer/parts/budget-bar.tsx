import type { BudgetView } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { when } from '../state/call-words.ts';
import { type BudgetFigures, figuresOf, shareUsed } from '../state/forecast.ts';
import { Meter } from './meter.tsx';

const WARN_SHARE = 0.8;

/** One budget: what is left of what, until when. */
export function BudgetBar({ budget }: { readonly budget: BudgetView }) {
  const { words } = useServices();
  const { t } = words;
  const figures = figuresOf(budget);
  if (figures === undefined) return undefined;
  const share = budget.lost ? 1 : shareUsed(figures);
  const isEmpty = budget.lost || figures.left === 0;
  const tone = share >= 1 ? 'stop' : share >= WARN_SHARE ? 'warn' : 'plain';
  return (
    <div class="budget">
      <p class="budget-name">
        <strong>{budget.id}</strong> <span class="muted">{t(`scope.${budget.scope}`)}</span>
        {budget.shadow && <span class="muted"> ({t('decision.onTrial')})</span>}
      </p>
      <p>
        {isEmpty
          ? t(budget.lost ? 'budget.lost' : 'budget.empty', { limit: amount(figures, figures.limit, words) })
          : t('budget.left', {
              left: amount(figures, figures.left, words),
              limit: amount(figures, figures.limit, words),
            })}
      </p>
      <Meter share={share} tone={tone} />
      <p class="muted">
        {budget.resetsAtMs === undefined
          ? t('budget.rolling', { window: words.span(budget.window) })
          : t('budget.resets', { time: when(budget.resetsAtMs, Date.now(), words) })}
      </p>
    </div>
  );
}

export function amount(
  { unit }: Pick<BudgetFigures, 'unit'>,
  value: number,
  { t, money, number }: ReturnType<typeof useServices>['words'],
): string {
  return unit === 'money' ? money(value) : t('budget.tokens', { count: number(Math.round(value)) });
}
