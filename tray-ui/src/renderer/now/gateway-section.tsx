import type { AgentStatus } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { AgentText } from '../parts/agent-text.tsx';
import { Facts } from '../parts/facts.tsx';
import { Section } from '../parts/section.tsx';

const NANO = 1e9;

/** The company's gateway, where one is configured: whether it takes calls, and what the key may still spend there. */
export function GatewaySection({ status }: { readonly status: AgentStatus }) {
  const { words } = useServices();
  const { t, number, money } = words;
  const { gateway } = status;
  if (gateway === undefined) return undefined;
  return (
    <Section title={t('gateway.title')}>
      <Facts
        facts={[
          [t('gateway.host'), `${gateway.host} (${gateway.kind})`],
          [t('gateway.state'), t(`gateway.is.${gateway.state}`)],
          gateway.latencyMs === undefined
            ? undefined
            : [
                t('gateway.latency'),
                t('facts.milliseconds', { count: number(Math.round(gateway.latencyMs)) }),
              ],
          gateway.key === undefined ? undefined : [t('gateway.key'), gateway.key],
          ...(gateway.quota?.budgets ?? []).map(
            ({ label, limitUsd, spentUsd }) =>
              [
                label,
                t('budget.left', {
                  left: money(Math.max(0, limitUsd - spentUsd) * NANO),
                  limit: money(limitUsd * NANO),
                }),
              ] as const,
          ),
        ]}
      />
      {gateway.quotaProblem !== undefined && (
        <p>
          <AgentText text={gateway.quotaProblem} />
        </p>
      )}
    </Section>
  );
}
