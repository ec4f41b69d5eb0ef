import type { Command } from 'commander';
import { cleanEnvironment } from '../../platform/clean-environment.ts';
import { applyVariables } from '../../platform/client-environment.ts';
import { prepareHome } from '../../platform/home.ts';
import { runInForeground, startInBackground } from '../../platform/programs.ts';
import type { Watch } from '../../serve/client.ts';
import { LocalApiError } from '../../serve/local-api-error.ts';
import { type Context, commonOptions, connect, filesOf, placeOf } from '../context.ts';
import { governedEnvironment } from '../governed-environment.ts';
import { CommandFailure, type Place } from '../ports.ts';

export function addRun(program: Command, context: Context): void {
  program
    .command('run')
    .summary('run one command under governance')
    .description(
      "Run one command with its AI traffic going through the agent. If none is running, one is started for as long as it takes. The exit code is the command's own.",
    )
    .argument('<command...>', 'the command and its arguments, after --')
    .passThroughOptions()
    .addHelpText('after', EXAMPLES)
    .action((words: string[], _options: unknown, command: Command) =>
      run(context, words as [string, ...string[]], placeOf(context, commonOptions(command))),
    );
}

const EXAMPLES = `
Examples:
  $ postern run -- claude
  $ postern run -- gemini -p "hello"
  $ postern run -- node my-agent.js`;

async function run(context: Context, words: [string, ...string[]], place: Place): Promise<void> {
  let running = true;
  const say = (text: string): void => context.err.line(context.errColors.dim(`postern: ${text}`));
  const watch = await watchOrStart(context, place, say, () => {
    if (running) say('the agent has stopped; AI calls will fail until it runs again.');
  });
  try {
    const { variables, notices } = governedEnvironment(context, place, watch.snapshot);
    for (const notice of notices) say(notice);
    context.exitCode = await runInForeground(words, applyVariables(context.io.env, variables));
  } finally {
    running = false;
    watch.close();
  }
}

const PATIENCE_MS = 20_000;
const RETRY_MS = 150;

/** Two commands may start at once: whoever loses the race for the lock uses the winner's agent. */
async function watchOrStart(
  context: Context,
  place: Place,
  say: (text: string) => void,
  onEnd: () => void,
): Promise<Watch> {
  const deadline = Date.now() + PATIENCE_MS;
  let started = false;
  for (;;) {
    const watch = await tryWatch(place, onEnd);
    if (watch) {
      if (started) say(`no agent was running; started one for this command at ${watch.snapshot.proxy.url}`);
      return watch;
    }
    if (Date.now() > deadline) {
      throw new CommandFailure(
        'not-running',
        3,
        'No agent is running, and none could be started.',
        'Try `postern start`.',
      );
    }
    started = (await startPrivate(context, place)) || started;
    if (!started) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function tryWatch(place: Place, onEnd: () => void): Promise<Watch | undefined> {
  let open = false;
  try {
    const watch = await connect(place).watch({ lease: true, onEnd: () => open && onEnd() });
    if (watch.snapshot.state === 'stopping') {
      watch.close();
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      return undefined;
    }
    open = true;
    return watch;
  } catch (error) {
    // unauthorized: a new agent has just replaced the token; the next look sees it.
    if (error instanceof LocalApiError && ['not-running', 'unauthorized'].includes(error.code))
      return undefined;
    throw error;
  }
}

/** False if another agent holds this home already. */
async function startPrivate(context: Context, place: Place): Promise<boolean> {
  const files = filesOf(place);
  prepareHome(files);
  const words: [string, ...string[]] = [...context.commands.commandLine];
  words.push('start', '--json', '--ephemeral', '--home', place.home);
  if (place.configFile) words.push('--config', place.configFile);
  const { firstLine } = await startInBackground(
    words,
    cleanEnvironment(context.io.env).env,
    files.logFile,
    PATIENCE_MS,
  );
  const failure = failureIn(firstLine);
  if (!failure) return true;
  if (failure.code === 'already-running') return false;
  throw new CommandFailure(failure.code, 2, failure.message, failure.mend);
}

interface ReportedFailure {
  readonly code: string;
  readonly message: string;
  readonly mend?: string;
}

/** The first line of `start --json` is the ready line, or the reason why there is none. */
function failureIn(line: string): ReportedFailure | undefined {
  try {
    const { event, error } = JSON.parse(line) as { event?: string; error?: ReportedFailure };
    return event === 'ready' ? undefined : (error ?? { code: 'start-failed', message: line });
  } catch {
    return { code: 'start-failed', message: line }; // not JSON: the line itself is the best explanation there is
  }
}
