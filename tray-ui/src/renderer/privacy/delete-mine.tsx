import { useState } from 'preact/hooks';
import { useServices } from '../context.ts';
import { Dialog } from '../parts/dialog.tsx';
import { FailureNote } from '../parts/failure-note.tsx';
import { Section } from '../parts/section.tsx';
import type { Failure } from '../state/failure.ts';

export function DeleteMine() {
  const { bridge, words } = useServices();
  const { t } = words;
  const [isAsking, setAsking] = useState(false);
  const [deleted, setDeleted] = useState<number>();
  const [failure, setFailure] = useState<Failure>();

  async function remove(): Promise<void> {
    const answer = await bridge.call('deleteContent', {});
    setAsking(false);
    setFailure(answer.ok ? undefined : answer);
    if (answer.ok) setDeleted(answer.output.exchanges);
  }

  return (
    <Section title={t('delete.title')}>
      <p>{t('delete.text')}</p>
      <p class="muted">{t('delete.stays')}</p>
      <button
        type="button"
        class="button button-danger"
        aria-haspopup="dialog"
        onClick={() => setAsking(true)}
      >
        {t('delete.open')}
      </button>
      <p role="status">{deleted !== undefined && t('delete.done', { count: deleted })}</p>
      {failure !== undefined && <FailureNote failure={failure} />}
      {isAsking && (
        <Dialog kind="question" title={t('delete.sure')} onClose={() => setAsking(false)}>
          <p>{t('delete.noWayBack')}</p>
          <div class="actions">
            <button type="button" class="button button-danger" onClick={() => void remove()}>
              {t('delete.do')}
            </button>
            <button type="button" class="button" onClick={() => setAsking(false)}>
              {t('dialog.cancel')}
            </button>
          </div>
        </Dialog>
      )}
    </Section>
  );
}
