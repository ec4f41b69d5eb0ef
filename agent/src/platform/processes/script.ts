/**
 * Which script an interpreter runs, from its arguments. Arguments hold secrets, so nothing of them is kept but the
 * name of a file that exists, or of a module after `-m`.
 */
import path from 'node:path';
import { programName } from '../../core/process.ts';

export interface Script {
  readonly script: string;
  readonly packageName?: string;
}

interface Interpreter {
  readonly names: RegExp;
  /** Options whose value is the next argument. */
  readonly valued: ReadonlySet<string>;
  /** Options after which there is no script: code on the command line. */
  readonly inline: ReadonlySet<string>;
  /** The option after which a module's name stands in the place of a script. */
  readonly module?: string;
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

const INTERPRETERS: readonly Interpreter[] = [
  {
    // https://nodejs.org/api/cli.html, https://bun.sh/docs/cli/run, https://docs.deno.com/runtime/reference/cli/run/
    names: /^(node|nodejs|bun|deno|electron)$/,
    valued: words(
      '-r --require --import --loader --experimental-loader --env-file --env-file-if-exists -C --conditions --input-type --title --preload --config -c',
    ),
    inline: words('-e --eval -p --print -pe'),
  },
  {
    // https://docs.python.org/3/using/cmdline.html
    names: /^(python|python\d(\.\d+)?|pypy3?|pythonw)$/,
    valued: words('-W -X --check-hash-based-pycs'),
    inline: words('-c -'),
    module: '-m',
  },
  { names: /^ruby(\d(\.\d+)?)?$/, valued: words('-r -I -C'), inline: words('-e') },
];
const SUBCOMMANDS = words('run x exec');
/** More arguments than this stand before no script. */
const MAX_ARGUMENTS = 64;

/** Knows the files of the machine: tests bring their own. `resolve` follows links; undefined: there is no such file. */
export type ResolveFile = (file: string) => string | undefined;

export function scriptOf(
  executable: string,
  argv: readonly string[],
  resolve: ResolveFile,
): Script | undefined {
  const name = programName(executable).toLowerCase();
  const interpreter = INTERPRETERS.find(({ names }) => names.test(name));
  if (interpreter === undefined) return undefined;
  for (let i = 1; i < argv.length && i < MAX_ARGUMENTS; i += 1) {
    const argument = argv[i] as string;
    if (interpreter.inline.has(argument)) return undefined;
    if (argument === interpreter.module) return moduleNamed(argv[i + 1]);
    if (interpreter.valued.has(argument)) i += 1;
    else if (!argument.startsWith('-') && !SUBCOMMANDS.has(argument)) return scriptAt(resolve(argument));
  }
  return undefined;
}

const moduleNamed = (name: string | undefined): Script | undefined =>
  name !== undefined && /^[\w.]{1,64}$/.test(name) ? { script: name } : undefined;

const PACKAGE = /.*[\\/]node_modules[\\/]((?:@[\w.-]+[\\/])?[\w.-]+)[\\/]/;

function scriptAt(file: string | undefined): Script | undefined {
  if (file === undefined) return undefined;
  const packageName = PACKAGE.exec(file)?.[1]?.replaceAll('\\', '/');
  const script = (file.includes('\\') ? path.win32 : path.posix).basename(file);
  return { script, ...(packageName !== undefined && { packageName }) };
}
