import { useState } from 'preact/hooks';
import type { AgentStatus } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { FailureNote } from '../parts/failure-note.tsx';
import type { Failure } from '../state/failure.ts';

/** Signs in by the organisation's own page, in the person's browser; status says how it ends. */
export function SignInControl({ identity }: { readonly identity: AgentStatus['identity'] }) {
  const { bridge, words } = useServices();
  const { t, time } = words;
  const [failure, setFailure] = useState<Failure>();
  const { pending, state } = identity;

  async function signIn(): Promise<void> {
    const answer = await bridge.call('signIn', {});
    setFailure(answer.ok ? undefined : answer);
    if (answer.ok) await bridge.openAddress(answer.output.url);
  }

  async function signOut(): Promise<void> {
    const answer = await bridge.call('signOut', {});
    setFailure(answer.ok ? undefined : answer);
    if (answer.ok && answer.output.endSessionUrl !== undefined)
      await bridge.openAddress(answer.output.endSessionUrl);
  }

  async function cancel(): Promise<void> {
    const answer = await bridge.call('cancelSignIn', {});
    setFailure(answer.ok ? undefined : answer);
  }

  return (
    <>
      {pending !== undefined && (
        <div class="actions">
          <p role="status">
            {t('identity.pending', { time: time(pending.untilMs) })}{' '}
            {pending.userCode !== undefined && <code>{pending.userCode}</code>}
          </p>
          <button type="button" class="button" onClick={() => void cancel()}>
            {t('dialog.cancel')}
          </button>
        </div>
      )}
      {pending === undefined && state === 'signed-out' && (
        <button type="button" class="button button-main" onClick={() => void signIn()}>
          {t('menu.signIn')}
        </button>
      )}
      {state === 'signed-in' && (
        <button type="button" class="button" onClick={() => void signOut()}>
          {t('menu.signOut')}
        </button>
      )}
      {failure !== undefined && <FailureNote failure={failure} />}
    </>
  );
}
