import path from 'node:path';
import type { Command } from 'commander';
import type { FileProblem } from '../../serve/contract.ts';
import { type Context, commonOptions, print } from '../context.ts';
import { addPolicyBundle } from './policy-bundle.ts';
import { addPolicyTools } from './policy-tools.ts';

export function addPolicy(program: Command, context: Context): void {
  const policy = program.command('policy').description("The security engineer's tools.");
  policy
    .command('check')
    .summary('check a policy document')
    .description('Check a policy document: syntax, names, conditions. Exit code 1 if it would be refused.')
    .argument('<file>', 'YAML or JSON')
    .addHelpText('after', '\nExample:\n  $ postern policy check policy.yaml && git push')
    .action((file: string, _options: unknown, command: Command) => check(context, file, command));
  addPolicyTools(policy, context);
  addPolicyBundle(policy, context);
}

async function check(context: Context, file: string, command: Command): Promise<void> {
  const { colors } = context;
  const answer = await context.commands.checkPolicy(path.resolve(context.io.cwd, file));
  context.exitCode = answer.ok ? 0 : 1;
  print(context, commonOptions(command), answer, () => {
    const list = (problems: readonly FileProblem[], paint: (text: string) => string): string[] =>
      problems.flatMap((problem) => describe(problem, paint));
    if (!answer.ok) {
      const count = answer.problems.length === 1 ? 'one problem' : `${answer.problems.length} problems`;
      return [`${colors.red('refused')}: ${count} in ${file}`, ...list(answer.problems, colors.red)].join(
        '\n',
      );
    }
    const rules = Object.entries(answer.rules)
      .filter(([, count]) => count > 0)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(', ');
    const { name, revision } = answer.policy;
    return [
      `${colors.green('ok')}: ${name} ${colors.dim(`(${revision})`)}${rules ? `, ${rules}` : ''}`,
      ...list(answer.warnings, colors.yellow),
    ].join('\n');
  });
}

function describe(problem: FileProblem, paint: (text: string) => string): string[] {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(':');
  const field = problem.field ? `${problem.field}: ` : '';
  return [`${paint(place)}: ${field}${problem.message}`, ...(problem.mend ? [`    ${problem.mend}`] : [])];
}
