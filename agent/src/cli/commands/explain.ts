import fs from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { type Context, commonOptions, placeOf, print } from '../context.ts';
import { localTime, safe, table } from '../format.ts';
import { CommandFailure, type Explanation } from '../ports.ts';

interface Options {
  readonly app?: string;
  readonly body?: string;
  readonly method?: string;
  readonly policy?: string;
}

const MAX_BODY_BYTES = 64 * 1024 * 1024;

export function addExplain(program: Command, context: Context): void {
  program
    .command('explain')
    .summary('say what would happen to a call, or why something happened')
    .description(
      'Say what would happen to a call and why, rule by rule, without sending anything; or, for a decision id, why it was taken.',
    )
    .argument('<url|id>', 'a URL, or the id from a refusal or `postern audit tail`')
    .option('--app <id>', 'as if this app had called: claude-code, codex …')
    .option('--body <file>', 'the request body; - reads standard input')
    .option('--method <method>', 'HTTP method (default: POST with a body, else GET)')
    .option('--policy <file>', 'explain with this policy instead of the active one')
    .addHelpText('after', EXAMPLES)
    .action((subject: string, options: Options, command: Command) =>
      explain(context, subject, options, command),
    );
}

const EXAMPLES = `
Examples:
  $ postern explain https://api.openai.com/v1/chat/completions --body request.json
  $ echo '{"model":"gpt-5","messages":[]}' | postern explain https://api.openai.com/v1/chat/completions --body -
  $ postern explain d-7f3a9c --json`;

async function explain(context: Context, subject: string, options: Options, command: Command): Promise<void> {
  const common = commonOptions(command);
  const body = options.body === undefined ? undefined : await readBody(context, options.body);
  const answer = await context.commands.explain({
    ...placeOf(context, common),
    subject,
    body,
    app: options.app,
    method: options.method?.toUpperCase() ?? (body ? 'POST' : undefined),
    policyFile: options.policy ? path.resolve(context.io.cwd, options.policy) : undefined,
  });
  print(context, common, answer, () => describe(context, answer));
}

async function readBody({ io }: Context, file: string): Promise<Uint8Array> {
  if (file !== '-') {
    try {
      return fs.readFileSync(path.resolve(io.cwd, file));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new CommandFailure('body-unreadable', 2, `${file} can't be read: ${why}`, undefined, {
        cause: error,
      });
    }
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of io.stdin) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES)
      throw new CommandFailure('body-too-large', 2, 'The body is larger than 64 MB.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function describe({ colors }: Context, answer: Explanation): string {
  const paint = {
    allow: colors.green,
    warn: colors.yellow,
    redact: colors.yellow,
    justify: colors.yellow,
    block: colors.red,
  };
  const verdict = paint[answer.effective](colors.bold(answer.effective));
  const shadow =
    answer.decision === answer.effective ? '' : ` (the policy says ${answer.decision}; ${why(answer)})`;
  const facts = [
    ['service', answer.service ?? 'none: the connection is tunnelled untouched'],
    ['mode', answer.mode],
    ['operation', answer.operation],
    ['model', answer.model],
    [
      'app',
      `${answer.app.name}${answer.app.identifiedBy === 'none' ? '' : ` (by ${answer.app.identifiedBy})`}`,
    ],
    ['policy', `${answer.policy.name} (${answer.policy.revision})`],
    ['time', answer.startedAtMs === undefined ? undefined : localTime(answer.startedAtMs)],
    ['found', findings(answer)],
  ].flatMap(([name = '', value]) => (value === undefined ? [] : [[`  ${colors.dim(name)}`, safe(value)]]));
  const reasons = answer.reasons.flatMap((reason) => [
    `  ${paint[reason.action](reason.action)} ${colors.dim(reason.rule)}${trial(reason)}  ${safe(reason.text)}`,
    ...(reason.message ? [`      "${safe(reason.message)}"`] : []),
  ]);
  const trace = (answer.trace ?? []).map(
    ({ rule, applied, text, shadow: onTrial }) =>
      `  ${applied ? colors.green('●') : colors.dim('○')} ${rule}${trial({ shadow: onTrial })}  ${colors.dim(safe(text))}`,
  );
  return [
    `${verdict}${shadow}`,
    '',
    table([{ title: '' }, { title: '' }], facts),
    ...(reasons.length > 0 ? ['', colors.bold('Why'), ...reasons] : []),
    ...(trace.length > 0 ? ['', colors.bold('Rules looked at'), ...trace] : []),
    ...(answer.notes ?? []).map((note) => `\n${colors.dim(safe(note))}`),
  ].join('\n');
}

/** Says of a rule in shadow that nothing came of what it decided. */
const trial = ({ shadow }: { readonly shadow?: true | undefined }): string => (shadow ? ' (on trial)' : '');

/** Why something else was done than the policy says. */
function why({ reasons, decision }: Explanation): string {
  const stricter = reasons.filter(({ action }) => action === decision);
  return stricter.length > 0 && stricter.every(({ shadow }) => shadow)
    ? 'the rule for it is on trial'
    : 'it runs in shadow mode';
}

function findings({ findings: found }: Explanation): string | undefined {
  const entries = Object.entries(found ?? {});
  return entries.length === 0 ? undefined : entries.map(([kind, count]) => `${count} × ${kind}`).join(', ');
}
