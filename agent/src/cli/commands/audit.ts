import { type Command, InvalidArgumentError } from 'commander';
import { type CommonOptions, type Context, commonOptions, placeOf, print } from '../context.ts';
import { localTime, money, parseSince, safe, table } from '../format.ts';
import type { AuditLine, AuditVerification } from '../ports.ts';

export function addAudit(program: Command, context: Context): void {
  const audit = program.command('audit').description('Read, export and prove the audit log.');
  audit
    .command('tail')
    .description('Show the latest records.')
    .option('-n, --lines <n>', 'how many', parseLines, 20)
    .addHelpText('after', '\nExample:\n  $ postern audit tail -n 50')
    .action((options: { lines: number }, command: Command) =>
      tail(context, options.lines, commonOptions(command)),
    );
  audit
    .command('export')
    .description('Write the log as one JSON object per line.')
    .option('--since <when>', 'a date, or an age: 24h, 7d', since)
    .addHelpText('after', '\nExample:\n  $ postern audit export --since 7d | gzip > audit.ndjson.gz')
    .action((options: { since?: number }, command: Command) =>
      exportAll(context, options.since, commonOptions(command)),
    );
  audit
    .command('verify')
    .description('Prove that no record was changed, removed or inserted. Exit code 1 if one was.')
    .addHelpText('after', '\nExample:\n  $ postern audit verify --json | jq .ok')
    .action((_options: unknown, command: Command) => verify(context, commonOptions(command)));
}

function parseLines(text: string): number {
  const lines = Number(text);
  if (!Number.isInteger(lines) || lines < 1 || lines > 10_000)
    throw new InvalidArgumentError('Give 1 to 10000.');
  return lines;
}

/** Option parser: an age or a date. */
export function since(text: string): number {
  const atMs = parseSince(text, Date.now());
  if (atMs === undefined)
    throw new InvalidArgumentError('Give an age such as 24h or 7d, or a date such as 2026-11-23.');
  return atMs;
}

async function tail(context: Context, limit: number, common: CommonOptions): Promise<void> {
  const lines = await context.commands.auditTail(placeOf(context, common), limit);
  print(
    context,
    common,
    lines.map(({ record }) => record),
    () => describeLines(context, lines),
  );
}

function describeLines({ colors }: Context, lines: readonly AuditLine[]): string {
  if (lines.length === 0) return 'Nothing has been recorded yet.';
  const paint = {
    allow: colors.green,
    warn: colors.yellow,
    redact: colors.yellow,
    justify: colors.yellow,
    block: colors.red,
  };
  const columns = [
    { title: '#', align: 'right' as const },
    { title: 'time' },
    { title: 'what' },
    { title: 'app' },
    { title: 'service' },
    { title: 'model' },
    { title: 'cost', align: 'right' as const },
    { title: '' },
  ];
  const rows = lines.map((line) => [
    String(line.sequence),
    localTime(line.atMs),
    line.effective ? paint[line.effective](line.effective) : colors.cyan(safe(line.kind)),
    safe(line.app ?? ''),
    safe(line.service ?? ''),
    safe(line.model ?? ''),
    line.nanoUsd === undefined ? '' : money(line.nanoUsd),
    colors.dim(safe(line.detail ?? '')),
  ]);
  return table(columns, rows, colors.dim);
}

async function exportAll(
  context: Context,
  sinceMs: number | undefined,
  common: CommonOptions,
): Promise<void> {
  for await (const line of context.commands.auditExport(placeOf(context, common), sinceMs)) {
    if (context.out.gone) break;
    await context.out.lineWithBackpressure(line);
  }
}

async function verify(context: Context, common: CommonOptions): Promise<void> {
  const answer = await context.commands.auditVerify(placeOf(context, common));
  context.exitCode = answer.ok ? 0 : 1;
  print(context, common, answer, () => describeVerification(context, answer));
}

function describeVerification({ colors }: Context, answer: AuditVerification): string {
  const { firstAtMs, lastAtMs } = answer;
  const period =
    firstAtMs === undefined || lastAtMs === undefined
      ? ''
      : `, ${localTime(firstAtMs)} to ${localTime(lastAtMs)}`;
  const scope = `${answer.records} records, newest signed head ${answer.heads > 0 ? 'checked' : 'missing'}${period}`;
  if (answer.ok) {
    const hash = answer.lastHash ? `\n${colors.dim(`tree head ${answer.lastHash}`)}` : '';
    return `${colors.green('The log is whole')}: ${scope}.${hash}`;
  }
  const problems = answer.problems.map(
    ({ sequence, text }) => `  ${sequence === undefined ? '' : `#${sequence}: `}${safe(text)}`,
  );
  return [`${colors.red('The log has been tampered with')}: ${scope}.`, ...problems].join('\n');
}
