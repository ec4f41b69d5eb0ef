import { PlatformError } from '../platform/platform-error.ts';
import { LocalApiError } from '../serve/local-api-error.ts';
import { ConfigError, describeProblem } from '../sync/config-error.ts';
import { safe } from './format.ts';
import { CommandFailure } from './ports.ts';

/** Any failure in the terms of the command line. */
export interface ExplainedFailure {
  readonly code: string;
  readonly exitCode: number;
  /** What is wrong; several lines for several problems. */
  readonly lines: readonly string[];
  readonly mend: string | undefined;
  /** True for a fault of ours: shown with its stack under POSTERN_DEBUG. */
  readonly unexpected: boolean;
}

/** As shells have it: 127 not found, 126 found but not a program. */
const PLATFORM_EXIT: Readonly<Record<PlatformError['code'], number>> = {
  'home-not-writable': 2,
  'home-not-a-directory': 2,
  'home-not-yours': 2,
  'file-not-private': 2,
  'already-running': 1,
  'command-not-found': 127,
  'command-not-executable': 126,
  'start-failed': 1,
};

export function explainFailure(error: unknown): ExplainedFailure {
  if (error instanceof CommandFailure) {
    return {
      code: error.code,
      exitCode: error.exitCode,
      lines: [error.message],
      mend: error.mend,
      unexpected: false,
    };
  }
  if (error instanceof ConfigError) {
    const lines = error.problems.flatMap((problem) => [
      describeProblem(problem),
      ...(problem.mend ? [`    ${problem.mend}`] : []),
    ]);
    return { code: `config-${error.code}`, exitCode: 2, lines, mend: undefined, unexpected: false };
  }
  if (error instanceof PlatformError) {
    const exitCode = PLATFORM_EXIT[error.code];
    return { code: error.code, exitCode, lines: [error.message], mend: error.mend, unexpected: false };
  }
  if (error instanceof LocalApiError) return explainApiError(error);
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'internal',
    exitCode: 1,
    lines: [`something went wrong inside Postern: ${message}`],
    mend: 'Run the command again with POSTERN_DEBUG=1 and report what it says.',
    unexpected: true,
  };
}

function explainApiError(error: LocalApiError): ExplainedFailure {
  const about = { code: error.code, lines: [safe(error.message)], unexpected: false };
  if (error.code === 'not-running') {
    return { ...about, exitCode: 3, mend: 'Start it with `postern start`.' };
  }
  const mend =
    error.code === 'timeout' || error.code === 'bad-answer'
      ? 'Restart the agent: `postern stop`, then `postern start`.'
      : undefined;
  return { ...about, exitCode: error.code === 'bad-request' ? 2 : 1, mend };
}
