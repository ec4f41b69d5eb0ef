import type { HomeFiles } from '../../platform/home.ts';
import type { AgentStatus } from '../../serve/contract.ts';
import type { LoadedConfig } from '../../sync/config.ts';
import type { Context } from '../context.ts';
import type { Place } from '../ports.ts';

export interface CheckResult {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  /** What was seen, in a sentence. */
  readonly why: string;
  /** What to do about it; only if there is something to do. */
  readonly mend?: string | undefined;
}

/** What earlier checks have found out, for later ones. */
export interface Findings {
  readonly context: Context;
  readonly place: Place;
  readonly files: HomeFiles;
  config: LoadedConfig | undefined;
  status: AgentStatus | undefined;
}

export type Check = (findings: Findings) => Promise<readonly CheckResult[]>;
