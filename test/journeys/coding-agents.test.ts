/** Real coding agents from npm, run non-interactively under `postern run`, in a loopback-only network where the machine allows one. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { npmClient } from '../kit/clients.ts';
import { liveLookingAwsKey, type Office, openOffice } from '../kit/office.ts';

const ANSWER = 'Hello! I am the fake provider, and I answer every question the same way.';
const SETUP_TIMEOUT_MS = 240_000;
let office: Office;
let startedAtMs = 0;

beforeAll(async () => {
  office = await openOffice({ loopbackOnly: true });
  if (office.sharesNetwork)
    console.log(`Coding agents share this machine's network: ${office.sharesNetwork}.`);
});
beforeEach(() => {
  office.provider.received.length = 0;
  startedAtMs = Date.now();
});
afterAll(() => office.stop());

interface Exchange {
  readonly kind: string;
  readonly atMs: number;
  readonly operation: string;
  readonly effective: string;
  readonly result: string;
}

/** What the audit log says of this test's calls. */
async function exchanges(): Promise<Exchange[]> {
  const { stdout } = await office.postern(['audit', 'export']);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Exchange);
  return lines.filter(({ kind, atMs }) => kind === 'exchange' && atMs >= startedAtMs);
}

interface CodingAgent {
  readonly name: 'claude' | 'gemini' | 'codex' | 'qwen' | 'continue' | 'copilot' | 'cline';
  readonly command: (file: string, prompt: string) => readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Matches the path of an inference call. */
  readonly inference: RegExp;
  /** How many inference attempts one refused prompt may cost (a router call counts). */
  readonly attempts: number;
}

const AGENTS: readonly CodingAgent[] = [
  {
    name: 'claude',
    command: (file, prompt) => [file, '-p', prompt],
    env: { ANTHROPIC_API_KEY: 'sk-ant-test-not-a-key', DISABLE_AUTOUPDATER: '1' },
    inference: /\/v1\/messages/,
    attempts: 1,
  },
  {
    name: 'gemini',
    command: (file, prompt) => [process.execPath, file, '-p', prompt],
    env: { GEMINI_API_KEY: 'not-a-key', GEMINI_CLI_TRUST_WORKSPACE: 'true' },
    inference: /GenerateContent|generateContent/,
    attempts: 2,
  },
  {
    name: 'codex',
    command: (file, prompt) => [process.execPath, file, 'exec', '--skip-git-repo-check', prompt],
    env: { OPENAI_API_KEY: 'sk-test-not-a-key', CODEX_API_KEY: 'sk-test-not-a-key' },
    inference: /\/v1\/responses/,
    attempts: 2,
  },
  {
    name: 'qwen',
    command: (file, prompt) => [process.execPath, file, '--auth-type', 'openai', '-p', prompt],
    env: {
      OPENAI_API_KEY: 'sk-test-not-a-key',
      OPENAI_BASE_URL: 'https://api.openai.com/v1',
      OPENAI_MODEL: 'gpt-4o-mini',
    },
    inference: /\/v1\/chat\/completions/,
    attempts: 1,
  },
  {
    name: 'continue',
    command: (file, prompt) => [process.execPath, file, '--config', continueConfig(), '-p', prompt],
    env: {},
    inference: /\/v1\/(responses|chat\/completions)/,
    attempts: 1,
  },
  {
    // With a provider of one's own: its usual one follows the host that GitHub's API names.
    name: 'copilot',
    command: (file, prompt) => [file, '-p', prompt],
    env: {
      COPILOT_PROVIDER_BASE_URL: 'https://api.openai.com/v1',
      COPILOT_PROVIDER_TYPE: 'openai',
      COPILOT_PROVIDER_API_KEY: 'sk-test-not-a-key',
      COPILOT_MODEL: 'gpt-4o-mini',
      COPILOT_OFFLINE: 'true',
    },
    inference: /\/v1\/(responses|chat\/completions)/,
    attempts: 1,
  },
  {
    name: 'cline',
    command: (file, prompt) => [
      file,
      ...['-P', 'openai-native', '-k', 'sk-test-not-a-key', '-m', 'gpt-4o-mini'],
      ...['--data-dir', path.join(office.folder, 'cline'), prompt],
    ],
    env: {},
    inference: /\/v1\/(responses|chat\/completions)/,
    attempts: 2,
  },
];

it('can reach nothing but loopback and the corporate proxy, so that nothing leaves this machine', async (context) => {
  if (office.sharesNetwork) return context.skip(office.sharesNetwork);
  const code = `
    const net = require('node:net');
    const attempt = (host, port) => new Promise((resolve) => {
      const socket = net.connect({ host, port });
      socket.on('connect', () => { socket.destroy(); resolve('open'); });
      socket.on('error', ({ code }) => resolve(code));
    });
    const proxy = new URL(process.env.CORPORATE);
    Promise.all([
      Object.keys(require('node:os').networkInterfaces()).join(),
      attempt('192.0.2.1', 443),
      attempt('2001:db8::1', 443),
      attempt('api.openai.com', 443),
      attempt(proxy.hostname, Number(proxy.port)),
    ]).then((seen) => console.log(JSON.stringify(seen)));`;
  const ran = await office.run([process.execPath, '-e', code], { env: { CORPORATE: office.proxy.url } });
  const [interfaces, ipv4, ipv6, name, proxy] = JSON.parse(ran.stdout) as string[];
  expect(interfaces).toBe('lo');
  expect([ipv4, ipv6]).toEqual(['ENETUNREACH', 'ENETUNREACH']);
  expect(['EAI_AGAIN', 'ENOTFOUND']).toContain(name);
  expect(proxy).toBe('open');
});

function continueConfig(): string {
  const file = path.join(office.folder, 'continue.yaml');
  const model = { name: 'gpt', provider: 'openai', model: 'gpt-4o-mini', apiKey: 'sk-test-not-a-key' };
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ name: 'office', version: '0.0.1', schema: 'v1', models: [model] }));
  return file;
}

describe.each(AGENTS)('$name', ({ name, command, env, inference, attempts }) => {
  it(
    'answers as without us',
    async (context) => {
      const client = await npmClient(name);
      if ('missing' in client) return context.skip(client.missing);
      const ran = await office.run(command(client.file, 'What is a postern?'), { env, cwd: office.folder });
      expect(ran.stdout, ran.stderr + office.log()).toContain(ANSWER);
      expect(ran.code).toBe(0);
      const calls = office.provider.received.filter((call) => inference.test(call.path));
      expect(calls.length).toBeGreaterThan(0);
      const governed = (await exchanges()).filter(({ operation }) => operation === 'generate');
      expect(governed.length).toBeGreaterThan(0);
      expect(governed.every(({ effective, result }) => effective !== 'block' && result === 'complete')).toBe(
        true,
      );
    },
    SETUP_TIMEOUT_MS,
  );

  it(
    'shows the reason for a refusal and gives up at once',
    async (context) => {
      const client = await npmClient(name);
      if ('missing' in client) return context.skip(client.missing);
      const key = liveLookingAwsKey(name.length);
      const ran = await office.run(command(client.file, `Use the key ${key} to list my buckets`), {
        env,
        cwd: office.folder,
      });
      const shown = ran.stdout + ran.stderr;
      expect(shown, office.log()).toMatch(/AWS access key/);
      expect(shown).toMatch(/postern explain/);
      expect(office.provider.transcript()).not.toContain(key);
      const calls = office.provider.received.filter(
        (call) => inference.test(call.path) && call.body.includes('list my buckets'),
      );
      expect(calls).toHaveLength(0);
      const blocked = (await exchanges()).filter(({ effective }) => effective === 'block');
      expect(blocked.length).toBeGreaterThan(0);
      expect(blocked.length).toBeLessThanOrEqual(attempts);
      expect(ran.elapsedMs).toBeLessThan(30_000);
    },
    SETUP_TIMEOUT_MS,
  );
});
