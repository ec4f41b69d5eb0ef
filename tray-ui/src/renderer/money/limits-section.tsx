import type { LimitView } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { Section } from '../parts/section.tsx';
import { useAnswer } from '../state/use-answer.ts';

/** How fast calls may follow one another, where the policy limits that; nothing where it doesn't. */
export function LimitsSection() {
  const { t } = useServices().words;
  const limits = useAnswer('limits', {}).value?.limits ?? [];
  if (limits.length === 0) return undefined;
  return (
    <Section title={t('limits.title')}>
      <ul class="budgets budgets-wide">
        {limits.map((limit) => (
          <li key={`${limit.id} ${limit.subject}`}>
            <OneLimit limit={limit} />
          </li>
        ))}
      </ul>
      <p class="muted">{t('limits.fillAgain')}</p>
    </Section>
  );
}

function OneLimit({ limit }: { readonly limit: LimitView }) {
  const { t, number } = useServices().words;
  const { requestsPerMinute, tokensPerMinute, concurrentStreams } = limit;
  return (
    <div class="budget">
      <p class="budget-name">
        <strong>{limit.id}</strong> <span class="muted">{t(`scope.${limit.scope}`)}</span>
        {limit.shadow && <span class="muted"> ({t('decision.onTrial')})</span>}
      </p>
      {requestsPerMinute !== undefined && (
        <p>
          {t('limits.requests', { left: number(limit.requestsLeft ?? 0), limit: number(requestsPerMinute) })}
        </p>
      )}
      {tokensPerMinute !== undefined && (
        <p>{t('limits.tokens', { left: number(limit.tokensLeft ?? 0), limit: number(tokensPerMinute) })}</p>
      )}
      {concurrentStreams !== undefined && (
        <p>
          {t('limits.streams', { open: number(limit.openStreams ?? 0), limit: number(concurrentStreams) })}
        </p>
      )}
      <p class="muted">{t('budget.subject', { subject: limit.subject })}</p>
    </div>
  );
}
