/** Bifrost (https://docs.getbifrost.ai): drop-in paths per format, `x-bf-vk`, its own words for refusals. */
import { headerValue } from '../../core/connection.ts';
import type {
  GatewayAnswer,
  GatewayBudget,
  GatewayCall,
  GatewayDriver,
  GatewayPlace,
  GatewayQuota,
  GatewayRate,
  GatewayRefusal,
  GatewayRefusalKind,
} from '../../core/gateway.ts';
import { type FormatPaths, placeBelow } from './place.ts';
import {
  type Fields,
  fields,
  headerText,
  list,
  modelIds,
  number,
  parseJson,
  positive,
  requireFields,
  retryAfterMs,
  text,
  timeMs,
  windowMs,
} from './reading.ts';
import type { GatewaySettings } from './settings.ts';
import { openaiPath, wantedOf } from './wanted.ts';

/** https://docs.getbifrost.ai/integrations: each SDK's own paths, models by their own names. */
const DROP_IN: FormatPaths = {
  openai: '/openai/v1',
  anthropic: '/anthropic/v1',
  gemini: '/genai/v1beta',
  ownLists: true,
};
/** Elsewhere than under a vendor's own path the name has to say whose model it is. */
const BY_NAME: FormatPaths = { ...DROP_IN, openai: '/v1' };

/** Native paths for apps that keep their own credential; the gateway must allow direct API keys. */
const PASSTHROUGH: Readonly<Record<string, string>> = {
  openai: '/openai_passthrough',
  anthropic: '/anthropic_passthrough',
  gemini: '/genai_passthrough',
  'azure-openai': '/azure_passthrough',
};

export function bifrost(settings: GatewaySettings): GatewayDriver {
  return {
    kind: 'bifrost',
    title: 'Bifrost',
    place: (call) => (call.mode === 'passthrough' ? passthrough(call) : gatewayPlace(call, settings)),
    keyHeaders: (secret) => ['x-bf-vk', secret],
    attribution: ({ user, device, app, service, decisionId }) => [
      'x-bf-dim-user',
      headerText(user),
      'x-bf-dim-device',
      headerText(device),
      'x-bf-dim-app',
      app,
      'x-bf-dim-service',
      service,
      'x-bf-dim-decision',
      decisionId,
      'x-request-id',
      decisionId,
    ],
    readRefusal,
    readWarning,
    quota: { path: '/api/governance/virtual-keys/quota', read: readQuota },
    models: { path: '/v1/models', read: modelIds },
    healthPath: '/health',
  };
}

/** There it leaves the type of an unstreamed answer to its server, which says text/plain (1.5.0). */
function passthrough(call: GatewayCall): GatewayPlace | undefined {
  const base = PASSTHROUGH[call.service];
  if (base === undefined) return undefined;
  const json = wantedOf(call) !== undefined;
  return { path: base + call.path, ...(json && { answerType: 'application/json' }) };
}

function gatewayPlace(call: GatewayCall, settings: GatewaySettings): GatewayPlace | undefined {
  const wanted = wantedOf(call);
  if (wanted === undefined) return undefined;
  if (call.service === 'openai') return placeBelow(DROP_IN, call, wanted, settings);
  return placeBelow(BY_NAME, call, wanted, settings, openaiPath(wanted) !== undefined);
}

const KINDS: Readonly<Record<string, GatewayRefusalKind>> = {
  virtual_key_required: 'no-key',
  virtual_key_not_found: 'unknown-key',
  access_blocked: 'inactive-key',
  virtual_key_blocked: 'inactive-key',
  model_blocked: 'model',
  provider_blocked: 'provider',
  mcp_tool_blocked: 'tool',
  budget_exceeded: 'budget',
  rate_limited: 'rate',
  token_limited: 'rate',
  request_limited: 'rate',
  guardrail_violation: 'guardrail',
  request_timed_out: 'timeout',
};

/**
 * Under `/anthropic` and `/genai` the governance type is lost, and only status and message tell. Limits (1.5.0): "Rate limit
 * check failed: rate limit violated for VK: [request limit exceeded (1/1, resets every 1m)]".
 */
const BY_MESSAGE: readonly (readonly [number, RegExp, GatewayRefusalKind])[] = [
  [401, /virtual key.*(required|missing|mandatory)/i, 'no-key'],
  [401, /virtual key/i, 'unknown-key'],
  [403, /virtual key.*(inactive|blocked|expired|disabled)|access.*blocked/i, 'inactive-key'],
  [403, /virtual key not found/i, 'unknown-key'],
  [403, /\btools?\b/i, 'tool'],
  [403, /\bmodel\b/i, 'model'],
  [403, /\bprovider\b/i, 'provider'],
  [
    429,
    /(virtual key|team|customer|provider config|(provider|model|user)-level).*limit|(token|request|rate).*limit.*(virtual key|team|customer)/i,
    'rate',
  ],
  [429, /^rate limit check failed|rate limit violated for|limit exceeded \(.*resets every/i, 'rate'],
  // Of the provider behind it: in words, since under `/genai` the type stands where Google has its status.
  [504, /request timed out/i, 'timeout'],
];

function readRefusal({ status, headers, body }: GatewayAnswer): GatewayRefusal | undefined {
  const answer = fields(parseJson(body));
  const error = fields(answer?.['error']);
  const message = text(error?.['message']) ?? text(answer?.['message']) ?? '';
  const kind = kindOf(status, message, [answer?.['type'], error?.['type'], error?.['code']]);
  if (kind === undefined) return undefined;
  const details = kind === 'guardrail' ? violations(error) : '';
  const wait = kind === 'rate' ? waitOf(headerValue(headers, 'retry-after'), message) : undefined;
  return {
    kind,
    message: [message, details].filter((part) => part !== '').join(' '),
    ...(wait !== undefined && { retryAfterMs: wait }),
  };
}

/**
 * No version seen has a header; the words tell how long the windows of the limits are, not when they end: the longest of
 * them is the longest wait.
 */
function waitOf(header: string | undefined, message: string): number | undefined {
  const windows = [...message.matchAll(/resets every (\w+)/g)].flatMap(
    ([, window]) => windowMs(window) ?? [],
  );
  if (header === undefined && windows.length > 0) return Math.max(...windows);
  return retryAfterMs(header, message);
}

function kindOf(status: number, message: string, types: readonly unknown[]): GatewayRefusalKind | undefined {
  for (const type of types) {
    const kind = typeof type === 'string' ? KINDS[type] : undefined;
    if (kind !== undefined) return kind;
  }
  if (status === 402) return 'budget';
  if (status === 446) return 'guardrail';
  return BY_MESSAGE.find(([code, words]) => code === status && words.test(message))?.[2];
}

/** Which guardrail, and what it names: `details{guardrail_id, violations[]}`. */
function violations(error: Fields | undefined): string {
  const details = fields(error?.['details']);
  const names = list(details?.['violations']).flatMap((one) => {
    const named = text(one) ?? text(fields(one)?.['type']) ?? text(fields(one)?.['name']);
    return named === undefined ? [] : [named];
  });
  const id = text(details?.['guardrail_id']);
  return [id && `(guardrail ${id})`, names.length > 0 && `Found: ${names.join(', ')}.`]
    .filter((part) => typeof part === 'string')
    .join(' ');
}

function readWarning(body: string): string | undefined {
  const answer = fields(parseJson(body));
  const metadata = fields(answer?.['bifrost_metadata']) ?? fields(answer?.['extra_fields']);
  const results = list(metadata?.['guardrails']);
  const names = results.flatMap((one) => {
    const name =
      text(fields(one)?.['guardrail_id']) ?? text(fields(one)?.['name']) ?? text(fields(one)?.['message']);
    return name === undefined ? [] : [name];
  });
  return names.length === 0 ? undefined : names.join(', ');
}

// ---- its own quota: budgets and limits of key, team, customer and provider configs; all must pass ----

function readQuota(body: unknown): GatewayQuota {
  const root = requireFields(body, 'the quota');
  const budgets: GatewayBudget[] = [];
  const rates: GatewayRate[] = [];
  const take = (from: Fields, label: string): void => {
    const own = list(from['budgets']).flatMap((one) => budgetOf(fields(one), label));
    // One a window: their names have to differ.
    const several = own.length > 1;
    budgets.push(...own.map((one) => (several ? { ...one, label: `${label} ${one.window}` } : one)));
    const limits = [from['rate_limit'], ...list(from['rate_limits'])];
    rates.push(...limits.flatMap((one) => ratesOf(fields(one), label)));
  };
  take(root, 'key');
  const configs = list(root['provider_configs'])
    .map(fields)
    .filter((config) => config !== undefined);
  for (const config of configs) take(config, text(config['provider']) ?? 'provider');
  for (const one of list(root['model_configs'])) {
    const config = fields(one);
    if (config !== undefined) take(config, text(config['model_name']) ?? 'model');
  }
  const keyName = text(root['virtual_key_name']);
  const allowedModels = modelsOf(configs);
  const expiresAtMs = timeMs(root['expires_at']);
  return {
    ...(keyName !== undefined && { keyName }),
    ...(typeof root['is_active'] === 'boolean' && { active: root['is_active'] }),
    ...(expiresAtMs !== undefined && { expiresAtMs }),
    budgets,
    rates: dedupe(rates),
    ...(allowedModels !== undefined && { allowedModels }),
  };
}

function budgetOf(budget: Fields | undefined, label: string): GatewayBudget[] {
  const limit = positive(budget?.['max_limit']); // 0 is unlimited
  if (budget === undefined || limit === undefined) return [];
  const window = text(budget['reset_duration']);
  const resetsAtMs = resetOf(budget['last_reset'], window);
  return [
    {
      label,
      limitUsd: limit + (positive(budget['override_amount']) ?? 0),
      spentUsd: number(budget['current_usage']) ?? 0,
      ...(window !== undefined && { window }),
      ...(resetsAtMs !== undefined && { resetsAtMs }),
    },
  ];
}

function ratesOf(rate: Fields | undefined, label: string): GatewayRate[] {
  if (rate === undefined) return [];
  return (['request', 'token'] as const).flatMap((what): GatewayRate[] => {
    const limit = positive(rate[`${what}_max_limit`]);
    const window = text(rate[`${what}_reset_duration`]);
    if (limit === undefined || window === undefined) return [];
    const used = number(rate[`${what}_current_usage`]);
    const resetsAtMs = resetOf(rate[`${what}_last_reset`], window);
    return [
      {
        label,
        of: `${what}s`,
        limit,
        window,
        ...(used !== undefined && { used }),
        ...(resetsAtMs !== undefined && { resetsAtMs }),
      },
    ];
  });
}

function resetOf(last: unknown, window: string | undefined): number | undefined {
  const since = timeMs(last);
  const length = windowMs(window);
  return since === undefined || length === undefined ? undefined : since + length;
}

/** `*` or nothing named: all of the provider's. Whether an empty list means all or none differs by version. */
function modelsOf(configs: readonly Fields[]): readonly string[] | undefined {
  if (configs.length === 0) return undefined;
  return configs.flatMap((config) => {
    const provider = text(config['provider']) ?? '*';
    const models = list(config['allowed_models']).filter((name) => typeof name === 'string');
    return models.length === 0 ? [`${provider}/*`] : models.map((name) => `${provider}/${name}`);
  });
}

/** `rate_limit` is repeated among `rate_limits`. */
const dedupe = (rates: readonly GatewayRate[]): GatewayRate[] => [
  ...new Map(rates.map((rate) => [`${rate.label} ${rate.of} ${rate.window} ${rate.limit}`, rate])).values(),
];
