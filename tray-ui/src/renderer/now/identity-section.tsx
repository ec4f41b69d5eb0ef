import type { AgentStatus } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { Facts } from '../parts/facts.tsx';
import { ProblemList } from '../parts/problem-list.tsx';
import { Section } from '../parts/section.tsx';
import { comingParts } from '../state/coming.ts';

/** Who is signed in and which keys they have, where the configuration names a provider. */
export function IdentitySection({ status }: { readonly status: AgentStatus }) {
  const { words } = useServices();
  const { t, dateTime } = words;
  const { identity } = comingParts(status);
  if (identity === undefined || (identity.state === 'not-configured' && identity.keys.length === 0))
    return undefined;
  const { user, validUntilMs, keys, problem } = identity;
  return (
    <Section title={t('identity.title')}>
      <p>
        {identity.state === 'signed-in'
          ? t('menu.signedInAs', { name: user?.name ?? '' })
          : t('identity.signedOut')}
      </p>
      <Facts
        facts={[
          validUntilMs === undefined ? undefined : [t('identity.until'), dateTime(validUntilMs)],
          user === undefined || user.groups.length === 0
            ? undefined
            : [t('identity.groups'), user.groups.join(', ')],
          ...keys.map(
            ({ name, active, refused }) =>
              [name, t(refused !== undefined ? 'key.refused' : active ? 'key.active' : 'key.other')] as const,
          ),
        ]}
      />
      {problem !== undefined && <ProblemList problems={[problem]} />}
    </Section>
  );
}
