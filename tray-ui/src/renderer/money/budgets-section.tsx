import type { BudgetView } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { amount, BudgetBar } from '../parts/budget-bar.tsx';
import { Section } from '../parts/section.tsx';
import { when } from '../state/call-words.ts';
import { figuresOf, forecast, tightestFirst } from '../state/forecast.ts';

export function BudgetsSection({ budgets }: { readonly budgets: readonly BudgetView[] }) {
  const { t } = useServices().words;
  return (
    <Section title={t('budgets.title')}>
      {budgets.length === 0 && <p>{t('budgets.none')}</p>}
      <ul class="budgets budgets-wide">
        {tightestFirst(budgets).map((budget) => (
          <li key={`${budget.id} ${budget.subject}`}>
            <BudgetBar budget={budget} />
            <p class="muted">
              {t('budget.subject', { subject: budget.subject })} {t(`budget.when.${budget.action}`)}
            </p>
            <Forecast budget={budget} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Forecast({ budget }: { readonly budget: BudgetView }) {
  const { words } = useServices();
  const nowMs = Date.now();
  const figures = figuresOf(budget);
  const expected = forecast(budget, nowMs);
  if (figures === undefined || expected === undefined) return undefined;
  const { atEnd, emptyAtMs } = expected;
  return (
    <p>
      {emptyAtMs === undefined
        ? words.t('budget.forecast', { amount: amount(figures, atEnd, words) })
        : words.t('budget.forecastEmpty', { time: when(emptyAtMs, nowMs, words) })}
    </p>
  );
}
