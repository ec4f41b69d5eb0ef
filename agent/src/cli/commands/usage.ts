import { type Command, Option } from 'commander';
import { USAGE_GROUPS, type UsageGroup, type UsageReport } from '../../serve/contract.ts';
import { type Context, commonOptions, placeOf, print } from '../context.ts';
import { localTime, money, safe, short, table } from '../format.ts';
import { since } from './audit.ts';

export function addUsage(program: Command, context: Context): void {
  program
    .command('usage')
    .description('Show money and tokens.')
    .addOption(new Option('--by <what>', 'one line per').choices(USAGE_GROUPS).default('app'))
    .option('--since <when>', 'a date, or an age: 24h, 7d (default: all that is kept)', since)
    .addHelpText('after', '\nExamples:\n  $ postern usage\n  $ postern usage --by model --since 7d')
    .action((options: { by: UsageGroup; since?: number }, command: Command) =>
      usage(context, options, command),
    );
}

async function usage(
  context: Context,
  options: { by: UsageGroup; since?: number },
  command: Command,
): Promise<void> {
  const common = commonOptions(command);
  const report = await context.commands.usage(placeOf(context, common), options.by, options.since);
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
