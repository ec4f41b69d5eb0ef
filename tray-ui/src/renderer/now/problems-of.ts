/** Everything that status holds against the agent, as one list of sentences with mends. Pure. */
import type { AgentStatus, FileProblem } from '../../../../agent/src/serve/contract.ts';
import type { Problem } from '../state/problem.ts';

export function problemsOf({ degraded, policy, config }: AgentStatus): readonly Problem[] {
  const refused = policy.lastError?.problems ?? [];
  return [
    ...degraded,
    ...refused.map((problem) => fileProblem('policy', problem)),
    ...config.problems.map((problem) => fileProblem('config', problem)),
  ];
}

/** Where it stands, then what is wrong with it. */
export function fileProblem(code: string, { file, line, field, message, mend }: FileProblem): Problem {
  const name = file.split(/[\\/]/).at(-1) ?? file;
  const place = line === undefined ? name : `${name}:${line}`;
  return {
    code,
    text: field === undefined || field === '' ? `${place}: ${message}` : `${place}: ${field}: ${message}`,
    ...(mend !== undefined && { mend }),
  };
}
