import path from 'node:path';
import type { Command } from 'commander';
import type { BudgetView, LimitView } from '../../serve/contract.ts';
import { type Context, commonOptions, connect, placeOf, print } from '../context.ts';
import { localTime, money, safe, short, table } from '../format.ts';

export function addBudgets(program: Command, context: Context): void {
  program
    .command('budgets')
    .description("Show how the policy's budgets stand. Works without a running agent.")
    .option('--policy <file>', 'the budgets of this policy instead of the active one')
    .addHelpText('after', '\nExamples:\n  $ postern budgets\n  $ postern budgets --json')
    .action((options: { policy?: string }, command: Command) => budgets(context, options, command));
  program
    .command('limits')
    .summary("how the policy's limits per minute stand")
    .description(
      "Show how the policy's limits stand at the running agent: what fits into this minute. They fill again by themselves.",
    )
    .addHelpText('after', '\nExample:\n  $ postern limits')
    .action((_options: unknown, command: Command) => limits(context, command));
}

async function limits(context: Context, command: Command): Promise<void> {
  const common = commonOptions(command);
  const { limits: rows } = await connect(placeOf(context, common)).limits({});
  print(context, common, { limits: rows }, () => describeLimits(context, rows));
}

function describeLimits({ colors }: Context, rows: readonly LimitView[]): string {
  if (rows.length === 0) return 'The policy has no limits per minute.';
  const of = (left: number | undefined, limit: number | undefined): string =>
    limit === undefined ? '' : `${short(left ?? 0)} of ${short(limit)}`;
  const columns = ['limit', 'for', 'calls left', 'tokens left', 'answers at once', ''];
  const cells = rows.map((row) => [
    row.id,
    `${row.scope} ${safe(row.subject)}`,
    of(row.requestsLeft, row.requestsPerMinute),
    of(row.tokensLeft, row.tokensPerMinute),
    of(row.openStreams, row.concurrentStreams),
    row.shadow ? colors.dim('on trial') : row.action === 'warn' ? colors.dim('warns') : '',
  ]);
  return table(
    columns.map((title) => ({ title })),
    cells,
    colors.dim,
  );
}

async function budgets(context: Context, options: { policy?: string }, command: Command): Promise<void> {
  const common = commonOptions(command);
  const policyFile = options.policy === undefined ? undefined : path.resolve(context.io.cwd, options.policy);
  const rows = await context.commands.budgets(placeOf(context, common), policyFile);
  print(context, common, { budgets: rows }, () => describe(context, rows));
}

function describe({ colors }: Context, rows: readonly BudgetView[]): string {
  if (rows.length === 0) return 'The policy has no budgets, or has counted nothing for them yet.';
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });
  const columns = [
    { title: 'budget' },
    { title: 'for' },
    { title: 'window' },
    right('used'),
    right('of'),
    right('left'),
    { title: 'begins anew' },
    { title: '' },
  ];
  const cells = rows.flatMap((row) =>
    figuresOf(row).map(([used, limit, left]) => cellsOf(row, used, limit, left)),
  );
  const notes = rows.some(({ heldNanoUsd }) => heldNanoUsd > 0)
    ? `\n${colors.dim('Calls that are being answered count with what is held for them.')}`
    : '';
  return table(columns, cells, colors.dim) + notes;

  function cellsOf(row: BudgetView, used: string, limit: string, left: string): string[] {
    const empty = row.remainingNanoUsd === 0 || row.remainingTokens === 0;
    return [
      row.id,
      `${row.scope} ${safe(row.subject)}`,
      row.timezone === undefined ? `${row.window}, rolling` : `${row.window}, ${row.timezone}`,
      used,
      limit,
      empty ? (row.action === 'block' ? colors.red(left) : colors.yellow(left)) : left,
      row.resetsAtMs === undefined ? '' : localTime(row.resetsAtMs),
      row.lost ? colors.red('record lost, counts as used up') : row.shadow ? colors.dim('on trial') : '',
    ];
  }
}

/** One line for money, one for tokens. */
function figuresOf(row: BudgetView): (readonly [string, string, string])[] {
  const lines: (readonly [string, string, string])[] = [];
  if (row.limitNanoUsd !== undefined) {
    lines.push([
      money(row.spentNanoUsd + row.heldNanoUsd),
      money(row.limitNanoUsd),
      money(row.remainingNanoUsd ?? 0),
    ]);
  }
  if (row.limitTokens !== undefined) {
    lines.push([
      `${short(row.spentTokens + row.heldTokens)} tokens`,
      short(row.limitTokens),
      short(row.remainingTokens ?? 0),
    ]);
  }
  return lines;
}
