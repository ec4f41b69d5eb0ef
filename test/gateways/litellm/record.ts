/**
 * Asks the real LiteLLM for every refusal and quota, in every API, and writes down what it says for the contract server
 * of `npm test`: `npm run test:gateways -- --record`. Hashes, ids and times are taken out.
 */
import type { RecordedAnswer } from '../../kit/gateways/recordings.ts';
import { Recorder } from '../recorder.ts';
import { APIS, scrubbed, TOLD } from './apis.ts';
import { LITELLM_VERSION } from './proxy.ts';
import type { RealLitellm } from './real.ts';

const KEY = 'sk-litellm-virtual-key-of-the-recorder';

interface Case {
  readonly row?: object;
  readonly key?: string | null;
  readonly prompt?: string;
  readonly provider?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly delayMs?: number;
}

const REFUSALS: Readonly<Record<string, Case>> = {
  'no-key': { key: null },
  'unknown-key': { key: 'sk-nobody-knows' },
  'inactive-key': { row: { blocked: true } },
  'expired-key': { row: { expires: '2026-01-01T00:00:00Z' } },
  model: { row: { models: ['another-model'] } },
  budget: { row: { max_budget: 10, spend: 10.21 } },
  'window-budget': { row: { budget_limits: [{ budget_duration: '1h', max_budget: 0 }] } },
  rate: { row: { rpm_limit: 0 } },
  tokens: { row: { tpm_limit: 0 } },
  guardrail: { prompt: 'Tell me of project falcon' },
  timeout: { headers: { 'x-litellm-timeout': '0.3' }, delayMs: 1_500 },
  'no-database': { row: { team_id: 'research' } },
  'provider-down': { provider: 503 },
  'provider-rate': { provider: 429 },
  'provider-auth': { provider: 401 },
};

const QUOTAS: Readonly<Record<string, object>> = {
  free: {},
  limited: {
    key_alias: 'ada-laptop',
    max_budget: 10,
    spend: 2.5,
    budget_duration: '30d',
    budget_reset_at: '2026-12-01T00:00:00Z',
    models: ['gpt-4o-mini', 'claude-*'],
    rpm_limit: 60,
    tpm_limit: 4000,
    tpd_limit: 90000,
    expires: '2027-01-01T00:00:00Z',
  },
  windows: {
    key_alias: 'ada-laptop',
    budget_limits: [
      { budget_duration: '1h', max_budget: 5 },
      { budget_duration: '1d', max_budget: 20 },
    ],
    model_max_budget: { 'gpt-4o': { budget_limit: 0.5, time_period: '30d' } },
  },
  'from-a-budget': { litellm_budget_table: { max_budget: 7, budget_duration: '7d', rpm_limit: 30 } },
};

export async function recordLitellm(gateway: RealLitellm): Promise<void> {
  const recorder = new Recorder('litellm', `LiteLLM ${LITELLM_VERSION}`, gateway.port, TOLD, scrubbed);
  const headersOf = (key: string | null): Record<string, string> =>
    key === null ? {} : { authorization: `Bearer ${key}` };
  const read = (name: string, at: string) => recorder.ask({ name, path: at }, headersOf(KEY));
  for (const [name, { row = {}, key = KEY, prompt = 'What is a postern?', ...rest }] of Object.entries(
    REFUSALS,
  )) {
    gateway.setKeys({ [KEY]: row });
    gateway.provider.failing = rest.provider;
    gateway.provider.headDelayMs = rest.delayMs ?? 0;
    const answers: RecordedAnswer[] = [];
    for (const api of APIS)
      answers.push(await recorder.ask(api, { ...headersOf(key), ...rest.headers }, prompt));
    recorder.write(name, answers);
  }
  gateway.clear();
  const quotas: RecordedAnswer[] = [];
  for (const [name, row] of Object.entries(QUOTAS)) {
    gateway.setKeys({ [KEY]: row });
    quotas.push(await read(name, '/key/info'));
  }
  gateway.setKeys({ [KEY]: { user_id: 'ada' } });
  quotas.push(await read('no-database', '/team/info?team_id=research'));
  quotas.push(await read('not-theirs', '/user/info?user_id=eve'));
  gateway.setKeys({ [KEY]: { models: ['gpt-4o-mini'] } });
  quotas.push(await read('models', '/v1/models'));
  quotas.push(await read('one-model', '/v1/models/gpt-4o-mini'));
  recorder.write('quota', quotas);
}
