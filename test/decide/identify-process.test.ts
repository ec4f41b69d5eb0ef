import { describe, expect, it } from 'vitest';
import type { ProcessIdentity } from '../../agent/src/core/process.ts';
import { policyOf } from '../kit/decide.ts';

const { identifyApp, mayPin } = policyOf('');
const processOf = (executable: string, more: Partial<ProcessIdentity> = {}): ProcessIdentity => ({
  pid: 7,
  executable,
  command: undefined,
  ...more,
});

describe('a program is known by its file', () => {
  it.each<[string, string, Partial<ProcessIdentity>?]>([
    ['claude-code', '/home/ann/.local/share/claude/versions/2.1.330'],
    ['claude-code', '/usr/lib/node_modules/@anthropic-ai/claude-code-linux-x64/claude'],
    ['claude-code', '/usr/bin/node', { script: 'cli.js', packageName: '@anthropic-ai/claude-agent-sdk' }],
    ['claude-desktop', 'C:\\Users\\ann\\AppData\\Local\\AnthropicClaude\\app-1.2.3\\claude.exe'],
    ['claude-desktop', '/Applications/Claude.app/Contents/MacOS/Claude'],
    ['claude-desktop', '/Applications/Claude.app/Contents/Frameworks/Claude Helper.app/Contents/MacOS/x'],
    ['codex', '/usr/lib/node_modules/@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/codex/codex'],
    ['codex', '/tmp/codex-x86_64-unknown-linux-musl'],
    ['gemini-cli', '/usr/bin/node', { script: 'gemini.js', packageName: '@google/gemini-cli' }],
    ['continue', '/usr/bin/node', { script: 'cn.js', packageName: '@continuedev/cli' }],
    ['aider', '/home/ann/venv/bin/python3.12', { script: 'aider' }],
    ['vscode', '/usr/share/code/code'],
    ['vscode', 'C:\\Program Files\\Microsoft VS Code\\Code.exe'],
    ['vscode', '/home/ann/.vscode-server/cli/servers/Stable-1/server/node', { script: 'bootstrap-fork' }],
    ['vscode', '/Applications/Visual Studio Code.app/Contents/Frameworks/Code Helper (Plugin).app/x'],
    ['cursor', '/Applications/Cursor.app/Contents/MacOS/Cursor'],
    ['jetbrains', '/opt/idea/jbr/bin/java'],
    ['chrome', '/opt/google/chrome/chrome'],
    ['curl', 'C:\\Windows\\System32\\curl.exe'],
    ['python-http', '/usr/bin/python3.11', { script: 'claude.py' }],
    ['node-http', '/usr/bin/node'],
  ])('%s: %s', (id, executable, more) => {
    expect(identifyApp([], processOf(executable, more))).toMatchObject({ id, identifiedBy: 'process' });
  });
});

describe('where program and headers disagree', () => {
  const CLAUDE = ['User-Agent', 'claude-cli/2.1.330 (external, cli)', 'x-app', 'cli'];
  it.each<[string, string, string, readonly string[], Partial<ProcessIdentity>?]>([
    // The program is known, and is another.
    ['curl', 'process', '/usr/bin/curl', CLAUDE],
    ['python-http', 'process', '/usr/bin/python3.11', CLAUDE, { script: 'cheat.py' }],
    ['node-http', 'process', '/usr/bin/node', ['user-agent', 'GeminiCLI/1'], { script: 'cheat.js' }],
    ['claude-code', 'process', '/usr/local/bin/claude', ['user-agent', 'curl/8']],
    ['claude-code', 'process', '/usr/local/bin/claude', ['user-agent', 'Anthropic/JS 1.12.0']],
    ['cursor', 'process', '/usr/share/cursor/cursor', ['user-agent', 'OpenAI/JS 7.0']],
    ['curl', 'process', '/usr/bin/curl', ['user-agent', 'OpenAI/JS 7.0']],
    ['vscode', 'process', '/usr/share/code/code', CLAUDE],
    // They agree, or the program can hold what the headers say.
    ['claude-code', 'process', '/usr/local/bin/claude', CLAUDE],
    ['openai-js', 'header', '/usr/bin/node', ['user-agent', 'OpenAI/JS 7.0'], { script: 'a.mjs' }],
    ['cline', 'header', '/usr/share/code/code', ['x-title', 'Cline']],
    ['copilot-vscode', 'header', '/usr/share/code/code', ['copilot-integration-id', 'vscode-chat']],
    ['copilot', 'header', '/usr/bin/node', ['copilot-integration-id', 'copilot.vim']],
    // Nobody knows the program.
    ['claude-code', 'header', '/opt/nix/claude-unwrapped', CLAUDE],
    ['unknown', 'none', '/opt/acme/chatter', []],
  ])('%s by %s: %s', (id, identifiedBy, executable, headers, more) => {
    expect(identifyApp(headers, processOf(executable, more))).toMatchObject({ id, identifiedBy });
  });
});

it('what is told names the program and its script, without folders', () => {
  const app = identifyApp([], processOf('/home/ann/bin/python3.11', { script: 'chat.py' }));
  expect(app.process).toEqual({ name: 'python3.11', pid: 7, script: 'chat.py' });
  expect(identifyApp([], processOf('/opt/acme/chatter'))).toEqual({
    id: 'unknown',
    name: 'chatter',
    identifiedBy: 'none',
    process: { name: 'chatter', pid: 7 },
  });
  expect(identifyApp([], processOf('/opt/a\nb')).name).toBe('ab');
});

it.each([
  ['/opt/acme/chatter', true],
  ['/Applications/ChatGPT.app/Contents/MacOS/ChatGPT', true],
  ['/usr/bin/curl', false],
  ['/usr/bin/python3', false],
  ['/usr/bin/firefox', false],
])('%s may pin a certificate: %s', (executable, may) => {
  expect(mayPin(processOf(executable))).toBe(may);
});
