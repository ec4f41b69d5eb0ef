import { useId, useState } from 'preact/hooks';
import { useServices } from '../context.ts';
import { Dialog } from '../parts/dialog.tsx';
import { FailureNote } from '../parts/failure-note.tsx';
import type { Failure } from '../state/failure.ts';

const MINUTES = [15, 30, 60, 120] as const;

/** A pause wants a reason, which is kept in the log; it ends by itself. */
export function PauseDialog(props: { readonly minutes?: number; readonly onClose: () => void }) {
  const { onClose } = props;
  const { bridge, words, announce } = useServices();
  const { t, time } = words;
  const [minutes, setMinutes] = useState<number>(props.minutes ?? MINUTES[0]);
  const [reason, setReason] = useState('');
  const [failure, setFailure] = useState<Failure>();
  const field = useId();

  async function send(event: Event): Promise<void> {
    event.preventDefault();
    const answer = await bridge.call('pause', { minutes, reason });
    if (!answer.ok) return setFailure(answer);
    announce(t('state.paused', { time: time(answer.output.untilMs) }));
    onClose();
  }

  return (
    <Dialog kind="question" title={t('pause.title')} onClose={onClose}>
      <form class="form" onSubmit={(event) => void send(event)}>
        <p>{t('pause.lead')}</p>
        <fieldset>
          <legend>{t('pause.howLong')}</legend>
          <div class="choices">
            {MINUTES.map((choice) => (
              <label key={choice} class="check">
                <input
                  type="radio"
                  name="minutes"
                  checked={minutes === choice}
                  onChange={() => setMinutes(choice)}
                />
                {t('pause.minutes', { count: choice })}
              </label>
            ))}
          </div>
        </fieldset>
        <div class="field">
          <label for={field}>{t('pause.reason')}</label>
          <input
            id={field}
            required
            maxLength={300}
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </div>
        {failure !== undefined && <FailureNote failure={failure} />}
        <div class="actions">
          <button type="submit" class="button button-main" disabled={reason.trim() === ''}>
            {t('pause.start')}
          </button>
          <button type="button" class="button" onClick={onClose}>
            {t('dialog.cancel')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
