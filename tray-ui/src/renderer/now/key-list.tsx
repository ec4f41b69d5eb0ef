import { useState } from 'preact/hooks';
import type { AgentStatus } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { FailureNote } from '../parts/failure-note.tsx';
import type { Failure } from '../state/failure.ts';

/** The person's keys for the gateway by name, and which is used; a key itself is never shown. */
export function KeyList({ keys }: { readonly keys: AgentStatus['identity']['keys'] }) {
  const { bridge, words } = useServices();
  const { t, date } = words;
  const [failure, setFailure] = useState<Failure>();
  async function use(name: string): Promise<void> {
    const answer = await bridge.call('useKey', { name });
    setFailure(answer.ok ? undefined : answer);
  }
  return (
    <>
      <ul class="exceptions" aria-label={t('key.list')}>
        {keys.map(({ name, active, refused, expiresAtMs }) => (
          <li key={name}>
            <p>
              <strong>{name}</strong> ·{' '}
              {t(refused !== undefined ? 'key.refused' : active ? 'key.active' : 'key.other')}
              {expiresAtMs !== undefined && ` · ${t('exception.until', { time: date(expiresAtMs) })}`}
            </p>
            {!active && (
              <button
                type="button"
                class="button button-small"
                aria-label={t('key.useNamed', { key: name })}
                onClick={() => void use(name)}
              >
                {t('key.use')}
              </button>
            )}
          </li>
        ))}
      </ul>
      {failure !== undefined && <FailureNote failure={failure} />}
    </>
  );
}
