/** Writes environment variables in a shell's own syntax, quoted so that no value can become code. */
import type { ClientVariable } from './client-environment.ts';
import type { Environment, OperatingSystem } from './operating-system.ts';

export const SHELLS = ['sh', 'bash', 'zsh', 'fish', 'powershell', 'cmd'] as const;
export type Shell = (typeof SHELLS)[number];

const posixQuote = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;
/** fish: inside single quotes only `\\` and `\'` are escapes. */
const fishQuote = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const powershellQuote = (value: string): string =>
  `'${value.replace(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`;
/** cmd: `set "NAME=value"` takes all but `%`, which is doubled in a batch file; `"` can't be in a path or URL. */
const cmdEscape = (value: string): string => value.replaceAll('%', '%%').replaceAll('"', '');

interface Syntax {
  set(name: string, value: string): string;
  unset(name: string): string;
  comment(text: string): string;
}

const posix: Syntax = {
  set: (name, value) => `export ${name}=${posixQuote(value)}`,
  unset: (name) => `unset ${name}`,
  comment: (text) => `# ${text}`,
};

const SYNTAX: Readonly<Record<Shell, Syntax>> = {
  sh: posix,
  bash: posix,
  zsh: posix,
  fish: {
    set: (name, value) => `set -gx ${name} ${fishQuote(value)}`,
    unset: (name) => `set -e ${name}`,
    comment: (text) => `# ${text}`,
  },
  powershell: {
    set: (name, value) => `$env:${name} = ${powershellQuote(value)}`,
    unset: (name) => `Remove-Item Env:${name} -ErrorAction SilentlyContinue`,
    comment: (text) => `# ${text}`,
  },
  cmd: {
    set: (name, value) => `set "${name}=${cmdEscape(value)}"`,
    unset: (name) => `set "${name}="`,
    comment: (text) => `rem ${text}`,
  },
};

const HOW_TO_USE: Readonly<Record<Shell, string>> = {
  sh: 'eval "$(postern env)"',
  bash: 'eval "$(postern env)"',
  zsh: 'eval "$(postern env)"',
  fish: 'postern env --shell fish | source',
  powershell: 'postern env --shell powershell | Out-String | Invoke-Expression',
  cmd: 'postern env --shell cmd > postern-env.cmd & call postern-env.cmd',
};

/** Lines that a shell evaluates; with a comment per variable saying who reads it. */
export function renderForShell(shell: Shell, variables: readonly ClientVariable[]): string {
  const syntax = SYNTAX[shell];
  const lines = [syntax.comment(`Use: ${HOW_TO_USE[shell]}`)];
  let previous: string | undefined;
  for (const { name, value, reason } of variables) {
    if (reason !== previous) lines.push(syntax.comment(reason.replaceAll(/[&|<>^%]/g, ' ')));
    previous = reason;
    lines.push(value === undefined ? syntax.unset(name) : syntax.set(name, value));
  }
  return `${lines.join('\n')}\n`;
}

/** The shell that most likely reads what we print; `sh` syntax fits any POSIX one. */
export function detectShell(env: Environment, os: OperatingSystem): Shell {
  if (os === 'win32' && !env['SHELL']) return env['PSModulePath'] ? 'powershell' : 'cmd';
  const name = (env['SHELL'] ?? '').replace(/^.*[\\/]/, '').replace(/\.exe$/, '');
  return SHELLS.find((shell) => shell === name) ?? 'sh';
}
