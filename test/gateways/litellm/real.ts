/** The real LiteLLM proxy from PyPI on loopback, with keys, budgets, a guardrail and the fake provider behind it. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pythonWith } from '../../kit/clients.ts';
import type { FakeProvider } from '../../kit/fake-provider/server.ts';
import type { GatewayUnderTest, Refusal } from '../../kit/gateways/gateway-under-test.ts';
import { openSite, startAt } from '../../kit/gateways/real-gateway.ts';

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
  refuse(how: Refusal | undefined): void;
  readonly port: number;
  /** All that the proxy wrote so far. */
  log(): string;
  /** Rows by key; what /key/info tells is the row of the same name in `told`, if there is one. */
  setKeys(rows: Readonly<Record<string, object>>, told?: Readonly<Record<string, object>>): void;
  readonly provider: FakeProvider;
}

export const litellmPython = () => pythonWith(PACKAGES, INSTALL_TIMEOUT_MS);

export async function startRealLitellm(): Promise<RealLitellm> {
  const python = await litellmPython();
  if ('missing' in python) throw new Error(python.missing);
  const site = await openSite('LiteLLM');
  const { provider, port, providerUrl } = site;
  const config = site.write('config.json', JSON.stringify(configFor(providerUrl)));
  const keysFile = path.join(site.folder, 'keys.json');
  const setKeys: RealLitellm['setKeys'] = (rows, told = {}) =>
    writeFileSync(keysFile, JSON.stringify({ rows, told }));
  setKeys({ [KEY]: {} });
  let refusing: Refusal | undefined;
  const running = await startAt(site, {
    command: path.join(path.dirname(python.file), 'litellm'),
    args: ['--config', config, '--host', '127.0.0.1', '--port', `${port}`],
    env: {
      SSL_CERT_FILE: site.ca,
      PYTHONPATH: HOOK_FOLDER,
      PYTHONDONTWRITEBYTECODE: '1',
      POSTERN_TEST_KEYS: keysFile,
      LITELLM_LOCAL_MODEL_COST_MAP: 'True',
      // Of the vendor's own formats under /anthropic and /gemini.
      ANTHROPIC_API_BASE: providerUrl,
      ANTHROPIC_API_KEY: 'sk-ant-key-of-the-company',
      GEMINI_API_BASE: providerUrl,
      GEMINI_API_KEY: 'key-of-the-company-gemini',
    },
    healthPath: '/health/liveliness',
    startSeconds: START_SECONDS,
    relay: {
      ignored: (at) => /^\/(health|key|user|team)\//.test(at),
      // What an admin may set for a model, by call.
      added: () => (refusing === 'timeout' ? { 'x-litellm-timeout': '0.3' } : {}),
    },
  });
  const { received, baseUrl } = running.relay;
  const self: RealLitellm = {
    title: `LiteLLM ${LITELLM_VERSION} (real, from PyPI)`,
    config: { kind: 'litellm', baseUrl },
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
      running.forget();
      self.refuse(undefined);
    },
    port,
    log: running.log,
    setKeys,
    provider,
    stop: running.stop,
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
