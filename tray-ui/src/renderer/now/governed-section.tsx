import type { AgentStatus } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { Section } from '../parts/section.tsx';

/** What is looked at and what isn't, in figures since the agent's start. */
export function GovernedSection({ status }: { readonly status: AgentStatus }) {
  const { words, router } = useServices();
  const { t, dateTime } = words;
  const { counters, ca, process } = status;
  const { decisions } = counters;
  return (
    <Section title={t('governed.title')}>
      <p class="muted">{t('governed.since', { time: dateTime(process.startedAtMs) })}</p>
      <ul class="plain-list">
        <li>{t('governed.calls', { count: counters.exchanges })}</li>
        <li>{t('governed.stopped', { count: decisions.block + decisions.justify })}</li>
        {decisions.redact > 0 && <li>{t('governed.changed', { count: decisions.redact })}</li>}
        <li>{t('governed.tunnels', { count: counters.tunnels })}</li>
        {counters.handshakesRefused > 0 && (
          <li>{t('governed.refused', { count: counters.handshakesRefused })}</li>
        )}
        {ca.uncovered.length > 0 && <li>{t('governed.uncovered', { count: ca.uncovered.length })}</li>}
      </ul>
      <p class="muted">{t('governed.only')}</p>
      <button type="button" class="button" onClick={() => router.go({ page: 'privacy' })}>
        {t('governed.open')}
      </button>
    </Section>
  );
}
