/** Any gateway that offers OpenAI's API below one base URL (vLLM, Kong, Envoy AI Gateway, OpenRouter …). */
import { headerValue } from '../../core/connection.ts';
import type {
  GatewayAnswer,
  GatewayCall,
  GatewayDriver,
  GatewayPlace,
  GatewayRefusal,
  GatewayRefusalKind,
} from '../../core/gateway.ts';
import { placeBelow, VENDORS_PATHS } from './place.ts';
import { fields, headerText, modelIds, parseJson, retryAfterMs, text } from './reading.ts';
import type { GatewaySettings } from './settings.ts';
import { type Wanted, wantedOf } from './wanted.ts';

export function openaiCompatible(settings: GatewaySettings): GatewayDriver {
  const keyHeader = (settings.keyHeader ?? 'authorization').toLowerCase();
  const bearer = keyHeader === 'authorization';
  return {
    kind: 'generic',
    title: 'gateway',
    place: (call) => place(call, settings),
    keyHeaders(secret, mode) {
      // These are where apps put their own.
      if (mode === 'passthrough' && /^(authorization|(x-(goog-)?)?api-key)$/.test(keyHeader))
        return undefined;
      return [keyHeader, bearer ? `Bearer ${secret}` : secret];
    },
    attribution: ({ user, device, app, service, decisionId }) => [
      'x-postern-user',
      headerText(user),
      'x-postern-device',
      headerText(device),
      'x-postern-app',
      app,
      'x-postern-service',
      service,
      'x-request-id',
      decisionId,
    ],
    readRefusal,
    models: { path: '/v1/models', read: modelIds },
    healthPath: '/v1/models',
  };
}

function place(call: GatewayCall, settings: GatewaySettings): GatewayPlace | undefined {
  const wanted = wantedOf(call);
  const { dialects = ['openai'] } = settings;
  if (wanted === undefined || !dialects.includes(familyOf(wanted))) return undefined;
  return placeBelow(VENDORS_PATHS, call, wanted, settings);
}

function familyOf({ api }: Wanted): 'openai' | 'anthropic' | 'gemini' {
  if (api === 'gemini') return 'gemini';
  return api === 'messages' || api === 'count-tokens' ? 'anthropic' : 'openai';
}

/** Nobody says which error is the gateway's and which its provider's; these can only be about the key and its quota. */
const KINDS: Readonly<Record<number, GatewayRefusalKind>> = {
  401: 'unknown-key',
  402: 'budget',
  412: 'budget',
  403: 'denied',
  408: 'timeout',
  446: 'guardrail',
};

function readRefusal({ status, headers, body }: GatewayAnswer): GatewayRefusal | undefined {
  const answer = fields(parseJson(body));
  const error = fields(answer?.['error']);
  const message = text(error?.['message']) ?? text(answer?.['message']) ?? text(answer?.['error']) ?? '';
  const kind = status === 429 ? (/budget|quota/i.test(message) ? 'budget' : 'rate') : KINDS[status];
  if (kind === undefined) return undefined;
  const wait = kind === 'rate' ? retryAfterMs(headerValue(headers, 'retry-after'), message) : undefined;
  return { kind, message, ...(wait !== undefined && { retryAfterMs: wait }) };
}
