import type { HomeFiles } from '../../platform/home.ts';
import type { Platform } from '../../platform/operating-system.ts';
import type { AgentStatus } from '../../serve/contract.ts';
import type { LoadedConfig } from '../../sync/config.ts';
import type { CliIo } from '../io.ts';
import type { AgentCommands, Place } from '../ports.ts';

export interface CheckResult {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  /** What was seen, in a sentence. */
  readonly why: string;
  /** What to do about it; only if there is something to do. */
  readonly mend?: string | undefined;
}

/** What checks work with: a command line's context, or what the running agent has of it. */
export interface CheckTools {
  readonly commands: Pick<AgentCommands, 'checkPolicy' | 'auditTail' | 'auditVerify'>;
  readonly io: Pick<CliIo, 'env'>;
  readonly platform: Platform;
}

/** What earlier checks have found out, for later ones. */
export interface Findings {
  readonly context: CheckTools;
  readonly place: Place;
  readonly files: HomeFiles;
  config: LoadedConfig | undefined;
  status: AgentStatus | undefined;
}

export type Check = (findings: Findings) => Promise<readonly CheckResult[]>;
