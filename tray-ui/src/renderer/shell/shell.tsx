import { useEffect } from 'preact/hooks';
import { ActivityPage } from '../activity/activity-page.tsx';
import { AppsPage } from '../apps/apps-page.tsx';
import { useServices } from '../context.ts';
import { HelpPage } from '../help/help-page.tsx';
import { MoneyPage } from '../money/money-page.tsx';
import { NowPage } from '../now/now-page.tsx';
import { PrivacyPage } from '../privacy/privacy-page.tsx';
import { DecisionPanel } from '../stop/decision-panel.tsx';
import { ConnectionNotice } from './connection-notice.tsx';
import { Navigation } from './navigation.tsx';
import { SkipLink } from './skip-link.tsx';

const PAGE_COMPONENTS = {
  now: NowPage,
  activity: ActivityPage,
  money: MoneyPage,
  apps: AppsPage,
  privacy: PrivacyPage,
  help: HelpPage,
} as const;

export function Shell({ announcement }: { readonly announcement: { readonly value: string } }) {
  const { router, words } = useServices();
  const { page, decision } = router.address.value;
  const title = words.t(`page.${page}`);
  useEffect(() => {
    document.title = `${title} – Postern`;
  }, [title]);
  const Page = PAGE_COMPONENTS[page];
  return (
    <div class="shell">
      <SkipLink />
      <Navigation />
      <main id="main" class="main" tabIndex={-1}>
        {page !== 'now' && <ConnectionNotice />}
        <Page />
      </main>
      {decision !== undefined && (
        <DecisionPanel key={decision} id={decision} onClose={() => router.closeDecision()} />
      )}
      <p class="sr-only" role="status">
        {announcement.value}
      </p>
    </div>
  );
}
