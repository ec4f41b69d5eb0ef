import path from 'node:path';
import type { Command } from 'commander';
import { cleanEnvironment, dropDangerousVariables } from '../../platform/clean-environment.ts';
import { runInForeground } from '../../platform/programs.ts';
import { type Context, commonOptions, placeOf } from '../context.ts';
import { table } from '../format.ts';
import type { RunningAgent } from '../ports.ts';

interface Options {
  readonly policy?: string;
  readonly ephemeral?: boolean;
}

/** After a stop signal the agent has 5 s; then the command returns, whatever is still open. */
const STOP_DEADLINE_MS = 5000;
/** An agent for one command waits this long for its first lease, and after its last one. */
const FIRST_LEASE_MS = 30_000;
const LAST_LEASE_MS = 3000;

export function addStart(program: Command, context: Context): void {
  program
    .command('start')
    .summary('run the agent in the foreground')
    .description(
      'Run the agent in the foreground, until Ctrl-C or `postern stop`. Nothing on the system is changed.',
    )
    .option('--policy <file>', 'policy document (default: from the configuration, else the built-in one)')
    .option('--ephemeral', 'for one command: take a free port if need be, end with the last lease')
    .addHelpText('after', EXAMPLES)
    .action((options: Options, command: Command) => start(context, options, command));
}

const EXAMPLES = `
Examples:
  $ postern start
  $ postern start --policy ./policy.yaml
  $ postern start --json | head -1        {"event":"ready","proxy":"http://127.0.0.1:7843",…}`;

async function start(context: Context, options: Options, command: Command): Promise<void> {
  const common = commonOptions(command);
  // NODE_OPTIONS has already acted on this process: only a new one is free of it (promise 8).
  if (context.io.env['NODE_OPTIONS']) {
    const line: [string, ...string[]] = [...context.commands.commandLine];
    line.push(...context.argv);
    context.exitCode = await runInForeground(line, cleanEnvironment(context.io.env).env);
    return;
  }
  const dropped = dropDangerousVariables(context.io.env);
  const policyFile = options.policy ? path.resolve(context.io.cwd, options.policy) : undefined;
  const portTaken = options.ephemeral ? 'take-free' : 'fail';
  const agent = await context.commands.start({ ...placeOf(context, common), policyFile, portTaken });
  const notices = [
    ...dropped.map(({ name, effect }) => `The variable ${name} ${effect}; the agent ignores it.`),
    ...agent.notices,
  ];
  announce(context, agent, notices, common.json === true);
  await untilStopped(context, agent, options.ephemeral === true);
}

function announce(context: Context, agent: RunningAgent, notices: readonly string[], json: boolean): void {
  if (json) context.out.line(JSON.stringify({ event: 'ready', ...agent.ready }));
  else context.out.line(welcome(context, agent));
  for (const notice of notices) context.err.line(`${context.errColors.yellow('!')} ${notice}`);
}

function welcome({ colors }: Context, { ready }: RunningAgent): string {
  const rows = [
    ['proxy', colors.cyan(ready.proxy)],
    ['PAC', colors.cyan(ready.pac)],
    ['CA', ready.ca],
    ['policy', `${ready.policy.name} ${colors.dim(`(${ready.policy.revision})`)}`],
  ].map(([name = '', value = '']) => [`  ${colors.dim(name)}`, value]);
  return [
    colors.bold(colors.green('Postern is running.')),
    '',
    table([{ title: '' }, { title: '' }], rows),
    '',
    `${colors.dim('Run one tool:')}     postern run -- claude`,
    `${colors.dim('Or this shell:')}    eval "$(postern env)"`,
    `${colors.dim('See what it did:')}  postern status`,
  ].join('\n');
}

async function untilStopped(context: Context, agent: RunningAgent, ephemeral: boolean): Promise<void> {
  let deadline: NodeJS.Timeout | undefined;
  const tooLate = Promise.withResolvers<'too-late'>();
  const stop = (): void => {
    deadline ??= setTimeout(() => tooLate.resolve('too-late'), STOP_DEADLINE_MS);
    agent.stop().catch((error: unknown) => {
      context.err.line(`postern: stopping failed: ${error instanceof Error ? error.message : String(error)}`);
      tooLate.resolve('too-late');
    });
  };
  const removeListener = context.io.onStopSignal(stop);
  const endLeases = ephemeral ? stopAfterLastLease(agent, stop) : () => undefined;
  const outcome = await Promise.race([agent.stopped, tooLate.promise]);
  clearTimeout(deadline);
  removeListener();
  endLeases();
  if (outcome === 'too-late') {
    context.err.line(`postern: not everything had ended after ${STOP_DEADLINE_MS / 1000} s.`);
    context.exitCode = 1;
  }
}

function stopAfterLastLease(agent: RunningAgent, stop: () => void): () => void {
  let timer = setTimeout(stop, FIRST_LEASE_MS);
  agent.onLeases((count) => {
    clearTimeout(timer);
    if (count === 0) timer = setTimeout(stop, LAST_LEASE_MS);
  });
  return () => clearTimeout(timer);
}
