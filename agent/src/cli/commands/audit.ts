import path from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXPORT_FORMATS } from '../../core/records.ts';
import { type ExportOptions, exportLog } from '../audit-export.ts';
import { type CommonOptions, type Context, commonOptions, placeOf, print } from '../context.ts';
import { localTime, money, safe, table } from '../format.ts';
import { moment } from '../period.ts';
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
    .summary('write the log for a collector or a spreadsheet')
    .description(
      'Write the log: as JSON lines (the very text that is hashed), as CSV, as CEF, or as OCSF API Activity.',
    )
    .addOption(new Option('--format <format>', 'what to write').choices(EXPORT_FORMATS).default('jsonl'))
    .option('--since <when>', 'a date, or an age: 24h, 7d (default: all that is kept)', moment)
    .option('--until <when>', 'a date, or an age (default: now)', moment)
    .option('-o, --out <file>', 'into this file, readable by you alone; - is standard output', '-')
    .addHelpText('after', EXPORT_EXAMPLES)
    .action((options: ExportOptions, command: Command) => exportLog(context, options, command));
  audit
    .command('verify')
    .description('Prove that no record was changed, removed or inserted. Exit code 1 if one was.')
    .option('--heads <file>', 'signed heads that your collector has: the log must agree with each')
    .addHelpText('after', VERIFY_EXAMPLES)
    .action((options: { heads?: string }, command: Command) =>
      verify(context, options.heads, commonOptions(command)),
    );
}

const VERIFY_EXAMPLES = `
Examples:
  $ postern audit verify --json | jq .ok
  $ postern audit verify --heads heads.jsonl    # texts of postern.log-checkpoint records, one a line`;

const EXPORT_EXAMPLES = `
Examples:
  $ postern audit export --since 7d | gzip > audit.jsonl.gz
  $ postern audit export --format csv --since 2026-11-01 --until 2026-12-01 --out november.csv
  $ postern audit export --format ocsf --since 24h | vector --config siem.toml`;

function parseLines(text: string): number {
  const lines = Number(text);
  if (!Number.isInteger(lines) || lines < 1 || lines > 10_000)
    throw new InvalidArgumentError('Give 1 to 10000.');
  return lines;
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

async function verify(context: Context, heads: string | undefined, common: CommonOptions): Promise<void> {
  const file = heads === undefined ? undefined : path.resolve(context.io.cwd, heads);
  const answer = await context.commands.auditVerify(placeOf(context, common), file);
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
