import type { Command } from 'commander';
import { type Context, commonOptions, filesOf, placeOf, print } from '../context.ts';
import {
  checkAgent,
  checkConfig,
  checkPolicyFile,
  checkProxy,
  checkShell,
  checkTrust,
} from '../doctor/agent-checks.ts';
import type { Check, CheckResult, Findings } from '../doctor/check.ts';
import {
  checkClock,
  checkDatabase,
  checkDisk,
  checkGateway,
  checkHome,
  checkLock,
  checkNetwork,
  checkPort,
} from '../doctor/machine-checks.ts';
import { safe, table } from '../format.ts';

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
  checkPort,
  checkDatabase,
  checkDisk,
  checkClock,
];

export function addDoctor(program: Command, context: Context): void {
  program
    .command('doctor')
    .description(
      'Check everything and say how to mend it. Exit code 1 if something is broken; warnings alone are 0.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ postern doctor\n  $ postern doctor --json | jq \'.checks[] | select(.state != "ok")\'',
    )
    .action((_options: unknown, command: Command) => doctor(context, command));
}

async function doctor(context: Context, command: Command): Promise<void> {
  const common = commonOptions(command);
  const place = placeOf(context, common);
  const findings: Findings = { context, place, files: filesOf(place), config: undefined, status: undefined };
  const results: CheckResult[] = [];
  for (const check of CHECKS) results.push(...(await outcome(check, findings)));
  const failed = results.filter(({ state }) => state === 'fail').length;
  const warned = results.filter(({ state }) => state === 'warn').length;
  context.exitCode = failed > 0 ? 1 : 0;
  print(context, common, { ok: failed === 0, checks: results }, () =>
    describe(context, results, failed, warned),
  );
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

function describe(
  { colors }: Context,
  results: readonly CheckResult[],
  failed: number,
  warned: number,
): string {
  const marks = { ok: colors.green('✓'), warn: colors.yellow('!'), fail: colors.red('✗') };
  const rows = results.flatMap(({ name, state, why, mend }) => [
    [marks[state], name, safe(why)],
    ...(mend ? [['', '', colors.cyan(`→ ${safe(mend)}`)]] : []),
  ]);
  const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
  const verdict =
    failed > 0
      ? colors.red(`${count(failed, 'problem')}, ${count(warned, 'warning')}.`)
      : warned > 0
        ? colors.yellow(`Nothing is broken; ${count(warned, 'warning')}.`)
        : colors.green('All is well.');
  return `${table([{ title: '' }, { title: '' }, { title: '' }], rows)}\n\n${verdict}`;
}
