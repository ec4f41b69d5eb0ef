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
  /** Its arguments are another program's command line. */
  readonly runsProgram: boolean;
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
    runsProgram: command.registeredArguments.some(
      (argument) => argument.variadic && argument.name() === 'command',
    ),
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
      const rest = tree.runsProgram
        ? "'*:::program:_postern_program'"
        : tree.choices.length > 0
          ? `'1:what:(${tree.choices.join(' ')})'`
          : "'*::argument:_default'";
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
  return `#compdef postern\n${ZSH_PROGRAM}\n${functions.join('\n')}\ncompdef _postern postern\n`;
}

/** After run comes another program's command line, with or without the --. */
const ZSH_PROGRAM = `_postern_program() {
  if [[ $words[1] == -- ]]; then shift words; ((CURRENT--)); fi
  _normal
}`;

/** One function finds the command that the words so far have reached; every line asks it. */
export function fishCompletion(root: CommandTree): string {
  const known = all(root).filter(({ path }) => path.length > 0);
  const lines = [
    '# fish completion for postern',
    'complete -c postern -e',
    `set -g __postern_paths ${known.map(({ path }) => `'${path.join(' ')}'`).join(' ')}`,
    FISH_FUNCTIONS,
    "complete -c postern -f -n '__postern_at --' -a '(__postern_program)'",
  ];
  for (const tree of all(root)) {
    const here = `-n '__postern_at "${tree.path.join(' ')}"'`;
    for (const child of tree.children) {
      lines.push(`complete -c postern -f ${here} -a ${child.path.at(-1)} -d '${quoted(child.summary)}'`);
    }
    for (const choice of tree.choices) lines.push(`complete -c postern -f ${here} -a ${choice}`);
    for (const { flags, summary, choices, takesValue } of tree.options) {
      const names = flags.map((flag) =>
        flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
      );
      const value = takesValue ? (choices.length > 0 ? ` -x -a '${choices.join(' ')}'` : ' -r') : '';
      lines.push(`complete -c postern ${here} ${names.join(' ')}${value} -d '${quoted(summary)}'`);
    }
    lines.push(`complete -c postern ${here} -s h -l help -d 'show help'`);
  }
  return `${lines.join('\n')}\n`;
}

const FISH_FUNCTIONS = `function __postern_path
  set -l path
  for word in (commandline -opc)[2..-1]
    # After -- comes another program.
    test "$word" = --; and echo -- --; and return
    contains -- (string join ' ' -- $path $word) $__postern_paths; and set -a path $word
  end
  string join ' ' -- $path
end
function __postern_at
  set -l path (__postern_path)
  test "$path" = "$argv[1]"
end
function __postern_program
  set -l words (commandline -opc)
  set -l place (contains -i -- -- $words)
  set -e words[1..$place]
  complete -C (string join ' ' -- (string escape -- $words) (commandline -ct))
end`;
