import path from 'node:path';
import type { Command } from 'commander';
import { ACTIONS } from '../../core/decision.ts';
import { type Context, commonOptions, placeOf, print } from '../context.ts';
import { localTime, money, safe, table } from '../format.ts';
import { moment } from '../period.ts';
import type { PolicyChange, PolicyDiff, PolicyReplay, PolicyTest } from '../ports.ts';

/** `policy test`, `policy diff`, `policy replay`: what a policy does, before it is pushed. */
export function addPolicyTools(policy: Command, context: Context): void {
  policy
    .command('test')
    .summary('run a policy against a table of cases')
    .description('Run a policy against a table of cases. Exit code 1 if one of them fails.')
    .argument('<file>', 'the policy')
    .argument('<cases>', 'the case file: YAML, see docs/security.md')
    .addHelpText('after', '\nExample:\n  $ postern policy test policy.yaml policy.cases.yaml')
    .action((file: string, cases: string, _options: unknown, command: Command) =>
      test(context, file, cases, command),
    );
  policy
    .command('diff')
    .summary('say what changes from one policy to another')
    .description('Say in plain words what changes from one policy to another, and whether it gets tighter.')
    .argument('<from>', 'the policy in force')
    .argument('<to>', 'the one that is to follow')
    .addHelpText('after', '\nExample:\n  $ postern policy diff policy.yaml policy-next.yaml')
    .action((from: string, to: string, _options: unknown, command: Command) =>
      diff(context, from, to, command),
    );
  policy
    .command('replay')
    .summary('try a policy on the calls of the past')
    .description("Say what a policy would have done with this device's recorded calls.")
    .argument('<file>', 'the policy')
    .requiredOption('--since <when>', 'a date, or an age: 36h, 7d', moment)
    .addHelpText('after', '\nExample:\n  $ postern policy replay policy-next.yaml --since 7d')
    .action((file: string, options: { since: number }, command: Command) =>
      replay(context, file, options.since, command),
    );
}

const absolute = ({ io }: Context, file: string): string => path.resolve(io.cwd, file);

async function test(context: Context, file: string, cases: string, command: Command): Promise<void> {
  const answer = await context.commands.testPolicy(absolute(context, file), absolute(context, cases));
  context.exitCode = answer.cases.every(({ ok }) => ok) ? 0 : 1;
  print(context, commonOptions(command), answer, () => describeTest(context, answer));
}

function describeTest({ colors }: Context, { policy, cases }: PolicyTest): string {
  const failed = cases.filter(({ ok }) => !ok).length;
  const lines = cases.flatMap(({ name, ok, problems }) => [
    `${ok ? colors.green('ok') : colors.red('failed')}  ${safe(name)}`,
    ...problems.map((problem) => `        ${safe(problem)}`),
  ]);
  const total =
    failed === 0 ? colors.green(`${cases.length} passed`) : colors.red(`${failed} of ${cases.length} failed`);
  return [...lines, '', `${total} ${colors.dim(`${policy.name} (${policy.revision})`)}`].join('\n');
}

async function diff(context: Context, from: string, to: string, command: Command): Promise<void> {
  const answer = await context.commands.diffPolicies(absolute(context, from), absolute(context, to));
  print(context, commonOptions(command), answer, () => describeDiff(context, answer));
}

function describeDiff({ colors }: Context, { from, to, changes }: PolicyDiff): string {
  if (changes.length === 0) return 'Both say the same.';
  const paint = { tighter: colors.yellow, looser: colors.red };
  const word = ({ effect }: PolicyChange): string =>
    effect === undefined ? colors.dim('other') : paint[effect](effect);
  return [
    `${from.name} ${colors.dim(`(${from.revision})`)} → ${to.name} ${colors.dim(`(${to.revision})`)}`,
    '',
    table(
      [{ title: '' }, { title: '' }],
      changes.map((change) => [`  ${word(change)}`, safe(change.text)]),
    ),
  ].join('\n');
}

async function replay(context: Context, file: string, sinceMs: number, command: Command): Promise<void> {
  const common = commonOptions(command);
  const answer = await context.commands.replayPolicy({
    ...placeOf(context, common),
    policyFile: absolute(context, file),
    sinceMs,
  });
  print(context, common, answer, () => describeReplay(context, answer));
}

const SHOWN = 20;

function describeReplay({ colors }: Context, answer: PolicyReplay): string {
  const { policy, calls, outcomes, changed, limits, refusedNanoUsd } = answer;
  const rows = ACTIONS.filter((action) => outcomes[action].before + outcomes[action].after > 0).map(
    (action) => [`  ${action}`, String(outcomes[action].before), String(outcomes[action].after)],
  );
  const people = new Set(changed.map(({ user }) => user)).size;
  const lines = [
    `${policy.name} ${colors.dim(`(${policy.revision})`)} on ${calls} calls since ${localTime(answer.sinceMs)}`,
    '',
    table([{ title: '' }, { title: 'was', align: 'right' }, { title: 'would be', align: 'right' }], rows),
    '',
    changed.length === 0
      ? 'No call would have gone otherwise.'
      : `${changed.length} calls of ${people === 1 ? 'one person' : `${people} people`} would have gone otherwise; those refused had cost ${money(refusedNanoUsd)}.`,
  ];
  if (changed.length > 0) {
    lines.push(
      '',
      table(
        ['time', 'who', 'app', 'service', 'was', 'would be', 'because of'].map((title) => ({ title })),
        changed
          .slice(-SHOWN)
          .map((call) => [
            localTime(call.atMs),
            safe(call.user),
            call.app,
            call.service,
            call.before,
            call.after,
            call.rules.join(', '),
          ]),
      ),
    );
    if (changed.length > SHOWN) lines.push(colors.dim(`the newest ${SHOWN}; all with --json`));
  }
  if (limits.length > 0)
    lines.push('', 'What the records can’t tell:', ...limits.map((limit) => `  ${limit}`));
  return lines.join('\n');
}
