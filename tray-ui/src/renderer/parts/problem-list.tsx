import { useServices } from '../context.ts';
import type { Problem } from '../state/problem.ts';
import { AgentText } from './agent-text.tsx';
import { Icon } from './icon.tsx';

/** What isn't as it should be, each with its mend. */
export function ProblemList({ problems }: { readonly problems: readonly Problem[] }) {
  const { t } = useServices().words;
  return (
    <ul class="problems">
      {problems.map(({ code, text, mend }) => (
        <li key={`${code} ${text}`}>
          <Icon name="warn" />
          <div>
            <p>
              <AgentText text={text} />
            </p>
            {mend !== undefined && (
              <p class="mend">
                <strong>{t('problem.mend')}</strong> <AgentText text={mend} />
              </p>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}
