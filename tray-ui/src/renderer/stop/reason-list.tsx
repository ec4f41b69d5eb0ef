import type { ExchangeView } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { AgentText } from '../parts/agent-text.tsx';
import { OUTCOME_WORDS } from '../state/call-words.ts';

/** The rules that had a say, those that decided first. */
export function ReasonList({ exchange }: { readonly exchange: ExchangeView }) {
  const { t } = useServices().words;
  const reasons = exchange.reasons.toSorted(
    (a, b) => Number(b.action === exchange.effective) - Number(a.action === exchange.effective),
  );
  if (reasons.length === 0) return undefined;
  return (
    <section>
      <h3>{t('decision.why')}</h3>
      <ul class="reasons">
        {reasons.map(({ rule, action, text, message, shadow }) => (
          <li key={`${rule} ${text}`}>
            <p>
              <AgentText text={text} />
            </p>
            {message !== undefined && (
              <blockquote>
                <AgentText text={message} />
              </blockquote>
            )}
            <p class="muted">
              {t('decision.rule')} <code>{rule}</code>: {t(OUTCOME_WORDS[action])}
              {shadow === true && ` (${t('decision.onTrial')})`}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
