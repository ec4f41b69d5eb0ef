import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { addAudit } from './audit.ts';
import { addBudgets } from './budgets.ts';
import { addCompletion } from './completion.ts';
import { addControl } from './control.ts';
import { addDoctor } from './doctor.ts';
import { addEnroll } from './enroll.ts';
import { addEnv } from './env.ts';
import { addExplain } from './explain.ts';
import { addHelpDesk } from './help-desk.ts';
import { addJustify } from './justify.ts';
import { addKey } from './key.ts';
import { addLogin } from './login.ts';
import { addMetrics } from './metrics.ts';
import { addOverride } from './override.ts';
import { addPolicy } from './policy.ts';
import { addRun } from './run.ts';
import { addStart } from './start.ts';
import { addTrust } from './trust.ts';
import { addUsage } from './usage.ts';

/** In the order of the help. */
export const ALL_COMMANDS: readonly ((program: Command, context: Context) => void)[] = [
  addStart,
  addRun,
  addControl,
  addEnv,
  addLogin,
  addKey,
  addEnroll,
  addExplain,
  addUsage,
  addBudgets,
  addAudit,
  addPolicy,
  addJustify,
  addOverride,
  addTrust,
  addDoctor,
  addHelpDesk,
  addMetrics,
  addCompletion,
];
