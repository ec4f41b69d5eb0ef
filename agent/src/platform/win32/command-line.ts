/**
 * How to start a program on Windows. npm installs `claude` as `claude.cmd`, which only cmd.exe can run, and cmd.exe
 * reads its command line by rules of its own; Node refuses to start .cmd files directly (CVE-2024-27980).
 */
import path from 'node:path';
import type { Environment } from '../operating-system.ts';

export interface WindowsCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** True: the arguments are already quoted. */
  readonly verbatim: boolean;
}

export function windowsCommandLine(
  program: string,
  args: readonly string[],
  env: Environment,
  exists: (file: string) => boolean,
): WindowsCommand {
  const file = findProgram(program, env, exists);
  if (!file || !/\.(cmd|bat)$/i.test(file)) return { program: file ?? program, args, verbatim: false };
  // An npm shim passes %* on to a second parser: its arguments are escaped once more.
  const rounds = /node_modules[\\/]\.bin[\\/][^\\/]+\.cmd$/i.test(file) ? 2 : 1;
  const line = [
    escapeMeta(path.win32.normalize(file)),
    ...args.map((arg) => escapeArgument(arg, rounds)),
  ].join(' ');
  const shell = variable(env, 'ComSpec') ?? 'cmd.exe';
  return { program: shell, args: ['/d', '/s', '/c', `"${line}"`], verbatim: true };
}

const variable = (env: Environment, name: string): string | undefined =>
  Object.entries(env).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];

/** Through Path and PATHEXT, but not the current folder, where anybody may have put a `node.cmd`. */
function findProgram(
  program: string,
  env: Environment,
  exists: (file: string) => boolean,
): string | undefined {
  const extensions = (variable(env, 'PATHEXT') ?? '.COM;.EXE;.BAT;.CMD').split(';').filter(Boolean);
  const hasExtension = extensions.some((extension) =>
    program.toLowerCase().endsWith(extension.toLowerCase()),
  );
  const names = hasExtension ? [program] : extensions.map((extension) => `${program}${extension}`);
  const folders = /[\\/]/.test(program) ? [''] : (variable(env, 'Path') ?? '').split(';').filter(Boolean);
  for (const folder of folders) {
    for (const name of names) {
      const file = folder === '' ? name : path.win32.join(folder, name);
      if (exists(file)) return file;
    }
  }
  return undefined;
}

const escapeMeta = (text: string): string => text.replace(/[()\][%!^"`<>&|;, *?]/g, '^$&');

/** Quoted for the C runtime (backslashes before a quote are doubled), then for cmd.exe. */
function escapeArgument(argument: string, rounds: number): string {
  const forRuntime = `"${argument.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\*)$/, '$1$1')}"`;
  let escaped = forRuntime;
  for (let round = 0; round < rounds; round += 1) escaped = escapeMeta(escaped);
  return escaped;
}
