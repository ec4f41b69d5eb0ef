import { type Command, Option } from 'commander';
import { detectShell, renderForShell, SHELLS, type Shell } from '../../platform/shell-syntax.ts';
import { type Context, commonOptions, connect, placeOf } from '../context.ts';
import { governedEnvironment } from '../governed-environment.ts';

export function addEnv(program: Command, context: Context): void {
  program
    .command('env')
    .summary('print the variables that put a shell under governance')
    .description('Print the proxy and CA variables for a shell to evaluate. Needs a running agent.')
    .addOption(new Option('--shell <shell>', 'syntax; found out if absent').choices(SHELLS))
    .addHelpText('after', EXAMPLES)
    .action((options: { shell?: Shell }, command: Command) => env(context, options.shell, command));
}

const EXAMPLES = `
Examples:
  $ eval "$(postern env)"
  $ postern env --shell fish | source
  PS> postern env --shell powershell | Out-String | Invoke-Expression`;

async function env(context: Context, shell: Shell | undefined, command: Command): Promise<void> {
  const common = commonOptions(command);
  const place = placeOf(context, common);
  const status = await connect(place).status({});
  const { variables, notices } = governedEnvironment(context, place, status);
  for (const notice of notices) context.err.line(`postern: ${notice}`);
  if (common.json) {
    context.out.line(
      JSON.stringify(
        { variables: variables.map((each) => ({ ...each, value: each.value ?? null })) },
        undefined,
        2,
      ),
    );
    return;
  }
  context.out.text(renderForShell(shell ?? detectShell(context.io.env, context.platform.os), variables));
}
