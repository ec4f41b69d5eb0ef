import type { UsageGroup } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { FailureNote } from '../parts/failure-note.tsx';
import { Meter } from '../parts/meter.tsx';
import { Section } from '../parts/section.tsx';
import { useAnswer } from '../state/use-answer.ts';

const MOST = 12;

/** A table with bars: it reads at a glance, and it reads out. */
export function UsageSection(props: {
  readonly by: UsageGroup;
  readonly title: string;
  readonly sinceMs: number;
}) {
  const { words } = useServices();
  const { t, money, number } = words;
  const { value, failure, ask } = useAnswer('usage', { by: props.by, sinceMs: props.sinceMs });
  const rows = value?.rows.slice(0, MOST) ?? [];
  const dearest = Math.max(...rows.map(({ nanoUsd }) => nanoUsd), 1);
  return (
    <Section title={props.title}>
      {failure !== undefined && <FailureNote failure={failure} retry={ask} />}
      {value !== undefined && rows.length === 0 && <p>{t('money.nothing')}</p>}
      {rows.length > 0 && (
        <table class="bars">
          <thead>
            <tr>
              <th scope="col">{t('money.name')}</th>
              <th scope="col" class="figure">
                {t('money.cost')}
              </th>
              <th scope="col" class="figure">
                {t('money.callsHead')}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.key}>
                <th scope="row">
                  {row.key === '(none)' ? t('money.none') : row.key}
                  <Meter share={row.nanoUsd / dearest} tone="plain" />
                </th>
                <td class="figure">
                  {row.estimated ? t('call.about', { amount: money(row.nanoUsd) }) : money(row.nanoUsd)}
                </td>
                <td class="figure">{number(row.exchanges)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}
