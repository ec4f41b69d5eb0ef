/** Portkey (https://portkey.ai/docs): one `/v1` for all providers, which one by header. Also as a local sidecar. */
import { headerValue } from '../../core/connection.ts';
import type {
  GatewayAnswer,
  GatewayCall,
  GatewayDriver,
  GatewayPlace,
  GatewayRefusal,
  GatewayRefusalKind,
} from '../../core/gateway.ts';
import { providerOf } from './naming.ts';
import { placeBelow, VENDORS_PATHS } from './place.ts';
import { fields, headerText, list, modelIds, parseJson, retryAfterMs, text } from './reading.ts';
import type { GatewaySettings } from './settings.ts';
import { wantedOf } from './wanted.ts';

/** Portkey's names where they aren't the services'. */
const PROVIDERS: Readonly<Record<string, string>> = {
  gemini: 'google',
  'vertex-ai': 'vertex-ai',
  mistral: 'mistral-ai',
  'azure-openai': 'azure-openai',
};

/** Gemini's own format has no path here: it is handed through. */
const PATHS = { ...VENDORS_PATHS, gemini: '/v1/proxy/v1beta' };

/** Either of these says where the call goes. */
const ROUTING = ['x-portkey-config', 'x-portkey-virtual-key', 'x-portkey-provider'];

export function portkey(settings: GatewaySettings): GatewayDriver {
  return {
    kind: 'portkey',
    title: 'Portkey',
    place: (call) => place(call, settings),
    keyHeaders: (secret) => ['x-portkey-api-key', secret],
    attribution: ({ user, device, app, service, decisionId }) => [
      'x-portkey-metadata',
      headerText(JSON.stringify({ _user: user, device, app, service, decision: decisionId })),
      'x-portkey-trace-id',
      decisionId,
    ],
    readRefusal,
    readWarning: (body) => failedChecks(fields(fields(parseJson(body))?.['hook_results'])),
    models: { path: '/v1/models', read: modelIds },
    healthPath: '/',
  };
}

function place(call: GatewayCall, settings: GatewaySettings): GatewayPlace | undefined {
  const wanted = wantedOf(call);
  if (wanted === undefined) return undefined;
  const names = Object.keys(settings.headers).map((name) => name.toLowerCase());
  const routed = ROUTING.some((name) => names.includes(name));
  const headers = [
    ...(routed ? [] : ['x-portkey-provider', providerOf(call.service, settings, PROVIDERS)]),
    // The app's own credential goes on to its provider, under the name that it has there.
    ...(call.mode === 'passthrough'
      ? ['x-portkey-forward-headers', 'authorization,x-api-key,x-goog-api-key']
      : []),
  ];
  const place = placeBelow(PATHS, call, wanted, settings);
  return place && { ...place, headers };
}

function readRefusal({ status, headers, body }: GatewayAnswer): GatewayRefusal | undefined {
  const answer = fields(parseJson(body));
  const error = fields(answer?.['error']);
  const said = text(error?.['message']) ?? text(answer?.['message']) ?? '';
  // `status: failure` is the gateway's own word; a provider's error comes through as it is.
  const kind = kindOf(status, said, text(answer?.['status']) === 'failure');
  if (kind === undefined) return undefined;
  const checks = kind === 'guardrail' ? failedChecks(fields(answer?.['hook_results'])) : undefined;
  const wait = kind === 'rate' ? retryAfterMs(headerValue(headers, 'retry-after'), said) : undefined;
  return {
    kind,
    message: checks === undefined ? said : `${said} (${checks})`,
    ...(wait !== undefined && { retryAfterMs: wait }),
  };
}

function kindOf(status: number, said: string, own: boolean): GatewayRefusalKind | undefined {
  if (status === 412) return /rate/i.test(said) ? 'rate' : 'budget';
  if (status === 446) return 'guardrail';
  if (status === 408) return 'timeout';
  if (!own) return undefined;
  if (status === 401) return /required|missing/i.test(said) ? 'no-key' : 'unknown-key';
  if (status === 403)
    return /model/i.test(said) ? 'model' : /expired|disabled|revoked/i.test(said) ? 'inactive-key' : 'denied';
  return status === 429 ? 'rate' : undefined;
}

/** Guardrails and checks that said no: `hook_results.{before,after}_request_hooks[].{id, checks[].id}`. */
function failedChecks(results: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const hooks = [...list(results?.['before_request_hooks']), ...list(results?.['after_request_hooks'])];
  const names = hooks.flatMap((hook) => {
    const guardrail = text(fields(hook)?.['id']);
    return list(fields(hook)?.['checks']).flatMap((check) => {
      const id = text(fields(check)?.['id']);
      if (id === undefined || fields(check)?.['verdict'] === true) return [];
      return [guardrail === undefined ? id : `${guardrail}: ${id}`];
    });
  });
  return names.length === 0 ? undefined : names.join(', ');
}
