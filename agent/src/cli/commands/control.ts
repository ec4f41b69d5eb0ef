import { type Command, InvalidArgumentError } from 'commander';
import { instanceLockHolder } from '../../platform/instance-lock.ts';
import type { AgentStatus } from '../../serve/contract.ts';
import {
  type CommonOptions,
  type Context,
  commonOptions,
  connect,
  connectAs,
  filesOf,
  forAdmins,
  placeOf,
  print,
} from '../context.ts';
import { identityRows } from '../describe-identity.ts';
import { bytes, duration, localTime, safe, short, table } from '../format.ts';
import { describeGateway } from '../gateway-line.ts';
import { CommandFailure } from '../ports.ts';
import { telemetryProblems, telemetryRows } from '../telemetry-status.ts';
import { pushedPolicy } from './status-policy.ts';

/** `stop`, `status`, `pause`, `resume`: what a running agent is asked. */
export function addControl(program: Command, context: Context): void {
  forAdmins(program.command('status'))
    .description('Show what the running agent does, and what it can not.')
    .addHelpText('after', '\nExamples:\n  $ postern status\n  $ postern status --json | jq .counters')
    .action((_options: unknown, command: Command) => status(context, commonOptions(command)));
  program
    .command('stop')
    .description('Stop the running agent.')
    .addHelpText('after', '\nExample:\n  $ postern stop')
    .action((_options: unknown, command: Command) => stop(context, commonOptions(command)));
  program
    .command('pause')
    .description('Let AI traffic pass unchecked for a while. The pause and its reason are recorded.')
    .requiredOption('--minutes <n>', 'how long, 1 to 480', parseMinutes)
    .requiredOption('--reason <text>', 'why, for the audit log')
    .addHelpText('after', '\nExample:\n  $ postern pause --minutes 15 --reason "demo without network"')
    .action((options: { minutes: number; reason: string }, command: Command) =>
      pause(context, options, commonOptions(command)),
    );
  forAdmins(program.command('resume'))
    .description('End a pause.')
    .addHelpText('after', '\nExample:\n  $ postern resume')
    .action((_options: unknown, command: Command) => resume(context, commonOptions(command)));
}

function parseMinutes(text: string): number {
  const minutes = Number(text);
  if (text.trim() === '' || !(minutes >= 1 && minutes <= 480))
    throw new InvalidArgumentError('Give 1 to 480 minutes.');
  return minutes;
}

async function status(context: Context, common: CommonOptions): Promise<void> {
  const answer = await connectAs(context, common).status({});
  print(context, common, answer, () => describeStatus(context, answer));
}

const STOP_TIMEOUT_MS = 8000;
const STOP_POLL_MS = 50;

async function stop(context: Context, common: CommonOptions): Promise<void> {
  const place = placeOf(context, common);
  await connect(place).stop({});
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  // The lock goes last: once it is free, another agent can start.
  while (instanceLockHolder(filesOf(place).lockFile) !== undefined) {
    if (Date.now() > deadline) throw new CommandFailure('still-running', 1, 'The agent has not ended yet.');
    await new Promise((resolve) => setTimeout(resolve, STOP_POLL_MS));
  }
  print(context, common, { stopped: true }, () => 'Postern has stopped.');
}

async function pause(
  context: Context,
  options: { minutes: number; reason: string },
  common: CommonOptions,
): Promise<void> {
  const answer = await connect(placeOf(context, common)).pause({
    minutes: options.minutes,
    reason: options.reason,
  });
  print(
    context,
    common,
    answer,
    () => `Paused until ${localTime(answer.untilMs)}. End it earlier with \`postern resume\`.`,
  );
}

async function resume(context: Context, common: CommonOptions): Promise<void> {
  const answer = await connectAs(context, common).resume({});
  print(context, common, answer, () => 'AI traffic is governed again.');
}

function describeStatus(context: Context, status: AgentStatus): string {
  const { colors } = context;
  const { counters, policy, process: own, store } = status;
  const since = duration(Date.now() - own.startedAtMs);
  const rows: string[][] = [
    ['proxy', colors.cyan(status.proxy.url)],
    ['PAC', colors.cyan(status.pac.url)],
    ['CA', status.ca.file],
    [
      'policy',
      `${policy.name} ${colors.dim(`(${policy.revision}, ${policy.source.kind === 'bundle' ? 'signed' : (policy.source.file ?? policy.source.kind)}, since ${localTime(policy.loadedAtMs)})`)}`,
    ],
    ...identityRows(context, status),
    ...(status.gateway === undefined ? [] : [['gateway', describeGateway(colors, status.gateway)]]),
    ...pushedPolicy(status),
    [
      'connections',
      `${short(counters.connections)}, ${short(counters.inspected)} inspected, ${short(counters.tunnels)} untouched, ${counters.openConnections} open`,
    ],
    ['AI calls', `${short(counters.exchanges)}${decisions(colors, counters.decisions)}`],
    ...Object.entries(status.remoteChecks).map(([rule, counts]) => [
      `checks by ${safe(rule)}`,
      remoteCheck(colors, counts),
    ]),
    [
      'records',
      `${store.state === 'ok' ? colors.green('ok') : colors.red(store.state)}${store.sizeBytes === undefined ? '' : `, ${bytes(store.sizeBytes)}`}`,
    ],
    ...telemetryRows(colors, status),
    ['process', `${own.pid}, version ${own.version}, up ${since}, ${bytes(own.rssBytes)} memory`],
  ];
  const lines = [
    headline(colors, status),
    '',
    table(
      [{ title: '' }, { title: '' }],
      rows.map(([name = '', value = '']) => [`  ${colors.dim(name)}`, value]),
    ),
  ];
  lines.push(...troubles(colors, status));
  return lines.join('\n');
}

type Colors = Context['colors'];

function headline(colors: Colors, status: AgentStatus): string {
  if (status.pause) {
    return colors.yellow(`Paused until ${localTime(status.pause.untilMs)}: ${safe(status.pause.reason)}`);
  }
  if (status.state === 'stopping') return colors.yellow('Postern is stopping.');
  if (status.degraded.length > 0) return colors.yellow(colors.bold('Postern is running, with limits.'));
  return colors.green(colors.bold('Postern is running.'));
}

function decisions(colors: Colors, counts: AgentStatus['counters']['decisions']): string {
  const words = Object.entries(counts)
    .filter(([name, count]) => name !== 'allow' && count > 0)
    .map(([name, count]) =>
      name === 'block' ? colors.red(`${count} blocked`) : colors.yellow(`${count} ${name}`),
    );
  return words.length === 0 ? '' : `, ${words.join(', ')}`;
}

function remoteCheck(colors: Colors, counts: AgentStatus['remoteChecks'][string]): string {
  const failed = Object.entries(counts.failed).filter(([, times]) => times > 0);
  const why = failed.map(([code, times]) => `${short(times)} × ${safe(code)}`).join(', ');
  const asked = `${short(counts.asked)} asked, ${short(counts.answered)} answered`;
  return failed.length === 0 ? asked : `${asked}, ${colors.yellow(`failed: ${why}`)}`;
}

function troubles(colors: Colors, status: AgentStatus): string[] {
  const lines: string[] = [];
  const add = (text: string, mend: string | undefined): void => {
    lines.push(`${colors.yellow('!')} ${safe(text)}`, ...(mend ? [`    ${safe(mend)}`] : []));
  };
  for (const { text, mend } of status.degraded) add(text, mend);
  for (const { text, mend } of telemetryProblems(status)) add(text, mend);
  for (const problem of status.policy.lastError?.problems ?? []) add(place(problem), problem.mend);
  for (const problem of status.policy.warnings) add(place(problem), problem.mend);
  for (const problem of status.config.problems) add(place(problem), problem.mend);
  for (const incident of status.incidents) {
    lines.push(
      colors.dim(
        `  ${incident.count} × ${safe(incident.code)}, last ${localTime(incident.lastAtMs)}: ${safe(incident.detail)}`,
      ),
    );
  }
  return lines.length === 0 ? [] : ['', ...lines];
}

type Problem = AgentStatus['config']['problems'][number];
const place = ({ file, line, column, field, message }: Problem): string =>
  `${[file, line, column].filter((part) => part !== undefined).join(':')}: ${field ? `${field}: ` : ''}${message}`;
