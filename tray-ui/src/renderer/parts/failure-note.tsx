import { useServices } from '../context.ts';
import type { Failure } from '../state/failure.ts';
import { AgentText } from './agent-text.tsx';

/** A question that the agent didn't answer: what it said, and another try. */
export function FailureNote({ failure, retry }: { readonly failure: Failure; readonly retry?: () => void }) {
  const { t } = useServices().words;
  return (
    <div class="note note-bad" role="alert">
      <p>{failure.code === 'not-running' ? t('failure.notRunning') : <AgentText text={failure.message} />}</p>
      {retry !== undefined && (
        <button type="button" class="button" onClick={retry}>
          {t('failure.retry')}
        </button>
      )}
    </div>
  );
}
