import { useId, useState } from 'preact/hooks';
import type { ExchangeView } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { ExceptionList } from '../parts/exception-list.tsx';
import { FailureNote } from '../parts/failure-note.tsx';
import type { Failure } from '../state/failure.ts';
import { useAnswer } from '../state/use-answer.ts';

const MIN_CHARS = 5;

/** A rule that lets calls pass for a reason: asks for it, shows until when it holds, and ends it. */
export function ExceptionForm({ exchange }: { readonly exchange: ExchangeView }) {
  const { bridge, words, announce } = useServices();
  const { t } = words;
  const { value, ask } = useAnswer('exceptions', {});
  const [reason, setReason] = useState('');
  const [failure, setFailure] = useState<Failure>();
  const field = useId();
  const rules = new Set(
    exchange.reasons.filter(({ action }) => action === 'justify').map(({ rule }) => rule),
  );
  const granted = (value?.exceptions ?? []).filter(
    ({ rule, app }) => rules.has(rule) && app === exchange.app.id,
  );

  async function send(event: Event): Promise<void> {
    event.preventDefault();
    const answer = await bridge.call('justify', { decision: exchange.id, reason });
    if (!answer.ok) return setFailure(answer);
    setFailure(undefined);
    setReason('');
    announce(t('exception.granted'));
    ask();
  }

  return (
    <section>
      <h3>{t('exception.title')}</h3>
      {granted.length > 0 ? (
        <>
          <p>{t('exception.holds')}</p>
          <ExceptionList exceptions={granted} onEnded={ask} />
        </>
      ) : (
        <form class="form" onSubmit={(event) => void send(event)}>
          <p>{t('exception.lead')}</p>
          <div class="field">
            <label for={field}>{t('exception.reason')}</label>
            <textarea
              id={field}
              rows={2}
              required
              minLength={MIN_CHARS}
              maxLength={500}
              value={reason}
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          </div>
          <button type="submit" class="button button-main" disabled={reason.trim().length < MIN_CHARS}>
            {t('exception.send')}
          </button>
          {failure !== undefined && <FailureNote failure={failure} />}
        </form>
      )}
    </section>
  );
}
