import { useId, useMemo, useState } from 'preact/hooks';
import { useServices } from '../context.ts';
import { PageTitle } from '../parts/page-title.tsx';
import { BudgetsSection } from './budgets-section.tsx';
import { DaysSection } from './days-section.tsx';
import { LimitsSection } from './limits-section.tsx';
import { UsageSection } from './usage-section.tsx';

const PERIODS = [7, 30, 90] as const;

export function MoneyPage() {
  const { words, agent } = useServices();
  const { t } = words;
  const [days, setDays] = useState<number>(PERIODS[1]);
  const id = useId();
  // Whole days: today and the ones before it.
  const sinceMs = useMemo(() => {
    const midnight = new Date();
    midnight.setHours(0, 0, 0, 0);
    midnight.setDate(midnight.getDate() - (days - 1));
    return midnight.getTime();
  }, [days]);
  const status = agent.status.value;
  return (
    <div class="page">
      <PageTitle text={t('page.money')} />
      {status !== undefined && <BudgetsSection budgets={status.budgets} />}
      <LimitsSection />
      <div class="field field-inline">
        <label for={id}>{t('money.period')}</label>
        <select
          id={id}
          value={String(days)}
          onChange={({ currentTarget }) => setDays(Number(currentTarget.value))}
        >
          {PERIODS.map((count) => (
            <option key={count} value={String(count)}>
              {t('money.days', { count })}
            </option>
          ))}
        </select>
      </div>
      <DaysSection sinceMs={sinceMs} days={days} />
      <div class="columns">
        <UsageSection by="app" title={t('money.byApp')} sinceMs={sinceMs} />
        <UsageSection by="model" title={t('money.byModel')} sinceMs={sinceMs} />
      </div>
      <UsageSection by="key" title={t('money.byKey')} sinceMs={sinceMs} />
    </div>
  );
}
