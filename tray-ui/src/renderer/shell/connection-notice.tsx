import { useServices } from '../context.ts';
import { OffNote } from '../now/off-note.tsx';
import { Icon } from '../parts/icon.tsx';

/** On every page but *Now*, which says it in full: without an agent there is nothing to show. */
export function ConnectionNotice() {
  const { agent, words } = useServices();
  if (agent.connection.value.state !== 'disconnected') return undefined;
  return (
    <section class="hero hero-off" aria-label={words.t('hero.label')}>
      <Icon name="off" />
      <div class="hero-words">
        <p class="hero-sentence">{words.t('state.off')}</p>
        <OffNote />
      </div>
    </section>
  );
}
