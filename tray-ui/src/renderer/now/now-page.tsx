import { useServices } from '../context.ts';
import { PageTitle } from '../parts/page-title.tsx';
import { AttentionSection } from './attention-section.tsx';
import { BudgetsAtAGlance } from './budgets-at-a-glance.tsx';
import { ExceptionsSection } from './exceptions-section.tsx';
import { GatewaySection } from './gateway-section.tsx';
import { GovernedSection } from './governed-section.tsx';
import { Hero } from './hero.tsx';
import { IdentitySection } from './identity-section.tsx';
import { LastStop } from './last-stop.tsx';
import { PolicySection } from './policy-section.tsx';

/** Three answers on one screen: am I protected, what was stopped last and why, what is left. The rest follows. */
export function NowPage() {
  const { agent, words } = useServices();
  const status = agent.status.value;
  return (
    <div class="page">
      <PageTitle text={words.t('page.now')} />
      <Hero />
      {status !== undefined && (
        <>
          <AttentionSection status={status} />
          <div class="columns">
            <LastStop />
            <BudgetsAtAGlance budgets={status.budgets} />
          </div>
          <ExceptionsSection />
          <div class="columns">
            <GovernedSection status={status} />
            <PolicySection status={status} />
          </div>
          <GatewaySection status={status} />
          <IdentitySection status={status} />
        </>
      )}
    </div>
  );
}
