import { useState } from 'preact/hooks';
import type { AgentStatus } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { FailureNote } from '../parts/failure-note.tsx';
import type { Failure } from '../state/failure.ts';
import { PauseDialog } from './pause-dialog.tsx';

export function PauseControl(props: { readonly status: AgentStatus; readonly mayPause: boolean }) {
  const { status, mayPause } = props;
  const { bridge, words, announce, router } = useServices();
  const { t } = words;
  const [isOpen, setOpen] = useState(false);
  // The menu of the icon chose how long, and can't ask why.
  const { pauseMinutes } = router.address.value;
  const [failure, setFailure] = useState<Failure>();

  async function resume(): Promise<void> {
    const answer = await bridge.call('resume', {});
    setFailure(answer.ok ? undefined : answer);
    if (answer.ok) announce(t('pause.resumed'));
  }

  return (
    <>
      {status.pause !== undefined && (
        <button type="button" class="button button-main" onClick={() => void resume()}>
          {t('pause.resume')}
        </button>
      )}
      {status.pause === undefined && mayPause && status.state === 'running' && (
        <button type="button" class="button" aria-haspopup="dialog" onClick={() => setOpen(true)}>
          {t('pause.open')}
        </button>
      )}
      {status.pause === undefined && !mayPause && <p class="muted">{t('pause.notAllowed')}</p>}
      {failure !== undefined && <FailureNote failure={failure} />}
      {isOpen && <PauseDialog onClose={() => setOpen(false)} />}
      {pauseMinutes !== undefined && mayPause && status.pause === undefined && (
        <PauseDialog key={pauseMinutes} minutes={pauseMinutes} onClose={() => router.closePause()} />
      )}
    </>
  );
}
