/** Real coding agents whose calls go through the gateway: they answer, bring no key of their own, and show refusals once. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { npmClient } from '../kit/clients.ts';
import { startBifrost } from '../kit/gateways/bifrost.ts';
import { type ContractServer, MODEL_ANSWER } from '../kit/gateways/contract-server.ts';
import { ROUTED_POLICY } from '../kit/gateways/journeys.ts';
import { type Office, openOffice } from '../kit/office.ts';

const SETUP_TIMEOUT_MS = 240_000;
let gateway: ContractServer;
let office: Office;

beforeAll(async () => {
  gateway = await startBifrost();
  office = await openOffice({
    policy: ROUTED_POLICY,
    config: { gateway: { ...gateway.config, virtualKey: gateway.key } },
  });
});
beforeEach(() => {
  gateway.clear();
  office.provider.received.length = 0;
});
afterAll(async () => {
  await office.stop();
  await gateway.stop();
});

const AGENTS = [
  {
    name: 'claude',
    command: (file: string, prompt: string) => [file, '-p', prompt],
    env: { ANTHROPIC_API_KEY: 'sk-ant-provider-key', DISABLE_AUTOUPDATER: '1' },
    path: /^\/anthropic\/v1\/messages/,
  },
  {
    name: 'codex',
    command: (file: string, prompt: string) => [
      process.execPath,
      file,
      'exec',
      '--skip-git-repo-check',
      prompt,
    ],
    env: { OPENAI_API_KEY: 'sk-provider-key', CODEX_API_KEY: 'sk-provider-key' },
    // It asks for a WebSocket first, is told 426, and goes on over HTTP.
    path: /^\/openai\/v1\/responses/,
  },
  {
    name: 'qwen',
    command: (file: string, prompt: string) => [
      process.execPath,
      file,
      '--auth-type',
      'openai',
      '-p',
      prompt,
    ],
    env: {
      OPENAI_API_KEY: 'sk-provider-key',
      OPENAI_BASE_URL: 'https://api.openai.com/v1',
      OPENAI_MODEL: 'gpt-4o-mini',
    },
    path: /^\/openai\/v1\/chat\/completions/,
  },
] as const;

describe.each(AGENTS)('$name', ({ name, command, env, path }) => {
  const ask = async (file: string) =>
    office.run(command(file, 'What is a postern?'), { env, cwd: office.folder });

  it(
    'answers through the gateway, without its own key',
    async (context) => {
      const client = await npmClient(name);
      if ('missing' in client) return context.skip(client.missing);
      const ran = await ask(client.file);
      expect(ran.stdout, ran.stderr + office.log()).toContain(MODEL_ANSWER.text);
      expect(ran.code).toBe(0);
      expect(gateway.received.some((call) => path.test(call.path))).toBe(true);
      expect(JSON.stringify(gateway.received)).not.toContain('provider-key');
      expect(
        office.provider.received.filter((call) => /messages|responses|completions/.test(call.path)),
      ).toEqual([]);
      console.log(name, ran.elapsedMs, 'ms');
    },
    SETUP_TIMEOUT_MS,
  );

  it(
    "shows the gateway's refusal, and gives up",
    async (context) => {
      const client = await npmClient(name);
      if ('missing' in client) return context.skip(client.missing);
      gateway.refuse('budget');
      const ran = await ask(client.file);
      expect(ran.stdout + ran.stderr, office.log()).toMatch(/budget is used up/);
      expect(ran.stdout + ran.stderr).not.toContain(gateway.key);
      expect(gateway.received.filter((call) => path.test(call.path)).length).toBeLessThanOrEqual(3);
      expect(ran.elapsedMs).toBeLessThan(30_000);
    },
    SETUP_TIMEOUT_MS,
  );
});
