import type { AgentStatus } from '../../../../agent/src/serve/contract.ts';
import { useServices } from '../context.ts';
import { ProblemList } from '../parts/problem-list.tsx';
import { Section } from '../parts/section.tsx';
import { problemsOf } from './problems-of.ts';

export function AttentionSection({ status }: { readonly status: AgentStatus }) {
  const { t } = useServices().words;
  const problems = problemsOf(status);
  if (problems.length === 0) return undefined;
  return (
    <Section title={t('attention.title')}>
      <ProblemList problems={problems} />
    </Section>
  );
}
