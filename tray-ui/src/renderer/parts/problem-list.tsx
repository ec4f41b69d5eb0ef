import { useServices } from '../context.ts';
import type { Problem } from '../state/problem.ts';
import { AgentText } from './agent-text.tsx';
import { Icon } from './icon.tsx';

/** What isn't as it should be, each with its mend. */
export function ProblemList({ problems }: { readonly problems: readonly Problem[] }) {
  return (
    <ul class="problems">
      {problems.map((problem) => (
        <li key={`${problem.code} ${problem.text}`}>
          <Icon name="warn" />
          <OneProblem problem={problem} />
        </li>
      ))}
    </ul>
  );
}

/** In the window's language where it has words for it; the agent's own, which know the details, then stand below. */
function OneProblem({ problem: { code, text, mend } }: { readonly problem: Problem }) {
  const { t, problem } = useServices().words;
  const words = problem(code);
  const toDo = words === undefined ? mend && <AgentText text={mend} /> : words.mend;
  return (
    <div>
      <p>{words?.text ?? <AgentText text={text} />}</p>
      {toDo !== undefined && (
        <p class="mend">
          <strong>{t('problem.mend')}</strong> {toDo}
        </p>
      )}
      {words !== undefined && (
        <p class="muted">
          <AgentText text={text} />
        </p>
      )}
    </div>
  );
}
