/** What the real Bifrost says to every refusal, in every API, and what it tells of keys. Ids, keys and times are taken out. */
import type { RecordedAnswer } from '../../kit/gateways/recordings.ts';
import {
  type AskedApi,
  anthropicCall,
  geminiCall,
  openaiCall,
  Recorder,
  responsesCall,
  streamed,
} from '../recorder.ts';
import { type KeySettings, providerConfigs } from './admin.ts';
import { keyWithoutCallsLeft, PROVIDER_TIMEOUT_MS, QUOTA_PATH, type RealBifrost, useUp } from './real.ts';

const TOLD = /^(content-type|retry-after|x-ratelimit-.*)$/;
const GEMINI = 'v1beta/models/gemini-2.5-flash';
const APIS: readonly AskedApi[] = [
  { name: 'chat', path: '/openai/v1/chat/completions', body: openaiCall },
  { name: 'chatStream', path: '/openai/v1/chat/completions', body: streamed(openaiCall) },
  { name: 'responses', path: '/openai/v1/responses', body: responsesCall },
  { name: 'chatByName', path: '/v1/chat/completions', body: byName(openaiCall) },
  { name: 'message', path: '/anthropic/v1/messages', body: anthropicCall },
  { name: 'messageStream', path: '/anthropic/v1/messages', body: streamed(anthropicCall) },
  { name: 'countTokens', path: '/anthropic/v1/messages/count_tokens', body: anthropicCall },
  { name: 'gemini', path: `/genai/${GEMINI}:generateContent`, body: geminiCall },
  { name: 'geminiStream', path: `/genai/${GEMINI}:streamGenerateContent?alt=sse`, body: geminiCall },
  { name: 'geminiCount', path: `/genai/${GEMINI}:countTokens`, body: geminiCall },
  { name: 'messageThrough', path: '/anthropic_passthrough/v1/messages', body: anthropicCall },
  {
    name: 'messageStreamThrough',
    path: '/anthropic_passthrough/v1/messages',
    body: streamed(anthropicCall),
  },
  { name: 'geminiThrough', path: `/genai_passthrough/${GEMINI}:generateContent`, body: geminiCall },
  { name: 'chatThrough', path: '/openai_passthrough/v1/chat/completions', body: openaiCall },
  { name: 'models', path: '/openai/v1/models' },
];

function byName(body: typeof openaiCall) {
  return (prompt: string) => ({ ...body(prompt), model: 'openai/gpt-4o-mini' });
}

/** In the place of the app's own, which pass-through wants. */
const OWN_CREDENTIALS = { 'x-api-key': 'sk-ant-of-an-app', 'x-goog-api-key': 'key-of-an-app' };

interface Case {
  readonly key: string | undefined;
  readonly provider?: number;
  readonly delayMs?: number;
}

async function casesOf({ admin, key, port, refusedKeys }: RealBifrost): Promise<Record<string, Case>> {
  const tokens = await admin.makeKey({ rate_limit: { token_max_limit: 1, token_reset_duration: '1d' } });
  const team = await admin.makeTeam('research', { budgets: [{ max_limit: 10, reset_duration: '1d' }] });
  const teamed = await admin.makeKey({ team_id: team });
  for (const { secret } of [tokens, teamed]) await useUp(port, secret);
  const known = Object.entries(refusedKeys).map(([how, secret]) => [how, { key: secret }]);
  return {
    ...(Object.fromEntries(known) as Record<string, Case>),
    free: { key },
    'no-key': { key: undefined },
    rate: { key: await keyWithoutCallsLeft(admin, port, '1m') },
    tokens: { key: tokens.secret },
    'team-budget': { key: teamed.secret },
    timeout: { key, delayMs: 2 * PROVIDER_TIMEOUT_MS },
    'provider-down': { key, provider: 503 },
    'provider-rate': { key, provider: 429 },
    'provider-auth': { key, provider: 401 },
  };
}

const QUOTAS: Readonly<Record<string, KeySettings>> = {
  free: {},
  limited: {
    budgets: [
      { max_limit: 50, reset_duration: '1w' },
      { max_limit: 20, reset_duration: '1d' },
    ],
    rate_limit: {
      request_max_limit: 60,
      request_reset_duration: '1m',
      token_max_limit: 4000,
      token_reset_duration: '1d',
    },
    provider_configs: providerConfigs(['openai'], 'own'),
  },
};

export async function recordBifrost(gateway: RealBifrost): Promise<void> {
  const recorder = new Recorder('bifrost', `Bifrost ${gateway.version}`, gateway.port, TOLD, scrubbed);
  const headersOf = (key: string | undefined): Record<string, string> => ({
    ...OWN_CREDENTIALS,
    ...(key !== undefined && { 'x-bf-vk': key }),
  });
  for (const [name, { key, provider, delayMs = 0 }] of Object.entries(await casesOf(gateway))) {
    gateway.provider.failing = provider;
    gateway.provider.headDelayMs = delayMs;
    const answers: RecordedAnswer[] = [];
    for (const api of APIS) answers.push(await recorder.ask(api, headersOf(key), 'What is a postern?'));
    recorder.write(name, answers);
  }
  gateway.clear();
  const quotas: RecordedAnswer[] = [];
  const read = async (name: string, key: string | undefined): Promise<void> => {
    quotas.push(await recorder.ask({ name, path: QUOTA_PATH }, key === undefined ? {} : { 'x-bf-vk': key }));
  };
  for (const [name, settings] of Object.entries(QUOTAS))
    await read(name, (await gateway.admin.makeKey(settings)).secret);
  await read('inactive', gateway.refusedKeys['inactive-key']);
  await read('unknown', 'sk-bf-nobody-knows');
  await read('none', undefined);
  recorder.write('quota', quotas);
}

const scrubbed = (text: string): string =>
  text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, 'id')
    .replaceAll(/\bkey-\d+\b/g, 'a-key')
    .replaceAll(/(?<="(created|updated)_at":")[^"]+/g, '2026-11-26T00:00:00Z')
    .replaceAll(/(?<=last_reset":")2[^"]+/g, '2026-11-26T00:00:00Z')
    .replaceAll(/(?<="createTime":")[^"]+/g, '2026-11-26T00:00:00Z')
    .replaceAll(/(?<="latency":)\d+/g, '5')
    .replaceAll(/(?<=resp_)[0-9a-f]{40,}|(?<=msg_)[0-9a-f]{40,}/g, 'id');
