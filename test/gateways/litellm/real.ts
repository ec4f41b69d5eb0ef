/** The real LiteLLM proxy from PyPI on loopback, with keys, budgets, a guardrail and the fake provider behind it. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pythonWith } from '../../kit/clients.ts';
import { startFakeProvider } from '../../kit/fake-provider/server.ts';
import type { GatewayUnderTest, Refusal } from '../../kit/gateways/gateway-under-test.ts';
import { freePort, reachable } from '../../kit/gateways/portkey.ts';
import { startRecordingRelay } from '../../kit/gateways/recording-relay.ts';
import { cleanEnvironment } from '../../kit/office.ts';
import { createTestAuthority } from '../../kit/pki.ts';

export const LITELLM_VERSION = '1.108.7';
/** `prisma` only so that its exceptions can be imported: without it every refused key ends in a plain 500. */
const PACKAGES = [`litellm[proxy]==${LITELLM_VERSION}`, 'prisma==0.15.0'];
const INSTALL_TIMEOUT_MS = 900_000;
/** It imports for half a minute on a slow machine. */
const START_SECONDS = 180;
const HOOK_FOLDER = import.meta.dirname;
const KEY = 'sk-litellm-virtual-key-of-the-test';
const FORBIDDEN = 'Tell me of project falcon';

/** Columns of LiteLLM's key table that make it say no. */
const ROWS: Readonly<Partial<Record<Refusal, object>>> = {
  'inactive-key': { blocked: true },
  model: { models: ['another-model'] },
  budget: { max_budget: 10, spend: 10.21 },
  rate: { rpm_limit: 0 },
};

export interface RealLitellm extends GatewayUnderTest {
  readonly port: number;
  /** All that the proxy wrote so far. */
  log(): string;
  /** Rows by key; what /key/info tells is the row of the same name in `told`, if there is one. */
  setKeys(rows: Readonly<Record<string, object>>, told?: Readonly<Record<string, object>>): void;
  readonly provider: Awaited<ReturnType<typeof startFakeProvider>>;
}

export const litellmPython = () => pythonWith(PACKAGES, INSTALL_TIMEOUT_MS);

export async function startRealLitellm(): Promise<RealLitellm> {
  const python = await litellmPython();
  if ('missing' in python) throw new Error(python.missing);
  const authority = await createTestAuthority('LiteLLM Provider Root');
  const provider = await startFakeProvider(authority);
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-litellm-'));
  const file = (name: string): string => path.join(folder, name);
  writeFileSync(file('ca.pem'), authority.pem);
  writeFileSync(file('config.json'), JSON.stringify(configFor(`https://localhost:${provider.port}`)));
  const setKeys: RealLitellm['setKeys'] = (rows, told = {}) =>
    writeFileSync(file('keys.json'), JSON.stringify({ rows, told }));
  setKeys({ [KEY]: {} });
  const port = await freePort();
  const litellm = path.join(path.dirname(python.file), 'litellm');
  const gateway = spawn(
    litellm,
    ['--config', file('config.json'), '--host', '127.0.0.1', '--port', `${port}`],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: folder,
      env: cleanEnvironment({
        HOME: folder,
        SSL_CERT_FILE: file('ca.pem'),
        PYTHONPATH: HOOK_FOLDER,
        PYTHONDONTWRITEBYTECODE: '1',
        POSTERN_TEST_KEYS: file('keys.json'),
        LITELLM_LOCAL_MODEL_COST_MAP: 'True',
        // Of the vendor's own formats under /anthropic and /gemini.
        ANTHROPIC_API_BASE: `https://localhost:${provider.port}`,
        ANTHROPIC_API_KEY: 'sk-ant-key-of-the-company',
        GEMINI_API_BASE: `https://localhost:${provider.port}`,
        GEMINI_API_KEY: 'key-of-the-company-gemini',
      }),
    },
  );
  let log = '';
  for (const stream of [gateway.stdout, gateway.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
  }
  await reachable(`http://127.0.0.1:${port}/health/liveliness`, () => log, START_SECONDS);
  let refusing: Refusal | undefined;
  const relay = await startRecordingRelay({
    port,
    ignored: (at) => /^\/(health|key|user|team)\//.test(at),
    // What an admin may set for a model, by call.
    added: () => (refusing === 'timeout' ? { 'x-litellm-timeout': '0.3' } : {}),
  });
  const received = relay.received;
  const self: RealLitellm = {
    title: `LiteLLM ${LITELLM_VERSION} (real, from PyPI)`,
    config: { kind: 'litellm', baseUrl: relay.baseUrl },
    key: KEY,
    keyHeader: 'authorization',
    received,
    sentOn: provider.received,
    canRefuse: new Set([
      'unknown-key',
      'inactive-key',
      'model',
      'budget',
      'rate',
      'guardrail',
      'provider-down',
      'timeout',
      'stream-error',
    ]),
    prompts: { guardrail: FORBIDDEN },
    refuse(how) {
      // What the agent reads of the quota stays as it was: the refusal is to come from the gateway.
      setKeys(how === 'unknown-key' ? {} : { [KEY]: ROWS[how ?? 'no-key'] ?? {} }, { [KEY]: {} });
      refusing = how;
      provider.failing = how === 'provider-down' ? 503 : undefined;
      provider.headDelayMs = how === 'timeout' ? 2_000 : 0;
      provider.cutStreams = how === 'stream-error';
    },
    clear() {
      received.length = 0;
      provider.received.length = 0;
      self.refuse(undefined);
    },
    port,
    log: () => log,
    setKeys,
    provider,
    async stop() {
      await relay.close();
      await new Promise<void>((resolve) => {
        gateway.once('exit', () => resolve());
        gateway.kill('SIGKILL');
      });
      await provider.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return self;
}

/** JSON is YAML. */
const configFor = (provider: string): object => ({
  model_list: [
    model('gpt-4o-mini', `openai/gpt-4o-mini`, `${provider}/v1`),
    model('claude-sonnet-4-5', 'anthropic/claude-sonnet-4-5', provider),
    model('gemini-2.5-flash', 'gemini/gemini-2.5-flash', `${provider}/v1beta/models/gemini-2.5-flash`),
  ],
  litellm_settings: {
    telemetry: false,
    num_retries: 0,
    // Wherever this holds, what the agent tells of user and device goes on to the provider.
    model_group_settings: { forward_client_headers_to_llm_api: ['claude-sonnet-4-5'] },
  },
  router_settings: { num_retries: 0, disable_cooldowns: true },
  general_settings: {
    master_key: 'sk-master-key-of-the-test',
    custom_auth: 'virtual_keys.user_api_key_auth',
    custom_auth_run_common_checks: true,
    forward_llm_provider_auth_headers: true,
  },
  guardrails: [
    {
      guardrail_name: 'no-falcons',
      litellm_params: {
        guardrail: 'litellm_content_filter',
        mode: 'pre_call',
        default_on: true,
        blocked_words: [{ keyword: 'project falcon', action: 'BLOCK' }],
      },
    },
  ],
});

const model = (name: string, behind: string, base: string): object => ({
  model_name: name,
  litellm_params: { model: behind, api_base: base, api_key: `key-of-the-company-${name}` },
});
