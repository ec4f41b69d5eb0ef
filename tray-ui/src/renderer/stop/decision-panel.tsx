import { useEffect, useState } from 'preact/hooks';
import type { ExchangeView } from '../../../../agent/src/serve/contract.ts';
import { serviceOf } from '../../shared/tray-state.ts';
import { useServices } from '../context.ts';
import { Dialog } from '../parts/dialog.tsx';
import { FailureNote } from '../parts/failure-note.tsx';
import { isStop } from '../state/call-words.ts';
import type { Failure } from '../state/failure.ts';
import { CallFacts } from './call-facts.tsx';
import { ExceptionForm } from './exception-form.tsx';
import { FoundList } from './found-list.tsx';
import { KeptText } from './kept-text.tsx';
import { NextSteps } from './next-steps.tsx';
import { ReasonList } from './reason-list.tsx';
import { StopSummary } from './stop-summary.tsx';

/** A call with its whole explanation: which rule, what was found and where, what to do now, and what is kept of it. */
export function DecisionPanel({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const { bridge, words } = useServices();
  const [exchange, setExchange] = useState<ExchangeView>();
  const [failure, setFailure] = useState<Failure>();

  useEffect(() => {
    let wanted = true;
    void bridge.call('exchange', { id }).then((answer) => {
      if (!wanted) return;
      if (answer.ok) setExchange(answer.output);
      else setFailure(answer);
    });
    return () => {
      wanted = false;
    };
  }, [bridge, id]);

  const title =
    exchange === undefined
      ? words.t('decision.title')
      : words.t(isStop(exchange) ? 'decision.titleStopped' : 'decision.titleCall', {
          app: exchange.app.name,
          service: serviceOf(exchange),
        });
  return (
    <Dialog kind="panel" title={title} onClose={onClose}>
      {failure !== undefined && <FailureNote failure={failure} />}
      {exchange === undefined && failure === undefined && <p role="status">{words.t('loading')}</p>}
      {exchange !== undefined && (
        <>
          <StopSummary exchange={exchange} />
          <ReasonList exchange={exchange} />
          <FoundList exchange={exchange} />
          <NextSteps exchange={exchange} />
          {exchange.effective === 'justify' && <ExceptionForm exchange={exchange} />}
          <CallFacts exchange={exchange} />
          <KeptText exchange={exchange} />
        </>
      )}
    </Dialog>
  );
}
