import type { CallOutput } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { Icon, type IconName } from '../parts/icon.tsx';
import { Section } from '../parts/section.tsx';
import { when } from '../state/call-words.ts';

type SeenApp = CallOutput<'apps'>['apps'][number];

const STATE_ICONS: Readonly<Record<SeenApp['state'], IconName>> = {
  allowed: 'allow',
  denied: 'block',
  conditional: 'warn',
};
const STATE_TONES = { allowed: 'allow', denied: 'block', conditional: 'warn' } as const;

export function AppCard({ app }: { readonly app: SeenApp }) {
  const { words } = useServices();
  const { t } = words;
  const badge = (
    <span class={`badge badge-${STATE_TONES[app.state]}`}>
      <Icon name={STATE_ICONS[app.state]} />
      {t(`apps.${app.state}`)}
    </span>
  );
  return (
    <Section title={app.name} aside={badge}>
      <p>
        {app.lastAtMs === undefined
          ? t('apps.notSeen')
          : t('apps.seen', {
              calls: t('money.calls', { count: app.calls }),
              time: when(app.lastAtMs, Date.now(), words),
            })}
        {app.blocked > 0 && ` ${t('apps.stopped', { count: app.blocked })}`}
      </p>
      {app.services.length > 0 && (
        <ul class="plain-list">
          {app.services.map(({ id, name, mode, calls }) => (
            <li key={`${id} ${mode}`}>
              <strong>{name}</strong> · {t(`mode.${mode}`)} · {t('money.calls', { count: calls })}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
