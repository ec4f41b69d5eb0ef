import { useState } from 'preact/hooks';
import type { CallOutput } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { when } from '../state/call-words.ts';
import type { Failure } from '../state/failure.ts';
import { FailureNote } from './failure-note.tsx';

type Exceptions = CallOutput<'exceptions'>['exceptions'];

/** Reasons that are in force, with their ends, and how to end them now. */
export function ExceptionList(props: { readonly exceptions: Exceptions; readonly onEnded: () => void }) {
  const { bridge, words, announce } = useServices();
  const { t } = words;
  const [failure, setFailure] = useState<Failure>();
  async function end(id: string): Promise<void> {
    const answer = await bridge.call('revokeException', { id });
    setFailure(answer.ok ? undefined : answer);
    if (answer.ok) announce(t('exception.ended'));
    props.onEnded();
  }
  return (
    <>
      <ul class="exceptions">
        {props.exceptions.map(({ id, rule, app, reason, untilMs }) => (
          <li key={id}>
            <div>
              <p>
                <code>{rule}</code> · {app}
              </p>
              <p class="muted">
                {t('exception.until', { time: when(untilMs, Date.now(), words) })} · “{reason}”
              </p>
            </div>
            <button
              type="button"
              class="button button-small"
              aria-label={t('exception.endNamed', { rule, app })}
              onClick={() => void end(id)}
            >
              {t('exception.end')}
            </button>
          </li>
        ))}
      </ul>
      {failure !== undefined && <FailureNote failure={failure} />}
    </>
  );
}
