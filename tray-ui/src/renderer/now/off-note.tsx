import { useServices } from '../context.ts';

/** No agent: what that means, and what to do. It comes back by itself when the agent does. */
export function OffNote() {
  const { agent, words } = useServices();
  const { t } = words;
  const connection = agent.connection.value;
  const code = connection.state === 'disconnected' ? connection.code : undefined;
  return (
    <>
      <p>{t('off.means')}</p>
      <p>
        {t('off.start')} <code>postern start</code>
      </p>
      <p class="muted">{t('off.return')}</p>
      {code !== undefined && code !== 'not-running' && (
        <p class="muted">
          {t('off.code')} <code>{code}</code>
        </p>
      )}
    </>
  );
}
