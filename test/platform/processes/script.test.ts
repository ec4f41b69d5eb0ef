import { expect, it } from 'vitest';
import { type ResolveFile, scriptOf } from '../../../agent/src/platform/processes/script.ts';

const LINKS: Record<string, string> = {
  '/usr/local/bin/gemini': '/usr/lib/node_modules/@google/gemini-cli/bundle/gemini.js',
  'chat.py': '/home/ann/chat.py',
  'a.mjs': '/home/ann/a.mjs',
  'C:\\app\\node_modules\\cline\\cli.js': 'C:\\app\\node_modules\\cline\\cli.js',
};
const resolve: ResolveFile = (file) => LINKS[file];

it.each([
  ['/usr/bin/node', ['node', '/usr/local/bin/gemini', '-p', 'hi'], 'gemini.js', '@google/gemini-cli'],
  ['/usr/bin/node', ['node', '--import', 'tsx', '--no-warnings', 'a.mjs'], 'a.mjs', undefined],
  ['C:\\node\\node.exe', ['node', 'C:\\app\\node_modules\\cline\\cli.js'], 'cli.js', 'cline'],
  ['/usr/bin/bun', ['bun', 'run', 'a.mjs'], 'a.mjs', undefined],
  [
    '/usr/bin/python3.11',
    ['python3', '-u', '-W', 'ignore', 'chat.py', '--key', 'sk-1'],
    'chat.py',
    undefined,
  ],
  ['/usr/bin/python3', ['python3', '-m', 'aider', '--openai-api-key', 'sk-1'], 'aider', undefined],
])('%s %j runs %s', (executable, argv, script, packageName) => {
  expect(scriptOf(executable, argv, resolve)).toEqual({ script, ...(packageName && { packageName }) });
});

it.each([
  ['/usr/bin/curl', ['curl', 'a.mjs'], 'no interpreter'],
  ['/usr/bin/node', ['node', '-e', 'fetch("https://x/?key=sk-1")'], 'code on the command line'],
  ['/usr/bin/node', ['node', '--some-new-option', 'sk-secret', 'a.mjs'], 'an argument that is no file'],
  ['/usr/bin/python3', ['python3', '-c', 'print(1)'], 'code on the command line'],
  ['/usr/bin/python3', ['python3', '-m', 'sk-$ecret!'], 'no module’s name'],
  ['/usr/bin/node', ['node'], 'a prompt'],
  ['/usr/bin/node', [], 'nothing'],
])('%s %j: nothing is kept (%s)', (executable, argv) => {
  expect(scriptOf(executable, argv, resolve)).toBeUndefined();
});
