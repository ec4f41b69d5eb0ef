import type { Command } from 'commander';
import { type Context, commonOptions, filesOf, placeOf, print } from '../context.ts';
import type { CheckResult } from '../doctor/check.ts';
import { runChecks } from '../doctor/run-checks.ts';
import { safe, table } from '../format.ts';

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
  const results = await runChecks(
    { context, place, files: filesOf(place), config: undefined, status: undefined },
    { withShell: true },
  );
  const failed = results.filter(({ state }) => state === 'fail').length;
  const warned = results.filter(({ state }) => state === 'warn').length;
  context.exitCode = failed > 0 ? 1 : 0;
  print(context, common, { ok: failed === 0, checks: results }, () =>
    describe(context, results, failed, warned),
  );
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
