/** Completion scripts, written from the commands as they are defined: nothing to keep in step by hand. */
import type { Command } from 'commander';

export interface CommandTree {
  /** Words after `postern`: `[]`, `['policy', 'check']`. */
  readonly path: readonly string[];
  readonly summary: string;
  readonly options: readonly {
    readonly flags: readonly string[];
    readonly summary: string;
    readonly choices: readonly string[];
    readonly takesValue: boolean;
  }[];
  readonly choices: readonly string[];
  readonly children: readonly CommandTree[];
}

export function readTree(command: Command, path: readonly string[] = []): CommandTree {
  return {
    path,
    summary: command.summary() || command.description(),
    options: command.options.map((option) => ({
      flags: [option.short, option.long].filter((flag) => flag !== undefined),
      summary: option.description,
      choices: option.argChoices ?? [],
      takesValue: option.required || option.optional,
    })),
    choices: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
    children: command.commands.map((inner) => readTree(inner, [...path, inner.name()])),
  };
}

const all = (tree: CommandTree): CommandTree[] => [tree, ...tree.children.flatMap(all)];
const flagsOf = (tree: CommandTree): string[] => [...tree.options.flatMap(({ flags }) => flags), '--help'];
const namesOf = (tree: CommandTree): string[] => tree.children.map(({ path }) => path.at(-1) ?? '');

/** One function; the words so far pick the list. File names are offered wherever nothing else fits. */
export function bashCompletion(root: CommandTree): string {
  const cases = all(root).flatMap((tree) => {
    const key = tree.path.join(' ');
    const values = tree.options
      .filter(({ choices }) => choices.length > 0)
      .map(({ flags, choices }) => `    "${key}|${flags.at(-1)}") words="${choices.join(' ')}" ;;`);
    return values;
  });
  const lists = all(root).map(
    (tree) =>
      `    "${tree.path.join(' ')}") names="${[...namesOf(tree), ...tree.choices].join(' ')}"; flags="${flagsOf(tree).join(' ')}" ;;`,
  );
  const known = all(root)
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => `"${path.join(' ')}"`)
    .join('|');
  return `# bash completion for postern
_postern() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local path="" words="" names="" flags="" word index
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    # After -- comes another program: complete its name, then its files.
    if [[ $word == -- ]]; then
      if ((index == COMP_CWORD - 1)); then COMPREPLY=($(compgen -c -- "$current")); else COMPREPLY=($(compgen -f -- "$current")); fi
      return
    fi
    case "\${path:+$path }$word" in
      ${known}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path|$previous" in
${cases.join('\n')}
  esac
  if [[ -n $words ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    return
  fi
  case "$path" in
${lists.join('\n')}
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  elif [[ $previous == --* && $previous != --json ]] || [[ -z $names ]]; then
    COMPREPLY=($(compgen -f -- "$current"))
  else
    COMPREPLY=($(compgen -W "$names" -- "$current"))
  fi
}
complete -o filenames -F _postern postern
`;
}

const quoted = (text: string): string => text.replace(/['\\[\]:]/g, ' ');

export function zshCompletion(root: CommandTree): string {
  const functions = all(root).map((tree) => {
    const name = ['_postern', ...tree.path].join('_');
    const options = tree.options.map(({ flags, summary, choices, takesValue }) => {
      const value = takesValue ? `:value:${choices.length > 0 ? `(${choices.join(' ')})` : '_files'}` : '';
      return `    '${flags.length > 1 ? `(${flags.join(' ')})'{${flags.join(',')}}'` : flags[0]}[${quoted(summary)}]${value}'`;
    });
    const specs = [...options, "    '--help[show help]'"];
    if (tree.children.length === 0) {
      const rest =
        tree.choices.length > 0 ? `'1:what:(${tree.choices.join(' ')})'` : "'*::argument:_default'";
      return `${name}() {\n  _arguments -s \\\n${[...specs, `    ${rest}`].join(' \\\n')}\n}`;
    }
    const children = tree.children.map((child) => `      '${child.path.at(-1)}:${quoted(child.summary)}'`);
    const dispatch = tree.children.map(
      (child) => `        ${child.path.at(-1)}) _postern_${child.path.join('_')} ;;`,
    );
    return `${name}() {
  local state line
  typeset -A opt_args
  _arguments -C \\
${[...specs, "    '1:command:->command'", "    '*::argument:->argument'"].join(' \\\n')}
  case $state in
    command)
      local -a commands=(
${children.join('\n')}
      )
      _describe command commands ;;
    argument)
      case $line[1] in
${dispatch.join('\n')}
      esac ;;
  esac
}`;
  });
  return `#compdef postern\n${functions.join('\n')}\ncompdef _postern postern\n`;
}

export function fishCompletion(root: CommandTree): string {
  const lines = ['# fish completion for postern'];
  for (const tree of all(root)) {
    const [first, second] = tree.path;
    const seen = [first, second]
      .filter((word) => word !== undefined)
      .map((word) => `__fish_seen_subcommand_from ${word}`);
    const here = seen.length === 0 ? '__fish_use_subcommand' : seen.join('; and ');
    const names = namesOf(tree).join(' ');
    const before = names && seen.length > 0 ? `${here}; and not __fish_seen_subcommand_from ${names}` : here;
    for (const child of tree.children) {
      lines.push(
        `complete -c postern -f -n '${before}' -a ${child.path.at(-1)} -d '${quoted(child.summary)}'`,
      );
    }
    for (const choice of tree.choices) lines.push(`complete -c postern -f -n '${here}' -a ${choice}`);
    for (const { flags, summary, choices, takesValue } of tree.options) {
      const names = flags.map((flag) =>
        flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
      );
      const value = takesValue ? (choices.length > 0 ? ` -x -a '${choices.join(' ')}'` : ' -r') : '';
      lines.push(`complete -c postern -n '${here}' ${names.join(' ')}${value} -d '${quoted(summary)}'`);
    }
  }
  return `${lines.join('\n')}\n`;
}
