import { expect, it } from 'vitest';
import { policyOf } from '../kit/decide.ts';

const { identifyApp } = policyOf('');

it.each<[string, readonly string[]]>([
  [
    'claude-code',
    ['User-Agent', 'claude-cli/2.1.330 (external, cli)', 'x-app', 'cli', 'X-Stainless-Lang', 'js'],
  ],
  ['claude-code', ['user-agent', 'axios/1.8', 'X-Claude-Code-Session-Id', 'abc']],
  ['codex', ['originator', 'codex_cli_rs', 'user-agent', 'codex_cli_rs/0.169.0']],
  [
    'gemini-cli',
    [
      'User-Agent',
      'GeminiCLI-tui/0.61.0/gemini-3-pro (linux; x64)',
      'x-goog-api-client',
      'google-genai-sdk/3.1.0 gl-node/v24',
    ],
  ],
  ['opencode', ['user-agent', 'opencode/1.18.33 ai-sdk/provider-utils/4']],
  ['copilot-cli', ['copilot-integration-id', 'copilot-developer-cli', 'user-agent', 'copilot/1.0.102']],
  ['copilot-vscode', ['Copilot-Integration-Id', 'vscode-chat']],
  ['qwen-code', ['user-agent', 'QwenCode/0.24.4 (linux; x64)']],
  ['cline', ['http-referer', 'https://cline.bot', 'user-agent', 'OpenAI/JS 7.0']],
  ['openai-js', ['user-agent', 'OpenAI/JS 7.57.0']],
  ['openai-python', ['user-agent', 'AsyncOpenAI/Python 2.1.0']],
  ['anthropic-js', ['user-agent', 'Anthropic/JS 1.12.0']],
  ['anthropic-python', ['user-agent', 'Anthropic/Python 1.3.0']],
  [
    'google-genai-js',
    [
      'user-agent',
      'google-genai-sdk/3.1.0 gl-node/v24.21.0',
      'x-goog-api-client',
      'google-genai-sdk/3.1.0 gl-node/v24.21.0',
    ],
  ],
  ['google-genai-python', ['x-goog-api-client', 'google-genai-sdk/1.2 gl-python/3.11']],
  [
    'edge',
    [
      'user-agent',
      'Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36 Edg/142.0',
    ],
  ],
  [
    'chrome',
    ['user-agent', 'Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36'],
  ],
  ['firefox', ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0']],
  ['curl', ['user-agent', 'curl/8.17.0']],
  ['node-http', ['user-agent', 'node']],
  ['unknown', ['user-agent', 'something/1']],
  ['unknown', []],
  ['unknown', ['user-agent']],
])('recognises %s', (id, headers) => {
  const app = identifyApp(headers);
  expect(app.id).toBe(id);
  expect(app.identifiedBy).toBe(id === 'unknown' ? 'none' : 'header');
});
