import { useServices } from '../context.ts';
import { FailureNote } from '../parts/failure-note.tsx';
import { PageTitle } from '../parts/page-title.tsx';
import { useAnswer } from '../state/use-answer.ts';
import { AppCard } from './app-card.tsx';

/** Programs that have called AI services, and those that the policy names. */
export function AppsPage() {
  const { t } = useServices().words;
  const { value, failure, ask } = useAnswer('apps', {});
  return (
    <div class="page">
      <PageTitle text={t('page.apps')} />
      <p class="lead">{t('apps.lead')}</p>
      {failure !== undefined && <FailureNote failure={failure} retry={ask} />}
      {value?.apps.length === 0 && <p>{t('apps.none')}</p>}
      <ul class="apps">
        {value?.apps.map((app) => (
          <li key={app.id}>
            <AppCard app={app} />
          </li>
        ))}
      </ul>
    </div>
  );
}
