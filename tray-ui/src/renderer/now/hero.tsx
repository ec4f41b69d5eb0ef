import { trayState } from '../../shared/tray-state.ts';
import { useServices } from '../context.ts';
import { AgentText } from '../parts/agent-text.tsx';
import { Icon } from '../parts/icon.tsx';
import { useAnswer } from '../state/use-answer.ts';
import { OffNote } from './off-note.tsx';
import { PauseControl } from './pause-control.tsx';

/** "Am I protected?", in one sentence; the icon is the tray's. */
export function Hero() {
  const { agent, words } = useServices();
  const { t } = words;
  const status = agent.status.value;
  const policy = useAnswer('policy', {}).value;
  const mayPause = policy?.settings.find(({ key }) => key === 'tray.allowPause')?.value !== 'false';
  if (agent.connection.value.state === 'connecting')
    return (
      <p class="hero" role="status">
        {t('loading')}
      </p>
    );
  const { icon, sentence } = trayState(status, words);
  const isAgentText = icon === 'attention';
  const isTranslated = words.problem(status?.degraded[0]?.code ?? '') !== undefined;
  return (
    <section class={`hero hero-${icon}`} aria-label={t('hero.label')}>
      <Icon name={icon} />
      <div class="hero-words">
        <p class="hero-sentence">{isAgentText ? t('state.attention') : sentence}</p>
        {isAgentText && <p>{isTranslated ? sentence : <AgentText text={sentence} />}</p>}
        {icon === 'protected' && <p>{t('hero.protected')}</p>}
        {status !== undefined && policy?.shadow === true && <p>{t('hero.shadow')}</p>}
        {status?.pause !== undefined && (
          <p>
            {t('hero.paused', { reason: status.pause.reason })} {t('hero.pausedReturn')}
          </p>
        )}
        {status === undefined ? <OffNote /> : <PauseControl status={status} mayPause={mayPause} />}
      </div>
    </section>
  );
}
