import type { BudgetView } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { BudgetBar } from '../parts/budget-bar.tsx';
import { Section } from '../parts/section.tsx';
import { figuresOf, tightestFirst } from '../state/forecast.ts';

const MOST = 3;

export function BudgetsAtAGlance({ budgets }: { readonly budgets: readonly BudgetView[] }) {
  const { router, words } = useServices();
  const { t } = words;
  const limited = tightestFirst(budgets).filter((budget) => figuresOf(budget) !== undefined);
  return (
    <Section title={t('budgets.title')}>
      {limited.length === 0 && <p>{t('budgets.none')}</p>}
      <ul class="budgets">
        {limited.slice(0, MOST).map((budget) => (
          <li key={`${budget.id} ${budget.subject}`}>
            <BudgetBar budget={budget} />
          </li>
        ))}
      </ul>
      {limited.length > 0 && (
        <button type="button" class="button" onClick={() => router.go({ page: 'money' })}>
          {t('budgets.open')}
        </button>
      )}
    </Section>
  );
}
