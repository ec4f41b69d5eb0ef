import type { AgentStatus } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { AgentText } from '../parts/agent-text.tsx';
import { Facts } from '../parts/facts.tsx';
import { ProblemList } from '../parts/problem-list.tsx';
import { Section } from '../parts/section.tsx';
import { fileProblem } from './problems-of.ts';

/** The rules in force: which, from where, since when; and how fresh a signed one is. */
export function PolicySection({ status }: { readonly status: AgentStatus }) {
  const { words } = useServices();
  const { t, dateTime } = words;
  const { name, revision, source, loadedAtMs, warnings } = status.policy;
  const { bundle, override, switches = [] } = status.policy;
  return (
    <Section title={t('policy.title')}>
      <Facts
        facts={[
          [t('policy.name'), `${name} (${revision})`],
          [t('policy.source'), t(`policy.from.${source.kind}`)],
          [t('policy.since'), dateTime(loadedAtMs)],
          bundle?.release === undefined ? undefined : [t('policy.release'), String(bundle.release)],
          bundle?.waiting === undefined
            ? undefined
            : [t('policy.waiting'), t('policy.waitingRelease', bundle.waiting)],
          bundle?.group === undefined ? undefined : [t('policy.group'), bundle.group],
          bundle?.lastContactMs === undefined
            ? undefined
            : [t('policy.contact'), dateTime(bundle.lastContactMs)],
          bundle === undefined ? undefined : [t('policy.age'), t(`policy.age.${bundle.age}`)],
        ]}
      />
      {bundle?.trouble !== undefined && (
        <ProblemList problems={[{ ...bundle.trouble, code: `policy-source-${bundle.trouble.code}` }]} />
      )}
      {bundle?.fellBack !== undefined && (
        <p>
          {t('policy.fellBack', { time: dateTime(bundle.fellBack.atMs) })}{' '}
          <AgentText text={bundle.fellBack.why} />
        </p>
      )}
      {override !== undefined && <p>{t('policy.override', { time: dateTime(override.untilMs) })}</p>}
      {switches.map(({ id, what, untilMs, reason }) => (
        <p key={id}>
          {t(`policy.switch.${what}`, { time: dateTime(untilMs) })} <AgentText text={reason} />
        </p>
      ))}
      {warnings.length > 0 && (
        <details>
          <summary>{t('policy.warnings', { count: warnings.length })}</summary>
          <ProblemList problems={warnings.map((warning) => fileProblem('policy', warning))} />
        </details>
      )}
    </Section>
  );
}
