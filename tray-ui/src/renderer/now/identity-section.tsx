import type { AgentStatus } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { Facts } from '../parts/facts.tsx';
import { ProblemList } from '../parts/problem-list.tsx';
import { Section } from '../parts/section.tsx';
import { KeyList } from './key-list.tsx';
import { SignInControl } from './sign-in-control.tsx';

/** Who is signed in and which keys they have, where the configuration names a provider or a key. */
export function IdentitySection({ status }: { readonly status: AgentStatus }) {
  const { words } = useServices();
  const { t, dateTime } = words;
  const { identity } = status;
  const { user, validUntilMs, keys, problem, state } = identity;
  if (state === 'not-configured' && keys.length === 0) return undefined;
  return (
    <Section title={t('identity.title')}>
      {state === 'signed-in' && <p>{t('menu.signedInAs', { name: user?.name ?? '' })}</p>}
      {state === 'signed-out' && <p>{t('identity.signedOut')}</p>}
      <Facts
        facts={[
          validUntilMs === undefined ? undefined : [t('identity.until'), dateTime(validUntilMs)],
          user === undefined || user.groups.length === 0
            ? undefined
            : [t('identity.groups'), user.groups.join(', ')],
        ]}
      />
      {problem !== undefined && <ProblemList problems={[problem]} />}
      {state !== 'not-configured' && <SignInControl identity={identity} />}
      {keys.length > 0 && <KeyList keys={keys} />}
    </Section>
  );
}
