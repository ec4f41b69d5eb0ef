import {
  checkAgent,
  checkConfig,
  checkPolicyFile,
  checkProxy,
  checkShell,
  checkTrust,
} from './agent-checks.ts';
import { checkIdentity, checkPolicySource, checkSecrets, checkTelemetry } from './centre-checks.ts';
import type { Check, CheckResult, Findings } from './check.ts';
import {
  checkClock,
  checkDatabase,
  checkDisk,
  checkGateway,
  checkHome,
  checkLock,
  checkNetwork,
  checkPort,
} from './machine-checks.ts';

/** In this order: later ones use what earlier ones found. */
const CHECKS: readonly Check[] = [
  checkHome,
  checkConfig,
  checkPolicyFile,
  checkAgent,
  checkLock,
  checkProxy,
  checkTrust,
  checkShell,
  checkNetwork,
  checkGateway,
  checkPolicySource,
  checkTelemetry,
  checkIdentity,
  checkSecrets,
  checkPort,
  checkDatabase,
  checkDisk,
  checkClock,
];

/** A running agent can't tell which shell a person uses. */
const OF_THE_SHELL: ReadonlySet<Check> = new Set([checkShell]);

export async function runChecks(
  findings: Findings,
  { withShell }: { readonly withShell: boolean },
): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of CHECKS)
    if (withShell || !OF_THE_SHELL.has(check)) results.push(...(await outcome(check, findings)));
  return results;
}

/** A check that breaks is a finding too, and keeps no other from running. */
async function outcome(check: Check, findings: Findings): Promise<readonly CheckResult[]> {
  try {
    return await check(findings);
  } catch (error) {
    const why = `could not be checked: ${error instanceof Error ? error.message : String(error)}`;
    return [{ name: check.name.replace(/^check/, '').toLowerCase(), state: 'warn', why }];
  }
}
