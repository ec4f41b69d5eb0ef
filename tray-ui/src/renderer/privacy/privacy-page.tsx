import { useServices } from '../context.ts';
import { FailureNote } from '../parts/failure-note.tsx';
import { PageTitle } from '../parts/page-title.tsx';
import { Section } from '../parts/section.tsx';
import { useAnswer } from '../state/use-answer.ts';
import { DeleteMine } from './delete-mine.tsx';
import { HostList } from './host-list.tsx';
import { WhoCanRead } from './who-can-read.tsx';

const CONTENT = {
  never: 'privacy.contentNever',
  blocked: 'privacy.contentBlocked',
  always: 'privacy.contentAlways',
} as const;

export function PrivacyPage() {
  const { agent, words } = useServices();
  const { t } = words;
  const { value, failure, ask } = useAnswer('policy', {});
  const { gateway, remoteChecks = {} } = agent.status.value ?? {};
  return (
    <div class="page">
      <PageTitle text={t('page.privacy')} />
      {failure !== undefined && <FailureNote failure={failure} retry={ask} />}
      {value !== undefined && (
        <>
          <div class="columns">
            <Section title={t('privacy.looked')}>
              <p>{t('privacy.lookedText')}</p>
              {Object.keys(remoteChecks).length > 0 && <p>{t('privacy.remote')}</p>}
              {gateway !== undefined && <p>{t('privacy.gateway', { host: gateway.host })}</p>}
              <HostList hosts={value.privacy.inspectedHosts} />
            </Section>
            <Section title={t('privacy.never')}>
              <ul class="plain-list">
                <li>{t('privacy.never1')}</li>
                <li>{t('privacy.never2')}</li>
                <li>{t('privacy.never3')}</li>
              </ul>
            </Section>
          </div>
          <div class="columns">
            <Section title={t('privacy.kept')}>
              <ul class="plain-list">
                <li>{t('privacy.keptFigures')}</li>
                <li>{t(contentMessage(value.privacy.content))}</li>
                <li>{t('privacy.keptDays', { count: value.privacy.retentionDays })}</li>
                <li>{t(value.privacy.pseudonymous ? 'privacy.pseudonym' : 'privacy.name')}</li>
              </ul>
              <WhoCanRead />
            </Section>
            <DeleteMine />
          </div>
        </>
      )}
    </div>
  );
}

/** What isn't one of the known words is told as the most that it could be. */
const contentMessage = (content: string) =>
  content in CONTENT ? CONTENT[content as keyof typeof CONTENT] : CONTENT.always;
