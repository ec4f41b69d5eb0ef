import { useMemo } from 'preact/hooks';
import { useServices } from '../context.ts';
import { FailureNote } from '../parts/failure-note.tsx';
import { Section } from '../parts/section.tsx';
import { useAnswer } from '../state/use-answer.ts';
import { DayChart } from './day-chart.tsx';
import { everyDay } from './days.ts';

export function DaysSection({ sinceMs, days }: { readonly sinceMs: number; readonly days: number }) {
  const { words } = useServices();
  const { t, money, number, date } = words;
  const { value, failure, ask } = useAnswer('usage', { by: 'day', sinceMs });
  const shown = useMemo(
    () => (value === undefined ? undefined : everyDay(value.rows, sinceMs, days)),
    [value, sinceMs, days],
  );
  return (
    <Section title={t('money.byDay')}>
      {failure !== undefined && <FailureNote failure={failure} retry={ask} />}
      {value !== undefined && shown !== undefined && (
        <>
          <p>
            {t('money.total', {
              amount: money(value.total.nanoUsd),
              calls: t('money.calls', { count: value.total.exchanges }),
            })}
            {value.total.estimated && ` ${t('money.estimated')}`}
          </p>
          <DayChart
            days={shown}
            label={t('money.chart', { amount: money(value.total.nanoUsd), count: days })}
          />
          <details>
            <summary>{t('money.table')}</summary>
            <table>
              <thead>
                <tr>
                  <th scope="col">{t('money.day')}</th>
                  <th scope="col" class="figure">
                    {t('money.cost')}
                  </th>
                  <th scope="col" class="figure">
                    {t('money.callsHead')}
                  </th>
                  <th scope="col" class="figure">
                    {t('money.stopped')}
                  </th>
                </tr>
              </thead>
              <tbody>
                {shown.map((day) => (
                  <tr key={day.atMs}>
                    <th scope="row">{date(day.atMs)}</th>
                    <td class="figure">{money(day.nanoUsd)}</td>
                    <td class="figure">{number(day.exchanges)}</td>
                    <td class="figure">{number(day.blocked)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </details>
        </>
      )}
    </Section>
  );
}
