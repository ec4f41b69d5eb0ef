/** Completion in the shells themselves: each one sources our script and is asked what it would offer. */
import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALL_COMMANDS } from '../../agent/src/cli/commands/all.ts';
import {
  bashCompletion,
  type CommandTree,
  fishCompletion,
  readTree,
  zshCompletion,
} from '../../agent/src/cli/completion.ts';
import { createContext } from '../../agent/src/cli/context.ts';
import { processIo } from '../../agent/src/cli/io.ts';
import { buildProgram } from '../../agent/src/cli/run-cli.ts';
import { commands } from '../kit/mini-agent.ts';

let folder: string;
let tree: CommandTree;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'pstn-complete-'));
  fs.writeFileSync(path.join(folder, 'config.json'), '{}');
  tree = readTree(buildProgram(createContext([], commands, { ...processIo(), env: {} }), ALL_COMMANDS));
  fs.writeFileSync(path.join(folder, 'postern.bash'), bashCompletion(tree));
  fs.writeFileSync(path.join(folder, 'postern.zsh'), zshCompletion(tree));
  fs.writeFileSync(path.join(folder, 'postern.fish'), fishCompletion(tree));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** What is typed, and every word that must be offered; `undefined` in front: these are all. */
const CASES: readonly (readonly [typed: string, offered: readonly string[], only: boolean])[] = [
  ['postern ', ['doctor', 'audit', 'run', 'usage'], false],
  ['postern sta', ['start', 'status'], true],
  ['postern audit ', ['export', 'tail', 'verify'], true],
  ['postern --home /x audit ver', ['verify'], true],
  ['postern policy ch', ['check'], true],
  ['postern usage --by ', ['app', 'day', 'key', 'model', 'service', 'user'], true],
  ['postern audit export --format ', ['cef', 'csv', 'jsonl', 'ocsf'], true],
  ['postern env --shell po', ['powershell'], true],
  ['postern usage --si', ['--since'], true],
  ['postern completion ', ['bash', 'fish', 'zsh'], true],
  ['postern policy check conf', ['config.json'], true],
  ['postern run -- sha256s', ['sha256sum'], true],
  // What follows belongs to another program, whatever it is called.
  ['postern run -- printf audit conf', ['config.json'], true],
  ['postern run -- printf status --js', [], true],
];

const has = (shell: string): boolean => {
  try {
    execFileSync(shell, ['-c', 'exit 0'], { stdio: 'ignore' });
    return true;
  } catch {
    return false; // not installed: the tests say that they were skipped
  }
};

function ask(shell: string, args: readonly string[]): Promise<string> {
  const env = { PATH: '/usr/bin:/bin', HOME: folder, TERM: 'dumb', LC_ALL: 'C.UTF-8' };
  return new Promise((resolve, reject) => {
    execFile(shell, args, { env, cwd: folder, timeout: 8_000 }, (error, stdout, stderr) =>
      error?.killed
        ? reject(new Error(`${shell} did not answer: ${stdout}${stderr}`))
        : resolve(stdout + stderr),
    );
  });
}

const lines = (text: string): string[] =>
  [...new Set(text.split(/\r?\n/).filter((line) => line !== ''))].sort();

function inBash(typed: string): Promise<string[]> {
  const words = typed.split(' ');
  const code = `source postern.bash
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_postern; printf '%s\n' "\${COMPREPLY[@]}"`;
  return ask('bash', ['--norc', '-c', code]).then(lines);
}

const inFish = (typed: string): Promise<string[]> =>
  ask('fish', ['--no-config', '-c', `source postern.fish; complete -C '${typed}'`]).then((text) =>
    lines(text.replace(/\t.*$/gm, '')),
  );

/** zsh completes only in its line editor: one on a terminal of its own, whose compadd also tells what it was given. */
async function inZsh(typed: string): Promise<string[]> {
  const setUp = `autoload -Uz compinit && compinit -u -D
source ${folder}/postern.zsh
compadd() {
  if [[ "\${@[1,(i)(-|--)]}" == *-(O|A|D)[[:space:]]* ]]; then builtin compadd "$@"; return $?; fi
  local -a hits; builtin compadd -A hits "$@"
  local hit; for hit in $hits; do print -r -- "hit:$hit:" >> ${folder}/hits; done
  builtin compadd "$@"
}
finish() { zle list-choices; print -r -- done >> ${folder}/hits; exit 0 }
zle -N finish; bindkey '^I' finish`;
  fs.writeFileSync(path.join(folder, 'setup.zsh'), setUp);
  fs.rmSync(path.join(folder, 'hits'), { force: true });
  const code = `zmodload zsh/zpty
zpty shell 'zsh -f -i'
zpty -w shell 'source ${folder}/setup.zsh; print rea""dy'
zpty -r shell seen '*ready*'
zpty -w -n shell ${JSON.stringify(typed)}$'\\t'
while zpty -t shell && ! grep -q '^done' ${folder}/hits 2>/dev/null; do zpty -r -t shell rest; sleep 0.02; done
zpty -d shell
cat ${folder}/hits`;
  const told = await ask('zsh', ['-f', '-c', code]);
  return lines([...told.matchAll(/^hit:(.*):$/gm)].map(([, hit]) => hit).join('\n'));
}

describe.each([
  ['bash', inBash],
  ['zsh', inZsh],
  ['fish', inFish],
] as const)('%s', (shell, offered) => {
  test.skipIf(!has(shell)).each(CASES)('%s', async (typed, expected, only) => {
    const found = await offered(typed);
    if (only) expect(found).toEqual(expected);
    else expect(found).toEqual(expect.arrayContaining([...expected]));
  });
});
