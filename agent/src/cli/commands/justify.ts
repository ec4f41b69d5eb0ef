import type { Command } from 'commander';
import type { CallOutput } from '../../serve/contract.ts';
import { type CommonOptions, type Context, commonOptions, connect, placeOf, print } from '../context.ts';
import { localTime, safe, table } from '../format.ts';
import { CommandFailure } from '../ports.ts';

interface JustifyOptions {
  readonly reason?: string;
  readonly list?: boolean;
  readonly revoke?: string;
}

/** `justify`: a reason for a call that a rule has held back. */
export function addJustify(program: Command, context: Context): void {
  program
    .command('justify')
    .description('Say why a call that was held back has to be sent; then try it again.')
    .argument('[decision]', 'the id that the refusal named')
    .option('--reason <text>', 'why; it is kept in the audit log')
    .option('--list', 'show the reasons in force')
    .option('--revoke <id>', 'take one back')
    .addHelpText(
      'after',
      '\nExamples:\n  $ postern justify mwu0y3ja-b851-b --reason "test data of a retired customer"\n  $ postern justify --list',
    )
    .action((decision: string | undefined, options: JustifyOptions, command: Command) =>
      justify(context, decision, options, commonOptions(command)),
    );
}

async function justify(
  context: Context,
  decision: string | undefined,
  { reason, list, revoke }: JustifyOptions,
  common: CommonOptions,
): Promise<void> {
  if (list) return listExceptions(context, common);
  if (revoke !== undefined) return revokeException(context, revoke, common);
  if (decision === undefined || reason === undefined) {
    throw new CommandFailure(
      'usage',
      2,
      'Name the decision and give a reason.',
      'postern justify <decision> --reason "…"; the refusal named the decision.',
    );
  }
  const answer = await connect(placeOf(context, common)).justify({ decision, reason });
  print(context, common, answer, () => granted(context, answer.exceptions));
}

type Exceptions = CallOutput<'exceptions'>['exceptions'];

function granted({ colors }: Context, exceptions: Exceptions): string {
  const lines = exceptions.map(
    ({ id, rule, app, untilMs }) =>
      `The rule "${rule}" lets ${app} pass until ${localTime(untilMs)} ${colors.dim(`(${id})`)}.`,
  );
  return [...lines, 'Now send the call again. Your reason is in the audit log.'].join('\n');
}

async function listExceptions(context: Context, common: CommonOptions): Promise<void> {
  const answer = await connect(placeOf(context, common)).exceptions({});
  print(context, common, answer, () =>
    answer.exceptions.length === 0
      ? 'No rule is lifted.'
      : table(
          ['id', 'rule', 'app', 'until', 'reason'].map((title) => ({ title })),
          answer.exceptions.map(({ id, rule, app, untilMs, reason }) => [
            id,
            rule,
            app,
            localTime(untilMs),
            safe(reason),
          ]),
        ),
  );
}

async function revokeException(context: Context, id: string, common: CommonOptions): Promise<void> {
  const answer = await connect(placeOf(context, common)).revokeException({ id });
  print(context, common, answer, () => `${id} no longer counts.`);
}
