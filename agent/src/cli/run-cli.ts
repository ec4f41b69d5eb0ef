/**
 * The `postern` commands: arguments in, words or JSON out, an exit code. This room is a client of the local API like
 * the tray; what works without a running agent comes through `ports.ts`. It may not touch the byte edge, the
 * database or the rules themselves, and it never ends the process.
 */
import { Command, CommanderError } from 'commander';
import { addAudit } from './commands/audit.ts';
import { addBudgets } from './commands/budgets.ts';
import { addCompletion } from './commands/completion.ts';
import { addControl } from './commands/control.ts';
import { addDoctor } from './commands/doctor.ts';
import { addEnv } from './commands/env.ts';
import { addExplain } from './commands/explain.ts';
import { addJustify } from './commands/justify.ts';
import { addPolicy } from './commands/policy.ts';
import { addRun } from './commands/run.ts';
import { addStart } from './commands/start.ts';
import { addTrust } from './commands/trust.ts';
import { addUsage } from './commands/usage.ts';
import { type Context, createContext } from './context.ts';
import { explainFailure } from './failure.ts';
import { type CliIo, processIo } from './io.ts';
import type { AgentCommands } from './ports.ts';

/** Runs one command line (without node and script name) and resolves with its exit code. */
export async function runCli(
  argv: readonly string[],
  commands: AgentCommands,
  io: CliIo = processIo(),
): Promise<number> {
  const context = createContext(argv, commands, io);
  try {
    await buildProgram(context).parseAsync([...argv], { from: 'user' });
  } catch (error) {
    context.exitCode = error instanceof CommanderError ? usageExitCode(error) : report(context, error);
  }
  if (context.out.failure) context.exitCode = report(context, context.out.failure);
  context.out.release();
  context.err.release();
  return context.exitCode;
}

/** Help and version that were asked for are answers; everything else commander throws is a usage error. */
const usageExitCode = (error: CommanderError): number =>
  ['commander.helpDisplayed', 'commander.version'].includes(error.code) ? 0 : 2;

function report(context: Context, error: unknown): number {
  const failure = explainFailure(error);
  const { errColors, err, out, io } = context;
  const [first = '', ...more] = failure.lines;
  err.line(`${errColors.red('postern:')} ${first}`);
  for (const line of more) err.line(line);
  if (failure.mend) err.line(`    ${failure.mend}`);
  if (io.env['POSTERN_DEBUG'] && error instanceof Error) err.line(error.stack ?? '');
  if (wantsJson(context.argv)) {
    const { code, lines, mend } = failure;
    out.line(JSON.stringify({ error: { code, message: lines.join('\n'), ...(mend ? { mend } : {}) } }));
  }
  return failure.exitCode;
}

/** `--json` before a `--`: what comes after belongs to another program. */
const wantsJson = (argv: readonly string[]): boolean => {
  const end = argv.indexOf('--');
  return argv.slice(0, end < 0 ? undefined : end).includes('--json');
};

const COMMANDS: readonly ((program: Command, context: Context) => void)[] = [
  addStart,
  addRun,
  addControl,
  addEnv,
  addExplain,
  addUsage,
  addBudgets,
  addAudit,
  addPolicy,
  addJustify,
  addTrust,
  addDoctor,
  addCompletion,
];

export function buildProgram(context: Context): Command {
  const program = new Command('postern')
    .description('Applies the AI policy to AI traffic on this machine and leaves everything else alone.')
    .version(context.commands.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show help for a command')
    .enablePositionalOptions()
    .showSuggestionAfterError(true)
    .showHelpAfterError('(add --help for the options)')
    .configureOutput({
      writeOut: (text) => context.out.text(text),
      writeErr: (text) => context.err.text(text),
      outputError: (text, write) => write(text.replace(/^error: /, `${context.errColors.red('postern:')} `)),
      getOutHelpWidth: () => context.io.stdout.columns ?? 100,
      getOutHasColors: () => context.colors.isColorSupported,
      getErrHasColors: () => context.errColors.isColorSupported,
    })
    .exitOverride();
  for (const add of COMMANDS) add(program, context);
  prepareAll(program, context);
  program.addHelpText('after', START_HERE);
  return program;
}

const START_HERE = `
Start here:
  $ postern run -- claude          one tool under governance, nothing else changed
  $ postern start                  the agent, for everything that is pointed at it
  $ postern doctor                 what isn't right yet, and how to mend it`;

/** The description's first sentence, as one line of a list: `let AI traffic pass unchecked for a while`. */
const asSummary = (description: string): string =>
  description.charAt(0).toLowerCase() + description.slice(1).split(/[.:](?: |$)/, 1)[0];

/** Every command takes the common options, and throws instead of ending the process. */
function prepareAll(command: Command, context: Context): void {
  command
    .option('--home <dir>', "the agent's home (default: POSTERN_HOME, or the user's data directory)")
    .option('--config <file>', 'configuration file (default: POSTERN_CONFIG)');
  if (command.commands.length === 0) command.option('--json', 'print JSON');
  if (command.summary() === '') command.summary(asSummary(command.description()));
  for (const inner of command.commands) {
    inner.copyInheritedSettings(command);
    inner.exitOverride();
    prepareAll(inner, context);
  }
}
