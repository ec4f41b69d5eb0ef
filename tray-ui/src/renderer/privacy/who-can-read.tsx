import { useServices } from '../context.ts';

/** Who can read the record of calls: the person, this machine's administrators, and whoever it is sent to. */
export function WhoCanRead() {
  const { agent, words } = useServices();
  const { t } = words;
  const telemetry = agent.status.value?.telemetry;
  const names = telemetry?.destinations.map(({ name }) => name) ?? [];
  return (
    <div class="readers">
      <p>
        <strong>{t('readers.title')}</strong>
      </p>
      <ul class="plain-list">
        <li>{t('readers.you')}</li>
        <li>{t('readers.administrators')}</li>
        {names.length > 0 ? (
          <li>{t('readers.sent', { names: names.join(', ') })}</li>
        ) : (
          <li>{t('readers.nobodyElse')}</li>
        )}
        {telemetry?.worksCouncil === true && <li>{t('readers.worksCouncil')}</li>}
      </ul>
    </div>
  );
}
