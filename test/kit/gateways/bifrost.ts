/**
 * A contract server for Bifrost, written from its documentation (docs.getbifrost.ai) and the words in its source
 * (plugins/governance): nothing here was recorded, as no registry offers it.
 */

import { type ContractServer, type Said, startContractServer, WEB_PAGE } from './contract-server.ts';
import type { Refusal } from './gateway-under-test.ts';

const KEY = 'sk-bf-virtual-key-of-the-test';

/** Status, `type`, words: the governance plugin's own. */
const REFUSALS: Partial<Record<Refusal, readonly [number, string, string]>> = {
  'no-key': [
    401,
    'virtual_key_required',
    'virtual key is required. Provide a virtual key via the x-bf-vk header.',
  ],
  'unknown-key': [
    401,
    'virtual_key_not_found',
    'virtual key not found. The provided virtual key does not exist or has been revoked.',
  ],
  'inactive-key': [403, 'access_blocked', 'Virtual key is inactive'],
  model: [403, 'model_blocked', "Model 'gpt-4o-mini' is not allowed for this virtual key"],
  provider: [403, 'provider_blocked', "Provider 'openai' is not allowed for this virtual key"],
  budget: [402, 'budget_exceeded', 'Team-level budget exceeded: research, 10.21 > 10.00 dollars'],
  rate: [429, 'rate_limited', 'Team-level rate limit exceeded: requests, resets in 7s'],
};

const NATIVE: readonly (readonly [RegExp, string])[] = [
  [/^\/openai(?=\/v1\/(chat\/completions|responses|embeddings|models))/, ''],
  [/^\/anthropic(?=\/v1\/(messages|models))/, ''],
  [/^\/genai(?=\/v1beta\/models)/, ''],
  [/^(?=\/v1\/(chat\/completions|responses|embeddings|models))/, ''],
  [/^\/(openai|anthropic|genai)_passthrough(?=\/)/, ''],
];

export const startBifrost = (): Promise<ContractServer> =>
  startContractServer({
    title: 'Bifrost (contract server)',
    kind: 'bifrost',
    key: KEY,
    keyHeader: 'x-bf-vk',
    keyOf: (headers) => headers['x-bf-vk'] as string | undefined,
    modelPath: (path) => {
      const found = NATIVE.find(([pattern]) => pattern.test(path));
      return found && path.replace(found[0], found[1]);
    },
    refusal,
    quotaPath: '/api/governance/virtual-keys/quota',
    quota: () => ({ virtual_key_name: 'ada-laptop', is_active: true, budgets: [], provider_configs: [] }),
    healthPath: '/health',
  });

function refusal(how: Refusal, path: string): Said {
  if (how === 'web-page') return WEB_PAGE;
  const anthropic = path.startsWith('/anthropic');
  if (how === 'provider-down') {
    return said(anthropic, 503, 'service_unavailable', 'all provider keys are exhausted');
  }
  if (how === 'stream-error') {
    const error = {
      type: 'error',
      error: { type: 'guardrail_violation', message: 'stopped by guardrail pii-out' },
    };
    return { status: 200, body: `event: error\ndata: ${JSON.stringify(error)}\n\n` };
  }
  if (how === 'guardrail') {
    const error = {
      type: 'guardrail_violation',
      message: 'guardrail blocked the request',
      details: { guardrail_id: 'pii-in', validation_stage: 'input', violations: [{ type: 'us-ssn' }] },
    };
    const message = `${error.message}: pii-in`;
    return anthropic
      ? said(true, 446, '', message)
      : { status: 446, body: JSON.stringify({ status_code: 446, error }) };
  }
  const [status, type, message] = REFUSALS[how] ?? [500, 'internal_error', how];
  const { body } = said(anthropic, status, type, message);
  return { status, body };
}

/** https://docs.getbifrost.ai: under `/anthropic` the governance type gives way to Anthropic's, by status. */
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  429: 'rate_limit_error',
  503: 'api_error',
};

function said(anthropic: boolean, status: number, type: string, message: string): Said {
  const body = anthropic
    ? { type: 'error', error: { type: ANTHROPIC_TYPES[status] ?? 'invalid_request_error', message } }
    : { type, status_code: status, error: { message } };
  return { status, body: JSON.stringify(body) };
}
