import type { ExchangeView } from '../../../../agent/src/serve/contract.ts';
import type { MessageKey } from '../../shared/i18n/messages.ts';
import { serviceOf } from '../../shared/tray-state.ts';
import { useServices } from '../context.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import { OutcomeBadge } from '../parts/outcome-badge.tsx';
import { type Outcome, outcomeOf } from '../state/call-words.ts';

const WHAT_WAS_DONE: Readonly<Record<Outcome, MessageKey>> = {
  allow: 'summary.allow',
  warn: 'summary.warn',
  redact: 'summary.redact',
  justify: 'summary.justify',
  block: 'summary.block',
  cut: 'summary.cut',
  failed: 'summary.failed',
};

export function StopSummary({ exchange }: { readonly exchange: ExchangeView }) {
  const { t } = useServices().words;
  const { decision, effective, id } = exchange;
  const service = serviceOf(exchange);
  return (
    <div class="summary">
      <OutcomeBadge exchange={exchange} />
      <p>{t(WHAT_WAS_DONE[outcomeOf(exchange)], { service })}</p>
      {decision !== effective && <p class="muted">{t('summary.shadow')}</p>}
      <p class="id-line">
        <span class="muted">{t('decision.id')}</span> <code>{id}</code>
        <CopyButton text={id} label={t('decision.copy')} />
      </p>
    </div>
  );
}
