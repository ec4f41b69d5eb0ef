/** A contract server for LiteLLM's proxy, written from its documentation and issues: nothing here was recorded. */

import { type ContractServer, type Said, startContractServer, WEB_PAGE } from './contract-server.ts';
import type { Refusal } from './gateway-under-test.ts';

const KEY = 'sk-litellm-virtual-key-of-the-test';

/** Status, type, words. */
const REFUSALS: Partial<Record<Refusal, readonly [number, string, string]>> = {
  'no-key': [401, 'auth_error', 'Authentication Error, No api key passed in.'],
  'unknown-key': [
    401,
    'auth_error',
    `Authentication Error, Invalid proxy server token passed. Received API Key = ${KEY}, Key Hash (Token) =abc. Unable to find token in cache or \`LiteLLM_VerificationTokenTable\``,
  ],
  'inactive-key': [401, 'expired_key', 'Authentication Error - Expired Key. Key Expiry time 2026-01-01'],
  model: [
    403,
    'key_model_access_denied',
    "key not allowed to access model. This key can only access models=['gpt-4o']. Tried to access gpt-4o-mini",
  ],
  provider: [403, 'team_model_access_denied', 'team not allowed to access model.'],
  budget: [400, 'budget_exceeded', 'Budget has been exceeded! Current cost: 10.21, Max budget: 10.0'],
  rate: [
    429,
    'throttling_error',
    'Rate limit exceeded for api_key: abc. Limit type: requests. Limit resets in 7s',
  ],
  timeout: [408, 'timeout_error', 'litellm.Timeout: Request timed out.'],
  'provider-down': [
    503,
    'internal_server_error',
    'litellm.ServiceUnavailableError: OpenAIException - overloaded',
  ],
};

export const startLitellm = (): Promise<ContractServer> =>
  startContractServer({
    title: 'LiteLLM (contract server)',
    kind: 'litellm',
    key: KEY,
    keyHeader: 'authorization',
    keyOf: (headers) => {
      const found = headers['x-litellm-api-key'] ?? headers.authorization;
      return typeof found === 'string' ? found.replace(/^Bearer /, '') : undefined;
    },
    modelPath: (path) =>
      /^\/v1\/(chat\/completions|responses|embeddings|messages|models)|^\/v1beta\/models/.test(path)
        ? path
        : undefined,
    refusal,
    quotaPath: '/key/info',
    quota: () => ({ key: 'hash', info: { key_alias: 'ada-laptop', spend: 0, models: [] } }),
    healthPath: '/health/liveliness',
  });

function refusal(how: Refusal): Said {
  if (how === 'web-page') return WEB_PAGE;
  if (how === 'stream-error') {
    const error = {
      error: { message: 'stopped by guardrail pii-out', type: 'None', param: 'None', code: '500' },
    };
    return { status: 200, body: `data: ${JSON.stringify(error)}\n\n` };
  }
  if (how === 'guardrail') {
    const message = { error: 'Violated guardrail policy', presidio_response: 'pii-in: us-ssn' };
    return {
      status: 400,
      body: JSON.stringify({ error: { message, type: 'None', param: 'None', code: '400' } }),
    };
  }
  const [status, type, message] = REFUSALS[how] ?? [500, 'internal_server_error', how];
  const body = { error: { message, type, param: null, code: String(status) } };
  return { status, body: JSON.stringify(body) };
}
