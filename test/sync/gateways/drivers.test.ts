/** What each gateway is like, as tables: where calls go, what its refusals mean, what its quota says. */
import { describe, expect, it } from 'vitest';
import { headerValue } from '../../../agent/src/core/connection.ts';
import type { DialectId, Operation } from '../../../agent/src/core/exchange.ts';
import type { GatewayKind, RoutedMode } from '../../../agent/src/core/gateway.ts';
import { driverFor } from '../../../agent/src/sync/gateways/drivers.ts';
import { type GatewaySettings, NO_SETTINGS } from '../../../agent/src/sync/gateways/settings.ts';
import { NOW_MS } from '../../kit/decide.ts';

type Shape = readonly [
  service: string,
  dialect: DialectId,
  operation: Operation,
  path: string,
  model?: string | undefined,
  mode?: RoutedMode,
];

const CHAT: Shape = ['openai', 'openai-chat', 'generate', '/v1/chat/completions', 'gpt-4o'];
const COMPACT: Shape = ['openai', 'openai-responses', 'generate', '/v1/responses/compact', 'gpt-5'];
const MESSAGES: Shape = [
  'anthropic',
  'anthropic-messages',
  'generate',
  '/v1/messages?beta=true',
  'claude-opus-5',
];
const COUNT: Shape = [
  'anthropic',
  'anthropic-messages',
  'count-tokens',
  '/v1/messages/count_tokens',
  'claude-opus-5',
];
const GEMINI: Shape = [
  'gemini',
  'gemini',
  'generate',
  '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
  'gemini-2.5-flash',
];
const GROQ: Shape = ['groq', 'openai-chat', 'generate', '/openai/v1/chat/completions', 'llama-4'];
const MODELS: Shape = ['openai', 'opaque', 'control', '/v1/models/gpt-4o'];
const AZURE: Shape = [
  'azure-openai',
  'openai-chat',
  'generate',
  '/openai/deployments/x/chat/completions',
  'gpt-4o',
];
const IMAGES: Shape = ['openai', 'opaque', 'generate', '/v1/images/generations'];

function placeOf(kind: GatewayKind, shape: Shape, settings: Partial<GatewaySettings> = {}) {
  const [service, dialect, operation, path, model, mode = 'gateway'] = shape;
  const method = operation === 'control' ? 'GET' : 'POST';
  return driverFor(kind, { ...NO_SETTINGS, ...settings }).place({
    mode,
    service,
    dialect,
    operation,
    method,
    path,
    model,
  });
}

describe('paths', () => {
  it.each<[GatewayKind, Shape, string | undefined, string | undefined]>([
    ['bifrost', CHAT, '/openai/v1/chat/completions', 'gpt-4o'],
    ['bifrost', COMPACT, '/openai/v1/responses/compact', 'gpt-5'],
    ['bifrost', MESSAGES, '/anthropic/v1/messages?beta=true', 'claude-opus-5'],
    ['bifrost', COUNT, '/anthropic/v1/messages/count_tokens', 'claude-opus-5'],
    ['bifrost', GEMINI, '/genai/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse', undefined],
    ['bifrost', GROQ, '/v1/chat/completions', 'groq/llama-4'],
    ['bifrost', MODELS, '/openai/v1/models/gpt-4o', undefined],
    ['litellm', CHAT, '/v1/chat/completions', 'gpt-4o'],
    ['litellm', MESSAGES, '/v1/messages?beta=true', 'claude-opus-5'],
    ['litellm', GEMINI, '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse', undefined],
    ['litellm', GROQ, '/v1/chat/completions', 'llama-4'],
    ['portkey', COUNT, '/v1/messages/count_tokens', 'claude-opus-5'],
    ['portkey', GEMINI, '/v1/proxy/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse', undefined],
    ['generic', CHAT, '/v1/chat/completions', 'gpt-4o'],
    ['generic', MESSAGES, undefined, undefined],
    ['bifrost', AZURE, undefined, undefined],
    ['bifrost', IMAGES, undefined, undefined],
    ['litellm', IMAGES, undefined, undefined],
    ['portkey', IMAGES, undefined, undefined],
    ['generic', IMAGES, undefined, undefined],
  ])('%s takes %j at %s', (kind, shape, path, model) => {
    const place = placeOf(kind, shape);
    expect(place?.path).toBe(path);
    expect(place?.model).toBe(model);
  });

  it.each<[GatewayKind, Shape, string | undefined]>([
    ['bifrost', MESSAGES, '/anthropic_passthrough/v1/messages?beta=true'],
    ['bifrost', IMAGES, '/openai_passthrough/v1/images/generations'],
    ['bifrost', GROQ, undefined],
    ['litellm', MESSAGES, '/v1/messages?beta=true'],
    ['litellm', CHAT, undefined],
    ['portkey', CHAT, '/v1/chat/completions'],
  ])('%s passes %j through at %s', (kind, shape, path) => {
    const [service, dialect, operation, at, model] = shape;
    expect(placeOf(kind, [service, dialect, operation, at, model, 'passthrough'])?.path).toBe(path);
  });

  it('Bifrost, passing through, is not believed about the type of its answers', () => {
    const through = (shape: Shape) => {
      const [service, dialect, operation, at, model] = shape;
      return placeOf('bifrost', [service, dialect, operation, at, model, 'passthrough'])?.answerType;
    };
    expect(through(MESSAGES)).toBe('application/json');
    // What comes from these may be anything.
    expect(through(IMAGES)).toBeUndefined();
    expect(placeOf('bifrost', MESSAGES)?.answerType).toBeUndefined();
  });

  it('generic gateways serve what the configuration says', () => {
    expect(placeOf('generic', MESSAGES, { dialects: ['anthropic'] })?.path).toBe('/v1/messages?beta=true');
    expect(placeOf('generic', CHAT, { dialects: ['anthropic'] })).toBeUndefined();
  });

  it('Portkey is told the provider, unless the configuration routes', () => {
    expect(headerValue(placeOf('portkey', GEMINI)?.headers ?? [], 'x-portkey-provider')).toBe('google');
    expect(headerValue(placeOf('portkey', CHAT)?.headers ?? [], 'x-portkey-provider')).toBe('openai');
    expect(placeOf('portkey', CHAT, { headers: { 'X-Portkey-Config': 'pc-1' } })?.headers).toEqual([]);
  });
});

describe('models', () => {
  it.each<[Partial<GatewaySettings>, string]>([
    [{}, 'gpt-4o'],
    [{ modelPrefix: true }, 'openai/gpt-4o'],
    [{ modelPrefix: true, providers: { openai: 'azure' } }, 'azure/gpt-4o'],
    [{ models: { 'GPT-4O': 'smart' } }, 'smart'],
    [{ models: { 'claude-*': 'x', 'gpt-*': 'azure/eu-gpt-*' } }, 'azure/eu-gpt-4o'],
    [{ models: { '*': '$&/*' } }, '$&/gpt-4o'],
  ])('by %j: %s', (settings, model) => {
    expect(placeOf('litellm', CHAT, settings)?.model).toBe(model);
  });

  it('in a path are mapped too', () => {
    expect(placeOf('litellm', GEMINI, { models: { 'gemini-*': 'vertex/gemini-*' } })?.path).toContain(
      '/models/vertex%2Fgemini-2.5-flash:streamGenerateContent',
    );
  });
});

const anthropic = (type: string, message: string) => ({ type: 'error', error: { type, message } });
const own = (type: string, message: string) => ({ type, status_code: 1, error: { message } });
const lite = (type: string, message: unknown, code = '400') => ({
  error: { message, type, param: null, code },
});

const LIMITED =
  'Rate limit check failed: rate limit violated for VK: [request limit exceeded (1/1, resets every 1m)]';

describe('refusals', () => {
  it.each<[GatewayKind, number, unknown, string | undefined]>([
    ['bifrost', 401, own('virtual_key_required', 'x'), 'no-key'],
    ['bifrost', 401, own('virtual_key_not_found', 'x'), 'unknown-key'],
    ['bifrost', 403, own('access_blocked', 'x'), 'inactive-key'],
    ['bifrost', 403, own('model_blocked', 'x'), 'model'],
    ['bifrost', 403, own('provider_blocked', 'x'), 'provider'],
    ['bifrost', 403, own('mcp_tool_blocked', 'x'), 'tool'],
    ['bifrost', 402, own('budget_exceeded', 'x'), 'budget'],
    ['bifrost', 429, own('token_limited', 'x'), 'rate'],
    ['bifrost', 429, own('request_limited', 'x'), 'rate'],
    ['bifrost', 446, { error: { type: 'guardrail_violation', message: 'x' } }, 'guardrail'],
    ['bifrost', 401, anthropic('authentication_error', 'virtual key is required'), 'no-key'],
    ['bifrost', 401, anthropic('authentication_error', 'virtual key not found'), 'unknown-key'],
    ['bifrost', 403, anthropic('permission_error', 'virtual key is inactive'), 'inactive-key'],
    ['bifrost', 403, anthropic('permission_error', 'model x is not allowed'), 'model'],
    ['bifrost', 402, anthropic('billing_error', 'budget'), 'budget'],
    ['bifrost', 446, anthropic('invalid_request_error', 'x'), 'guardrail'],
    ['bifrost', 401, anthropic('authentication_error', 'invalid x-api-key'), undefined],
    [
      'bifrost',
      429,
      anthropic('rate_limit_error', 'This request would exceed your organization’s limit'),
      undefined,
    ],
    ['bifrost', 500, own('internal', 'x'), undefined],
    // Its own words (plugins/governance), as they arrive under `/anthropic`, whose type says nothing.
    [
      'bifrost',
      401,
      anthropic('api_error', 'virtual key is required. Provide a virtual key via …'),
      'no-key',
    ],
    ['bifrost', 401, anthropic('api_error', 'virtual key not found. The provided …'), 'unknown-key'],
    ['bifrost', 403, anthropic('api_error', 'Virtual key not found'), 'unknown-key'],
    ['bifrost', 403, anthropic('api_error', 'Virtual key has expired'), 'inactive-key'],
    ['bifrost', 403, anthropic('api_error', "Model 'x' is not allowed for this virtual key"), 'model'],
    ['bifrost', 403, anthropic('api_error', "Provider 'x' is not allowed for this virtual key"), 'provider'],
    ['bifrost', 403, anthropic('api_error', "MCP tools not allowed for virtual key 'x': y"), 'tool'],
    ['bifrost', 429, anthropic('api_error', 'Team-level rate limit exceeded: requests'), 'rate'],
    ['bifrost', 429, anthropic('api_error', 'Provider-level rate limit check failed: requests'), 'rate'],
    ['bifrost', 429, anthropic('api_error', 'Model-level rate limit check failed: tokens'), 'rate'],
    // Of 1.5.0-prerelease7: under `/genai` too, where Google's shape has no room for a type.
    ['bifrost', 429, anthropic('api_error', LIMITED), 'rate'],
    ['bifrost', 429, { error: { code: 429, message: LIMITED, status: '', details: null } }, 'rate'],
    ['bifrost', 429, { status_code: 429, error: { message: 'Rate limit reached for gpt-4o' } }, undefined],
    ['bifrost', 504, { error: { type: 'request_timed_out', message: 'x' } }, 'timeout'],
    ['bifrost', 504, { error: { code: 504, message: 'request timed out (default …)' } }, 'timeout'],
    ['bifrost', 504, { error: { message: 'upstream connect error' } }, undefined],
    ['litellm', 400, lite('budget_exceeded', 'Budget has been exceeded!'), 'budget'],
    ['litellm', 429, lite('budget_exceeded', 'x', '429'), 'budget'],
    ['litellm', 400, lite('auth_error', 'ExceededBudget: User=ada over budget. Spend=1'), 'budget'],
    ['litellm', 403, lite('key_model_access_denied', 'x'), 'model'],
    ['litellm', 401, lite('auth_error', 'No api key passed in.'), 'no-key'],
    ['litellm', 401, lite('auth_error', 'Invalid proxy server token passed'), 'unknown-key'],
    ['litellm', 401, lite('expired_key', 'x'), 'inactive-key'],
    ['litellm', 429, lite('throttling_error', 'Rate limit exceeded'), 'rate'],
    [
      'litellm',
      429,
      lite('throttling_error', 'litellm.RateLimitError: OpenAIException - slow down'),
      undefined,
    ],
    ['litellm', 401, lite('auth_error', 'litellm.AuthenticationError: AnthropicException - x'), undefined],
    ['litellm', 400, lite('None', { error: 'Violated guardrail policy' }), 'guardrail'],
    ['litellm', 400, lite('invalid_request_error', 'max_tokens is too large'), undefined],
    ['litellm', 408, lite('timeout_error', 'x'), 'timeout'],
    ['portkey', 412, { status: 'failure', message: 'Budget exceeded' }, 'budget'],
    ['portkey', 446, { error: { type: 'hooks_failed', message: 'x' } }, 'guardrail'],
    ['portkey', 408, { error: { type: 'timeout_error', message: 'x' } }, 'timeout'],
    ['portkey', 401, { status: 'failure', message: 'Invalid API Key' }, 'unknown-key'],
    ['portkey', 401, { error: { type: 'invalid_request_error', message: 'x' } }, undefined],
    ['portkey', 429, { status: 'failure', message: 'Rate limit' }, 'rate'],
    ['generic', 401, { error: { message: 'x' } }, 'unknown-key'],
    ['generic', 402, 'not JSON', 'budget'],
    ['generic', 429, { error: { message: 'quota of the team used up' } }, 'budget'],
    ['generic', 503, '', undefined],
  ])('%s, %i %j: %s', (kind, status, body, expected) => {
    const answer = { status, headers: [], body: typeof body === 'string' ? body : JSON.stringify(body) };
    expect(driverFor(kind, NO_SETTINGS).readRefusal(answer)?.kind).toBe(expected);
  });

  it('say how long to wait, by header or in words', () => {
    const { readRefusal } = driverFor('bifrost', NO_SETTINGS);
    const limited = { status: 429, body: JSON.stringify(own('rate_limited', 'limit, resets in 7s')) };
    expect(readRefusal({ ...limited, headers: [] })?.retryAfterMs).toBe(7_000);
    expect(readRefusal({ ...limited, headers: ['Retry-After', '30'] })?.retryAfterMs).toBe(30_000);
  });

  it.each<[string, number]>([
    ['[request limit exceeded (1/1, resets every 1m)]', 60_000],
    ['[token limit exceeded (5/1, resets every 1d)]', 86_400_000],
    [
      '[token limit exceeded (5/1, resets every 1h) request limit exceeded (1/1, resets every 1m)]',
      3_600_000,
    ],
    ['[token limit exceeded (5/1, resets every 2M)]', 60 * 86_400_000],
  ])('Bifrost names windows only: %s is at most %i ms away', (words, waitMs) => {
    const body = JSON.stringify(own('request_limited', `Rate limit check failed: ${words}`));
    const refusal = driverFor('bifrost', NO_SETTINGS).readRefusal({ status: 429, headers: [], body });
    expect(refusal).toMatchObject({ kind: 'rate', retryAfterMs: waitMs });
  });

  it("name Portkey's guardrail, as the gateway itself tells it", () => {
    const checks = [{ id: 'default.regexMatch', verdict: false, data: { verdict: false } }];
    const body = {
      error: { message: 'The guardrail checks defined in the config failed.', type: 'hooks_failed' },
      hook_results: {
        before_request_hooks: [
          { id: 'no-falcons', verdict: false, checks },
          { id: 'other', verdict: true, checks: [{ id: 'default.contains', verdict: true }] },
        ],
        after_request_hooks: [],
      },
    };
    const answer = { status: 446, headers: [], body: JSON.stringify(body) };
    expect(driverFor('portkey', NO_SETTINGS).readRefusal(answer)?.message).toBe(
      'The guardrail checks defined in the config failed. (no-falcons: default.regexMatch)',
    );
  });

  it('name the guardrail and what it found', () => {
    const error = {
      type: 'guardrail_violation',
      message: 'blocked',
      details: { guardrail_id: 'pii', violations: [{ type: 'us-ssn' }, 'iban'] },
    };
    const answer = { status: 446, headers: [], body: JSON.stringify({ error }) };
    expect(driverFor('bifrost', NO_SETTINGS).readRefusal(answer)?.message).toBe(
      'blocked (guardrail pii) Found: us-ssn, iban.',
    );
  });
});

describe('quotas', () => {
  it("Bifrost: the key's, its providers' and its models'", () => {
    const quota = driverFor('bifrost', NO_SETTINGS).quota?.read(
      {
        virtual_key_name: 'ada-laptop',
        is_active: true,
        budgets: [
          {
            max_limit: 10,
            current_usage: 2.5,
            reset_duration: '1d',
            last_reset: '2026-11-24T00:00:00Z',
            override_amount: 5,
          },
          { max_limit: 0, current_usage: 1, reset_duration: '1M' },
        ],
        rate_limit: { request_max_limit: 60, request_current_usage: 3, request_reset_duration: '1m' },
        rate_limits: [{ request_max_limit: 60, request_current_usage: 3, request_reset_duration: '1m' }],
        provider_configs: [
          {
            provider: 'openai',
            allowed_models: ['gpt-4o'],
            budgets: [{ max_limit: 3, current_usage: 3, reset_duration: '1w' }],
          },
          { provider: 'anthropic', allowed_models: ['*'] },
        ],
      },
      NOW_MS,
    );
    expect(quota).toEqual({
      keyName: 'ada-laptop',
      active: true,
      budgets: [
        { label: 'key', limitUsd: 15, spentUsd: 2.5, window: '1d', resetsAtMs: Date.UTC(2026, 10, 25) },
        { label: 'openai', limitUsd: 3, spentUsd: 3, window: '1w' },
      ],
      rates: [{ label: 'key', of: 'requests', limit: 60, window: '1m', used: 3 }],
      allowedModels: ['openai/gpt-4o', 'anthropic/*'],
    });
  });

  it("LiteLLM: the key's, then its team's", () => {
    const { quota } = driverFor('litellm', NO_SETTINGS);
    const info = {
      key_alias: 'ada',
      spend: 1,
      max_budget: 4,
      budget_duration: '30d',
      rpm_limit: 60,
      tpm_limit: null,
      models: ['gpt-4o', 'all-team-models'],
      team_id: 'r&d',
    };
    expect(quota?.read({ key: 'hash', info }, NOW_MS)).toEqual({
      keyName: 'ada',
      budgets: [{ label: 'key', limitUsd: 4, spentUsd: 1, window: '30d' }],
      rates: [{ label: 'key', of: 'requests', limit: 60, window: '1m' }],
    });
    const [team] = quota?.further?.({ info }) ?? [];
    expect(team?.path).toBe('/team/info?team_id=r%26d');
    expect(team?.read({ team_info: { spend: 9, max_budget: 10 } }, NOW_MS).budgets).toEqual([
      { label: 'team', limitUsd: 10, spentUsd: 9 },
    ]);
  });

  it.each<GatewayKind>(['bifrost', 'litellm'])('%s: anything else is not a quota', (kind) => {
    expect(() => driverFor(kind, NO_SETTINGS).quota?.read([], NOW_MS)).toThrow('is not what');
  });
});

describe('the virtual key', () => {
  it.each<[GatewayKind, RoutedMode, Partial<GatewaySettings>, readonly string[] | undefined]>([
    ['bifrost', 'gateway', {}, ['x-bf-vk', 's']],
    ['bifrost', 'passthrough', {}, ['x-bf-vk', 's']],
    ['litellm', 'gateway', {}, ['authorization', 'Bearer s']],
    ['litellm', 'passthrough', {}, ['x-litellm-api-key', 'Bearer s']],
    ['portkey', 'passthrough', {}, ['x-portkey-api-key', 's']],
    ['generic', 'gateway', {}, ['authorization', 'Bearer s']],
    ['generic', 'passthrough', {}, undefined],
    ['generic', 'gateway', { keyHeader: 'X-Team-Key' }, ['x-team-key', 's']],
    ['generic', 'passthrough', { keyHeader: 'X-Team-Key' }, ['x-team-key', 's']],
    ['generic', 'passthrough', { keyHeader: 'x-api-key' }, undefined],
  ])('%s, %s, %j: %j', (kind, mode, settings, expected) => {
    expect(driverFor(kind, { ...NO_SETTINGS, ...settings }).keyHeaders('s', mode)).toEqual(expected);
  });

  it.each<GatewayKind>(['bifrost', 'litellm', 'portkey', 'generic'])(
    '%s: names of people fit into headers',
    (kind) => {
      const who = { user: 'Zoë\r\nx: y', device: 'd', app: 'a', service: 's', decisionId: 'i' };
      for (const text of driverFor(kind, NO_SETTINGS).attribution(who))
        expect(text).toMatch(/^[\x20-\x7e]*$/);
    },
  );
});
