import type { AgentStatus } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { Facts } from '../parts/facts.tsx';
import { ProblemList } from '../parts/problem-list.tsx';
import { Section } from '../parts/section.tsx';
import type { Problem } from '../state/problem.ts';

/** Where records go, and how far they have come; only where the company has them sent anywhere. */
export function TelemetrySection({ status }: { readonly status: AgentStatus }) {
  const { words } = useServices();
  const { t, dateTime } = words;
  const { telemetry } = status;
  if (telemetry === undefined) return undefined;
  const problems = problemsOf(telemetry);
  return (
    <Section title={t('telemetry.title')}>
      <Facts
        facts={telemetry.destinations.map(
          ({ name, state, lastDeliveryAtMs, waitingRecords }) =>
            [
              name,
              [
                t(`telemetry.is.${state}`),
                t('telemetry.waiting', { count: waitingRecords }),
                lastDeliveryAtMs === undefined
                  ? ''
                  : t('telemetry.last', { time: dateTime(lastDeliveryAtMs) }),
              ].join(' '),
            ] as const,
        )}
      />
      {problems.length > 0 && <ProblemList problems={problems} />}
    </Section>
  );
}

type Telemetry = NonNullable<AgentStatus['telemetry']>;

/** Each once: a collector that refuses one record may well refuse the next for the same reason. */
function problemsOf({ destinations, metrics }: Telemetry): Problem[] {
  const all = [
    ...destinations.flatMap(({ problem, lastRefusal }) => [problem, lastRefusal?.problem]),
    metrics.problem,
  ];
  const known = all.filter((problem) => problem !== undefined);
  return [...new Map(known.map((problem) => [problem.text, problem])).values()];
}
