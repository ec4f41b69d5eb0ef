import { useId, useState } from 'preact/hooks';
import type { AgentStatus } from '../../../../agent/src/serve/contract.ts';
import type { BridgeAnswer } from '../../shared/bridge.ts';
import { useServices } from '../context.ts';
import { FailureNote } from '../parts/failure-note.tsx';
import { Section } from '../parts/section.tsx';
import type { Failure } from '../state/failure.ts';

/** A help desk's code, read out over the telephone: lifts the rules for a while. */
export function OverrideSection({ status }: { readonly status: AgentStatus }) {
  const { bridge, words } = useServices();
  const { t, dateTime } = words;
  const [code, setCode] = useState('');
  const [failure, setFailure] = useState<Failure>();
  const field = useId();
  const { override } = status.policy;

  async function said(answer: Promise<BridgeAnswer<unknown>>): Promise<void> {
    const result = await answer;
    setFailure(result.ok ? undefined : result);
    if (result.ok) setCode('');
  }

  function use(event: Event): void {
    event.preventDefault();
    void said(bridge.call('override', { code }));
  }

  return (
    <Section title={t('override.title')}>
      {override === undefined ? (
        <form class="form" onSubmit={use}>
          <p>{t('override.lead')}</p>
          <div class="field">
            <label for={field}>{t('override.code')}</label>
            <input
              id={field}
              required
              maxLength={100}
              autocomplete="off"
              spellcheck={false}
              value={code}
              onInput={(event) => setCode(event.currentTarget.value)}
            />
          </div>
          <button type="submit" class="button" disabled={code.trim() === ''}>
            {t('override.use')}
          </button>
        </form>
      ) : (
        <>
          <p>{t('policy.override', { time: dateTime(override.untilMs) })}</p>
          <button type="button" class="button" onClick={() => void said(bridge.call('endOverride', {}))}>
            {t('override.end')}
          </button>
        </>
      )}
      {failure !== undefined && <FailureNote failure={failure} />}
    </Section>
  );
}
