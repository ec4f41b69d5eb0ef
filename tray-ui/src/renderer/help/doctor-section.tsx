import { useState } from 'preact/hooks';
import { useServices } from '../context.ts';
import { fileProblem } from '../now/problems-of.ts';
import { AgentText } from '../parts/agent-text.tsx';
import { FailureNote } from '../parts/failure-note.tsx';
import { Icon } from '../parts/icon.tsx';
import { ProblemList } from '../parts/problem-list.tsx';
import { Section } from '../parts/section.tsx';
import type { Failure } from '../state/failure.ts';
import type { Problem } from '../state/problem.ts';
import { useAnswer } from '../state/use-answer.ts';
import { type Check, type Mend, mendOf } from './mends.ts';

const ICONS = { ok: 'allow', warn: 'warn', fail: 'block' } as const;

/** `postern doctor`, with its mends as buttons where they are one call. */
export function DoctorSection() {
  const { bridge, words, announce } = useServices();
  const { t } = words;
  const { value, asking, failure, ask } = useAnswer('doctor', {}, 'later');
  const [problems, setProblems] = useState<readonly Problem[]>([]);
  const [refused, setRefused] = useState<Failure>();

  async function mend(what: Mend): Promise<void> {
    const answer = await bridge.call(what, {});
    setRefused(answer.ok ? undefined : answer);
    if (!answer.ok) return;
    const left = 'problems' in answer.output ? answer.output.problems : [];
    setProblems(left.map((problem) => fileProblem(what, problem)));
    announce(t(left.length === 0 ? 'doctor.mended' : 'doctor.notMended'));
    ask();
  }

  return (
    <Section title={t('doctor.title')}>
      <p>{t('doctor.lead')}</p>
      <button type="button" class="button button-main" disabled={asking} onClick={ask}>
        {t(asking ? 'doctor.running' : value === undefined ? 'doctor.run' : 'doctor.again')}
      </button>
      <p role="status">{value !== undefined && !asking && t(value.ok ? 'doctor.allOk' : 'doctor.notOk')}</p>
      {(failure ?? refused) !== undefined && <FailureNote failure={failure ?? refused ?? UNKNOWN} />}
      {problems.length > 0 && <ProblemList problems={problems} />}
      {value !== undefined && (
        <ul class="checks">
          {worstFirst(value.checks).map((check) => (
            <CheckLine key={`${check.name} ${check.why}`} check={check} onMend={(what) => void mend(what)} />
          ))}
        </ul>
      )}
    </Section>
  );
}

const RANK = { fail: 0, warn: 1, ok: 2 } as const;
const worstFirst = (checks: readonly Check[]): readonly Check[] =>
  checks.toSorted((a, b) => RANK[a.state] - RANK[b.state]);

const UNKNOWN: Failure = { code: 'internal', message: '' };

function CheckLine({ check, onMend }: { readonly check: Check; readonly onMend: (mend: Mend) => void }) {
  const { agent, words } = useServices();
  const mend = mendOf(check, agent.status.value);
  return (
    <li class={`check-${check.state}`}>
      <Icon name={ICONS[check.state]} />
      <div>
        <p>
          <span class="sr-only">{words.t(`doctor.${check.state}`)} </span>
          <strong>
            <AgentText text={check.name} />
          </strong>{' '}
          <AgentText text={check.why} />
        </p>
        {check.mend !== undefined && (
          <p class="mend">
            <strong>{words.t('problem.mend')}</strong> <AgentText text={check.mend} />
          </p>
        )}
        {mend !== undefined && (
          <button type="button" class="button button-small" onClick={() => onMend(mend)}>
            {words.t(`mend.${mend}`)}
          </button>
        )}
      </div>
    </li>
  );
}
