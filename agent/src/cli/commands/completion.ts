import { Argument, type Command } from 'commander';
import { bashCompletion, fishCompletion, readTree, zshCompletion } from '../completion.ts';
import type { Context } from '../context.ts';

const WRITERS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

export function addCompletion(program: Command, context: Context): void {
  program
    .command('completion')
    .description('Print a completion script.')
    .addArgument(new Argument('<shell>').choices(Object.keys(WRITERS)))
    .addHelpText('after', EXAMPLES)
    .action((shell: keyof typeof WRITERS) => context.out.text(WRITERS[shell](readTree(program))));
}

const EXAMPLES = `
Examples:
  $ source <(postern completion bash)
  $ postern completion zsh > "\${fpath[1]}/_postern"
  $ postern completion fish > ~/.config/fish/completions/postern.fish`;
