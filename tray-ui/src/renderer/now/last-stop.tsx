import { useEffect, useState } from 'preact/hooks';
import type { ExchangeView } from '../../../../agent/src/serve/contract.ts';
import { serviceOf } from '../../shared/tray-state.ts';
import { useServices } from '../context.ts';
import { AgentText } from '../parts/agent-text.tsx';
import { FailureNote } from '../parts/failure-note.tsx';
import { OutcomeBadge } from '../parts/outcome-badge.tsx';
import { Section } from '../parts/section.tsx';
import { isStop, mainReason, ruleWords, when } from '../state/call-words.ts';
import { useAnswer } from '../state/use-answer.ts';

export function LastStop() {
  const { agent, words } = useServices();
  const { value, failure, ask } = useAnswer('exchanges', { limit: 1, stopped: 'true' });
  const [live, setLive] = useState<ExchangeView>();
  useEffect(() => agent.onExchange((exchange) => isStop(exchange) && setLive(exchange)), [agent]);
  const stop = live ?? value?.exchanges[0];
  return (
    <Section title={words.t('lastStop.title')}>
      {failure !== undefined && <FailureNote failure={failure} retry={ask} />}
      {value !== undefined && stop === undefined && <p>{words.t('lastStop.none')}</p>}
      {stop !== undefined && <Stop stop={stop} />}
    </Section>
  );
}

function Stop({ stop }: { readonly stop: ExchangeView }) {
  const { router, words } = useServices();
  const { t } = words;
  const reason = mainReason(stop);
  return (
    <>
      <p class="stop-line">
        <OutcomeBadge exchange={stop} />{' '}
        {t('lastStop.who', {
          app: stop.app.name,
          service: serviceOf(stop),
          time: when(stop.startedAtMs, Date.now(), words),
        })}
      </p>
      {reason !== undefined && (
        <p>{ruleWords(stop, reason.rule, words) ?? <AgentText text={reason.text} />}</p>
      )}
      <button type="button" class="button" onClick={() => router.go({ page: 'activity', decision: stop.id })}>
        {t('lastStop.open')}
      </button>
    </>
  );
}
