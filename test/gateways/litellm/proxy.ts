/** The real LiteLLM proxy from PyPI on loopback, wherever its keys are, with a guardrail and the fake provider behind it. */
import path from 'node:path';
import { pythonWith } from '../../kit/clients.ts';
import type { Refusal } from '../../kit/gateways/gateway-under-test.ts';
import { type GatewaySite, type RunningGateway, startAt } from '../../kit/gateways/real-gateway.ts';
import type { RelayOptions } from '../../kit/gateways/recording-relay.ts';

export const LITELLM_VERSION = '1.108.7';
/** Without `prisma`, whose exceptions it imports, every refused key ends in a plain 500. */
const PACKAGES = [`litellm[proxy]==${LITELLM_VERSION}`, 'prisma==0.11.0'];
const INSTALL_TIMEOUT_MS = 900_000;
/** It imports for half a minute on a slow machine. */
const START_SECONDS = 180;
export const MASTER_KEY = 'sk-master-key-of-the-test';
export const FORBIDDEN = 'Tell me of project falcon';
/** Of 21 tokens in and 9 out, which are the fake provider's every answer: 10.21 dollars. */
const PRICES = { input_cost_per_token: 0.2, output_cost_per_token: 0.667778 };

export const litellmPython = () => pythonWith(PACKAGES, INSTALL_TIMEOUT_MS);

/** What a test may have it refuse, wherever its keys are. */
export const REFUSALS: readonly Refusal[] = [
  'unknown-key',
  'inactive-key',
  'model',
  'budget',
  'rate',
  'guardrail',
  'provider-down',
  'timeout',
  'stream-error',
];

export interface ProxyOptions {
  readonly python: string;
  /** Of `general_settings`. */
  readonly general?: object;
  readonly env: NodeJS.ProcessEnv;
  /** Headers that the relay before it adds. */
  readonly added: NonNullable<RelayOptions['added']>;
}

export const OWN_PATHS = /^\/(health|key|user|team)\//;

export function startLitellmAt(
  site: GatewaySite,
  { python, general = {}, env, added }: ProxyOptions,
): Promise<RunningGateway> {
  const { port, providerUrl } = site;
  const config = site.write('config.json', JSON.stringify(configFor(providerUrl, general)));
  return startAt(site, {
    command: path.join(path.dirname(python), 'litellm'),
    args: ['--config', config, '--host', '127.0.0.1', '--port', `${port}`],
    env: {
      SSL_CERT_FILE: site.ca,
      PYTHONDONTWRITEBYTECODE: '1',
      LITELLM_LOCAL_MODEL_COST_MAP: 'True',
      // Of the vendor's own formats under /anthropic and /gemini.
      ANTHROPIC_API_BASE: providerUrl,
      ANTHROPIC_API_KEY: 'sk-ant-key-of-the-company',
      GEMINI_API_BASE: providerUrl,
      GEMINI_API_KEY: 'key-of-the-company-gemini',
      ...env,
    },
    healthPath: '/health/liveliness',
    startSeconds: START_SECONDS,
    relay: { ignored: (at) => OWN_PATHS.test(at), added },
  });
}

/** What goes wrong behind it. */
export function makeTrouble({ provider }: GatewaySite, how: Refusal | undefined): void {
  provider.failing = how === 'provider-down' ? 503 : undefined;
  provider.headDelayMs = how === 'timeout' ? 2_000 : 0;
  provider.cutStreams = how === 'stream-error';
}

/** What an admin may set for a model, by call. */
export const timeoutOf = (how: Refusal | undefined): Readonly<Record<string, string>> =>
  how === 'timeout' ? { 'x-litellm-timeout': '0.3' } : {};

/** JSON is YAML. */
const configFor = (provider: string, general: object): object => ({
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
    master_key: MASTER_KEY,
    forward_llm_provider_auth_headers: true,
    ...general,
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
  litellm_params: { model: behind, api_base: base, api_key: `key-of-the-company-${name}`, ...PRICES },
});
