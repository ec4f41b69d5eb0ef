/** LiteLLM's proxy (https://docs.litellm.ai/docs/proxy): every format below one `/v1`, models by the admin's names. */
import { headerValue, type RawHeaders } from '../../core/connection.ts';
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
  MovedCredential,
} from '../../core/gateway.ts';
import { placeBelow, VENDORS_PATHS } from './place.ts';
import {
  type Fields,
  fields,
  headerText,
  list,
  modelIds,
  number,
  parseJson,
  requireFields,
  retryAfterMs,
  text,
  timeMs,
} from './reading.ts';
import type { GatewaySettings } from './settings.ts';
import { wantedOf } from './wanted.ts';

export function litellm(settings: GatewaySettings): GatewayDriver {
  return {
    kind: 'litellm',
    title: 'LiteLLM',
    place: (call) => place(call, settings),
    keyHeaders: (secret, mode) =>
      mode === 'gateway' ? ['authorization', `Bearer ${secret}`] : ['x-litellm-api-key', `Bearer ${secret}`],
    moveCredential,
    attribution: ({ user, device, app, service, decisionId }) => [
      'x-litellm-end-user-id',
      headerText(user),
      'x-litellm-tags',
      headerText(`app:${app},service:${service},device:${device.replaceAll(',', '_')}`),
      'x-litellm-spend-logs-metadata',
      headerText(JSON.stringify({ device, app, service, decision: decisionId })),
    ],
    readRefusal,
    quota: { path: '/key/info', read: readKeyInfo, further },
    models: { path: '/v1/models', read: modelIds },
    healthPath: '/health/liveliness',
  };
}

function place(call: GatewayCall, settings: GatewaySettings): GatewayPlace | undefined {
  const wanted = wantedOf(call);
  if (wanted === undefined) return undefined;
  // It hands on a caller's own credential to Anthropic only (`forward_client_headers_to_llm_api`).
  if (call.mode === 'passthrough' && call.service !== 'anthropic') return undefined;
  return placeBelow(VENDORS_PATHS, call, wanted, settings);
}

/**
 * It hands on `Authorization` if a subscription's token stands there, and keys of the API from `x-api-key` only: Anthropic's
 * SDK writes those as a bearer token, and the call would be paid by the gateway's own key.
 */
function moveCredential(headers: RawHeaders): MovedCredential | undefined {
  const [, key] = /^Bearer\s+(\S+)$/i.exec(headerValue(headers, 'authorization') ?? '') ?? [];
  if (key === undefined || key.startsWith('sk-ant-oat')) return undefined;
  if (headerValue(headers, 'x-api-key') !== undefined) return undefined;
  return { remove: ['authorization'], set: ['x-api-key', key] };
}

const BUDGET = /ExceededBudget|budget has been exceeded|over budget|exceeded budget|crossed budget/i;
const GUARDRAIL = /guardrail|violated|content (was )?(blocked|filtered) by|policy violation/i;
/** What the provider behind it said, in LiteLLM's wrapping; token counts come without any. */
const FROM_PROVIDER = /\blitellm\.\w+Error\b/;
/** Of its own 401s: those of providers have other types, and must not speak against the key. */
const OWN_TYPE = /^(auth_error|token_not_found_in_db)$/;
const OWN_LIMIT = /rate limit exceeded for|limit type: |max parallel request|crossed (tpm|rpm)/i;
/** It can't look the key up, or the key may not ask this: no word against the key either. */
const NOT_ABOUT_THE_KEY = /no db connected|no connected db|only proxy admin|not allowed to access/i;

function readRefusal({ status, headers, body }: GatewayAnswer): GatewayRefusal | undefined {
  const answer = fields(parseJson(body));
  const error = fields(answer?.['error']) ?? fields(answer?.['detail']);
  const inner = fields(error?.['message']) ?? fields(error?.['error']);
  // Guardrails put an object where others have a text.
  const message =
    text(error?.['message']) ??
    text(inner?.['error']) ??
    text(inner?.['message']) ??
    text(error?.['error']) ??
    text(answer?.['detail']) ??
    '';
  const type = text(error?.['type']) ?? '';
  const guardrail = text(fields(error?.['provider_specific_fields'])?.['guardrail_name']);
  const kind = kindOf(status, type, message, inner !== undefined || guardrail !== undefined);
  if (kind === undefined) return undefined;
  const wait = kind === 'rate' ? waitOf(headerValue(headers, 'retry-after'), message) : undefined;
  const told = guardrail === undefined ? withoutHash(message) : `${message} (guardrail ${guardrail})`;
  return { kind, message: told, ...(wait !== undefined && { retryAfterMs: wait }) };
}

/** Limits name the key by its hash, which tells nobody anything. */
const withoutHash = (message: string): string =>
  message.replace(/\bapi_key: [0-9a-f]{64}\b/, 'this key').replace(/\b[0-9a-f]{64}\b/g, '[key]');

/** Under `/v1/messages` there is no header, only the time in words. */
function waitOf(header: string | undefined, message: string): number | undefined {
  const [, at = ''] = /resets at: (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC)/.exec(message) ?? [];
  return retryAfterMs(header ?? (at === '' ? undefined : at), message);
}

function kindOf(
  status: number,
  type: string,
  message: string,
  structured: boolean,
): GatewayRefusalKind | undefined {
  if (type === 'budget_exceeded' || BUDGET.test(message)) return 'budget';
  if (/model_access_denied$/.test(type)) return 'model';
  if (type === 'expired_key' || (status === 401 && /expired/i.test(message))) return 'inactive-key';
  if (/key is blocked|blocked key/i.test(message)) return 'inactive-key';
  if (status === 408) return 'timeout';
  if (FROM_PROVIDER.test(message)) return undefined;
  if (status === 401) {
    if (NOT_ABOUT_THE_KEY.test(message)) return 'denied';
    if (!OWN_TYPE.test(type)) return undefined;
    return /no api key/i.test(message) ? 'no-key' : 'unknown-key';
  }
  if (status === 403) return /model/i.test(message) ? 'model' : 'denied';
  if (status === 429) return type === 'throttling_error' || OWN_LIMIT.test(message) ? 'rate' : undefined;
  if (status === 400 && (structured || GUARDRAIL.test(message))) return 'guardrail';
  return undefined;
}

// ---- its own quota: the key, then whoever it belongs to ----

/** Stand for lists that are kept elsewhere. */
const NOT_A_MODEL = /^(all-team-models|all-proxy-models|no-default-models|\*)$/;

function readKeyInfo(body: unknown): GatewayQuota {
  const root = requireFields(body, 'the answer to /key/info');
  const info = fields(root['info']) ?? root;
  const models = list(info['models']).filter((name) => typeof name === 'string');
  const keyName = text(info['key_alias']) ?? text(info['key_name']);
  const expiresAtMs = timeMs(info['expires']);
  const restricted = models.length > 0 && !models.some((name) => NOT_A_MODEL.test(name));
  return {
    ...(keyName !== undefined && { keyName }),
    ...(info['blocked'] === true && { active: false }),
    ...(expiresAtMs !== undefined && { expiresAtMs }),
    ...ofOwner(info, 'key'),
    ...(restricted && { allowedModels: models }),
  };
}

/** If a key belongs to a team, the team's budget is applied, not the person's. */
function further(body: unknown): ReturnType<NonNullable<NonNullable<GatewayDriver['quota']>['further']>> {
  const root = fields(body);
  const info = fields(root?.['info']) ?? root;
  const team = text(info?.['team_id']);
  const user = text(info?.['user_id']);
  if (team !== undefined) {
    const read = (answer: unknown): GatewayQuota => ofOwner(fields(fields(answer)?.['team_info']), 'team');
    return [{ path: `/team/info?team_id=${encodeURIComponent(team)}`, read }];
  }
  if (user === undefined) return [];
  const read = (answer: unknown): GatewayQuota => ofOwner(fields(fields(answer)?.['user_info']), 'user');
  return [{ path: `/user/info?user_id=${encodeURIComponent(user)}`, read }];
}

function ofOwner(own: Fields | undefined, label: string): GatewayQuota {
  // A budget that several keys share stands beside the key's columns, which are then empty.
  const shared = fields(own?.['litellm_budget_table']);
  const column = (name: string): unknown => own?.[name] ?? shared?.[name];
  const rate = (of: GatewayRate['of'], limit: unknown, window = '1m'): GatewayRate[] => {
    const found = number(limit);
    return found === undefined ? [] : [{ label, of, limit: found, window }];
  };
  return {
    budgets: [...oneBudget(column, label), ...budgetsByWindow(own, label)],
    rates: [
      ...rate('requests', column('rpm_limit')),
      ...rate('tokens', column('tpm_limit')),
      ...rate('tokens', column('tpd_limit'), '1d'),
    ],
  };
}

function oneBudget(column: (name: string) => unknown, label: string): GatewayBudget[] {
  const limitUsd = number(column('max_budget'));
  if (limitUsd === undefined) return [];
  const window = text(column('budget_duration'));
  const resetsAtMs = timeMs(column('budget_reset_at'));
  return [
    {
      label,
      limitUsd,
      spentUsd: number(column('spend')) ?? 0,
      ...(window !== undefined && { window }),
      ...(resetsAtMs !== undefined && { resetsAtMs }),
    },
  ];
}

/** `budget_limits`: several windows at once, with what is spent in each in `budget_limits_usage`. */
function budgetsByWindow(own: Fields | undefined, label: string): GatewayBudget[] {
  const usage = fields(own?.['budget_limits_usage']);
  return list(own?.['budget_limits']).flatMap((entry) => {
    const window = text(fields(entry)?.['budget_duration']);
    const limitUsd = number(fields(entry)?.['max_budget']);
    if (window === undefined || limitUsd === undefined) return [];
    const resetsAtMs = timeMs(fields(entry)?.['reset_at']);
    const spentUsd = number(fields(usage?.[window])?.['current_spend']) ?? 0;
    return [
      {
        label: `${label} ${window}`,
        limitUsd,
        spentUsd,
        window,
        ...(resetsAtMs !== undefined && { resetsAtMs }),
      },
    ];
  });
}
