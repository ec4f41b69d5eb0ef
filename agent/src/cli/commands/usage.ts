import { type Command, Option } from 'commander';
import type { UsageGroup, UsageReport } from '../../serve/contract.ts';
import { USAGE_GROUPS } from '../../serve/contract-views.ts';
import { type Context, commonOptions, placeOf, print } from '../context.ts';
import { localTime, money, safe, short, table } from '../format.ts';
import { checkPeriod, moment } from '../period.ts';

export function addUsage(program: Command, context: Context): void {
  program
    .command('usage')
    .description('Show money and tokens.')
    .addOption(new Option('--by <what>', 'one line per').choices(USAGE_GROUPS).default('app'))
    .option('--since <when>', 'a date, or an age: 24h, 7d (default: all that is kept)', moment)
    .option('--until <when>', 'a date, or an age (default: now)', moment)
    .addHelpText('after', EXAMPLES)
    .action((options: Options, command: Command) => usage(context, options, command));
}

interface Options {
  readonly by: UsageGroup;
  readonly since?: number;
  readonly until?: number;
}

const EXAMPLES = `
Examples:
  $ postern usage
  $ postern usage --by model --since 7d
  $ postern usage --by day --since 2026-11-01 --until 2026-12-01`;

async function usage(context: Context, { by, since, until }: Options, command: Command): Promise<void> {
  const common = commonOptions(command);
  checkPeriod(since, until);
  const report = await context.commands.usage(placeOf(context, common), {
    by,
    sinceMs: since,
    untilMs: until,
  });
  print(context, common, report, () => describe(context, report));
}

function describe({ colors }: Context, report: UsageReport): string {
  if (report.rows.length === 0) return 'No AI calls have been recorded yet.';
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });
  const columns = [
    { title: report.by },
    right('calls'),
    right('blocked'),
    right('in'),
    right('out'),
    right('cost'),
  ];
  type Row = UsageReport['rows'][number];
  const cells = (row: Row, name: string): string[] => [
    name,
    short(row.exchanges),
    row.blocked > 0 ? colors.red(short(row.blocked)) : colors.dim('0'),
    short(row.inputTokens),
    short(row.outputTokens),
    money(row.nanoUsd, row.estimated),
  ];
  const rows = report.rows.map((row) => cells(row, safe(row.key)));
  if (report.rows.length > 1) rows.push(cells({ key: '', ...report.total }, colors.bold('total')));
  const estimated = report.total.estimated
    ? `\n${colors.dim('~ holds an estimate: a model without a listed price, or without reported tokens.')}`
    : '';
  return `${table(columns, rows, colors.dim)}\n${colors.dim(`${report.sinceMs > 0 ? `since ${localTime(report.sinceMs)}` : 'all that is kept'}; tokens in and out`)}${estimated}`;
}
