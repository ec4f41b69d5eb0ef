/** A credential never reaches a host that it wasn't meant for: over all drivers, modes, formats and whatever apps send. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RawHeaders } from '../../agent/src/core/connection.ts';
import type { RequestVerdict } from '../../agent/src/core/flow.ts';
import type { GatewayKind } from '../../agent/src/core/gateway.ts';
import { editHeaders } from '../../agent/src/intercept/inbound/response-head.ts';
import { policyOf } from '../kit/decide.ts';
import { openFlow, openJourney } from '../kit/dialogue.ts';
import { openCentral, SECRET } from '../kit/gateways/central.ts';

const KINDS: readonly GatewayKind[] = ['bifrost', 'litellm', 'portkey', 'generic'];
const MODES = ['gateway', 'passthrough', 'direct', 'block', 'tunnel'] as const;
const chat = JSON.stringify({ model: 'some-model', messages: [{ role: 'user', content: 'hi' }] });
const CALLS = {
  openai: ['https://api.openai.com/v1/chat/completions', chat],
  'openai-responses': ['https://api.openai.com/v1/responses', '{"model":"gpt-5","input":"hi"}'],
  'openai-embeddings': ['https://api.openai.com/v1/embeddings', '{"model":"text-embedding-3","input":"hi"}'],
  'openai-models': ['https://api.openai.com/v1/models', undefined],
  'openai-files': ['https://api.openai.com/v1/files', '{"purpose":"assistants"}'],
  anthropic: ['https://api.anthropic.com/v1/messages', chat],
  'anthropic-count': ['https://api.anthropic.com/v1/messages/count_tokens', chat],
  'anthropic-own': ['https://api.anthropic.com/api/claude_code/settings', undefined],
  gemini: [
    'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent',
    '{"contents":[{"parts":[{"text":"hi"}]}]}',
  ],
  mistral: ['https://api.mistral.ai/v1/chat/completions', chat],
} as const;

/** In pass-through, what a provider's own apps show it. */
const NATIVE: Readonly<Record<string, RegExp>> = {
  'api.openai.com': /^(authorization|openai-organization|openai-project)$/,
  'api.anthropic.com': /^(authorization|x-api-key)$/,
  'generativelanguage.googleapis.com': /^(authorization|x-goog-api-key|x-goog-user-project|\?key)$/,
  'api.mistral.ai': /^authorization$/,
};

const CREDENTIALS = [
  'authorization',
  'proxy-authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'x-goog-user-project',
  'cookie',
  'cookie2',
  'chatgpt-account-id',
  'openai-organization',
  'openai-project',
  'openai-sentinel-token',
  'x-openai-session-token',
  'anthropic-api-key',
  'anthropic-auth-token',
  'x-claude-code-oauth-token',
  'x-stainless-secret',
  'x-codex-account',
  'x-amz-security-token',
  'x-csrf-token',
  'x-bf-vk',
  'x-litellm-api-key',
  'x-portkey-api-key',
  'x-portkey-config',
  'x-auth-request-email',
  'dpop',
  'signature',
];
const header = fc.oneof(
  fc.constantFrom(...CREDENTIALS),
  // Headers that nobody has heard of are taken for credentials too.
  fc
    .stringMatching(/^x-[a-z]{3,12}(-[a-z]{3,12})?$/)
    .filter((name) => !/^x-(app|request-id|initiator|stainless|codex)/.test(name)),
);
const canary = fc.stringMatching(/^[A-Za-z0-9]{12}$/).map((text) => `CANARY${text}`);
const anyCase = (name: string, upper: boolean): string => (upper ? name.toUpperCase() : name);
const query = fc.constantFrom(
  'key',
  'api_key',
  'access_token',
  'oauth_token',
  'auth',
  'sig',
  'KEY',
  'k%65y',
  'token',
);

describe('whatever an app sends', () => {
  it('its credential goes to its provider or nowhere, and the virtual key to the gateway alone', async () => {
    const routed = Object.fromEntries(
      MODES.map((mode) => [
        mode,
        policyOf(`services:\n  - { match: [openai, anthropic, gemini, mistral], mode: ${mode} }\n`),
      ]),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...KINDS),
        fc.constantFrom(...MODES),
        fc.constantFrom(...(Object.keys(CALLS) as (keyof typeof CALLS)[])),
        fc.array(fc.tuple(header, canary, fc.boolean()), { maxLength: 8 }),
        fc.array(fc.tuple(query, canary), { maxLength: 3 }),
        async (kind, mode, name, headers, queries) => {
          const [bare, body] = CALLS[name];
          const policy = routed[mode];
          if (policy === undefined) throw new Error('no policy');
          const url =
            queries.length === 0 ? bare : `${bare}?${queries.map((pair) => pair.join('=')).join('&')}`;
          const own = Object.fromEntries(headers.map(([key, value, upper]) => [anyCase(key, upper), value]));
          const left = await leaving(kind, policy, url, own, body);
          if (left === undefined) return;
          const gateway = left.host === 'ai.acme.com';
          if (gateway) expect(['gateway', 'passthrough']).toContain(mode);
          else expect(JSON.stringify(left)).not.toContain(SECRET);
          if (!gateway) return;
          const host = new URL(bare).hostname;
          for (const [place, value] of places(left)) {
            if (!value.includes('CANARY')) continue;
            expect({ kind, mode, name, place }).toMatchObject({ mode: 'passthrough' });
            expect(place).toMatch(NATIVE[host] ?? /^$/);
          }
          expect(places(left).filter(([, value]) => value.includes(SECRET))).toHaveLength(1);
        },
      ),
      { numRuns: 1500 },
    );
  });
});

interface Left {
  readonly host: string;
  readonly path: string;
  readonly headers: RawHeaders;
}

/** The request as the edge would send it; undefined if it stays here. */
async function leaving(
  kind: GatewayKind,
  policy: ReturnType<typeof policyOf>,
  url: string,
  own: Record<string, string>,
  body: string | undefined,
): Promise<Left | undefined> {
  const gateway = openCentral({
    kind,
    settings:
      kind === 'generic' ? { keyHeader: 'x-gateway-key', dialects: ['openai', 'anthropic', 'gemini'] } : {},
  });
  const journey = openJourney(policy, { gateway: () => gateway });
  const headers: Record<string, string> = { authorization: 'Bearer CANARYnative', ...own };
  const flow = openFlow(journey.governor, { url, headers, ...(body !== undefined && { body }) });
  const { requestPlan: plan } = flow;
  const verdict: RequestVerdict =
    plan.type === 'hold'
      ? await flow.requestBody(Buffer.from(body ?? ''))
      : plan.type === 'refuse'
        ? plan
        : { type: 'forward' };
  if (verdict.type === 'refuse') return undefined;
  const { hostname, pathname, search } = new URL(url);
  const sent = Object.entries({ 'content-type': 'application/json', ...headers }).flat();
  return {
    host: verdict.target?.host ?? hostname,
    path: verdict.path ?? pathname + search,
    headers: editHeaders(sent, verdict.setHeaders, verdict.removeHeaders),
  };
}

function places({ headers, path }: Left): [string, string][] {
  const found: [string, string][] = [];
  for (let i = 0; i < headers.length; i += 2)
    found.push([(headers[i] as string).toLowerCase(), headers[i + 1] as string]);
  for (const [name, value] of new URL(path, 'https://x').searchParams) found.push([`?${name}`, value]);
  found.push(['path', path.split('?')[0] ?? '']);
  return found;
}
