/**
 * Asks the real LiteLLM for every refusal and quota, in every API, and writes down what it says for the contract server
 * of `npm test`: `npm run test:gateways -- --record`. Hashes, ids and times are taken out.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { LitellmAnswer, LitellmRecording } from '../../kit/gateways/litellm-recordings.ts';
import { LITELLM_VERSION, type RealLitellm } from './real.ts';

const FOLDER = path.join(import.meta.dirname, '..', '..', 'kit', 'gateways', 'fixtures', 'litellm');
const KEY = 'sk-litellm-virtual-key-of-the-recorder';
/** Of the answer's headers, those that say something to a client. */
const TOLD = /^(content-type|retry-after|rate_limit_type|reset_at|x-litellm-(key|applied)-.*)$/;

interface Api {
  readonly name: string;
  readonly path: string;
  readonly body?: (prompt: string) => object;
}

const chat = (prompt: string) => ({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: prompt }] });
const claude = (prompt: string) => ({ ...chat(prompt), model: 'claude-sonnet-4-5', max_tokens: 20 });
const gemini = (prompt: string) => ({ contents: [{ role: 'user', parts: [{ text: prompt }] }] });
const GEMINI = '/v1beta/models/gemini-2.5-flash';
const APIS: readonly Api[] = [
  { name: 'chat', path: '/v1/chat/completions', body: chat },
  { name: 'chatStream', path: '/v1/chat/completions', body: (prompt) => ({ ...chat(prompt), stream: true }) },
  { name: 'responses', path: '/v1/responses', body: (input) => ({ model: 'gpt-4o-mini', input }) },
  { name: 'message', path: '/v1/messages', body: claude },
  { name: 'messageStream', path: '/v1/messages', body: (prompt) => ({ ...claude(prompt), stream: true }) },
  { name: 'countTokens', path: '/v1/messages/count_tokens', body: claude },
  { name: 'gemini', path: `${GEMINI}:generateContent`, body: gemini },
  { name: 'geminiStream', path: `${GEMINI}:streamGenerateContent?alt=sse`, body: gemini },
  { name: 'models', path: '/v1/models' },
];

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
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, { row = {}, key = KEY, prompt = 'What is a postern?', ...rest }] of Object.entries(
    REFUSALS,
  )) {
    gateway.setKeys({ [KEY]: row });
    gateway.provider.failing = rest.provider;
    gateway.provider.headDelayMs = rest.delayMs ?? 0;
    const answers: LitellmAnswer[] = [];
    for (const api of APIS) answers.push(await ask(gateway, api, key, prompt, rest.headers));
    write(name, answers);
  }
  gateway.clear();
  const quotas: LitellmAnswer[] = [];
  for (const [name, row] of Object.entries(QUOTAS)) {
    gateway.setKeys({ [KEY]: row });
    quotas.push(await ask(gateway, { name, path: '/key/info' }, KEY, ''));
  }
  gateway.setKeys({ [KEY]: { user_id: 'ada' } });
  quotas.push(await ask(gateway, { name: 'no-database', path: '/team/info?team_id=research' }, KEY, ''));
  quotas.push(await ask(gateway, { name: 'not-theirs', path: '/user/info?user_id=eve' }, KEY, ''));
  gateway.setKeys({ [KEY]: { models: ['gpt-4o-mini'] } });
  quotas.push(await ask(gateway, { name: 'models', path: '/v1/models' }, KEY, ''));
  quotas.push(await ask(gateway, { name: 'one-model', path: '/v1/models/gpt-4o-mini' }, KEY, ''));
  write('quota', quotas);
}

async function ask(
  { port }: RealLitellm,
  { name, path: at, body }: Api,
  key: string | null,
  prompt: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<LitellmAnswer> {
  const reply = await fetch(`http://127.0.0.1:${port}${at}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body(prompt)) }),
  });
  const told = [...reply.headers].filter(([header]) => TOLD.test(header));
  return {
    api: name,
    path: at,
    status: reply.status,
    headers: Object.fromEntries(told.map(([header, value]) => [header, scrubbed(value)])),
    body: scrubbed(await reply.text()),
  };
}

const scrubbed = (text: string): string =>
  text
    .replaceAll(/\b[0-9a-f]{64}\b/g, '0'.repeat(64))
    .replaceAll(/(?<=resets? at: )[^"]*?UTC|^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/gi, '{{reset}}')
    .replaceAll(/(?<=current time )[-0-9: .+]+/g, '2026-11-26 00:00:00+00:00')
    .replaceAll(/localhost:\d+/g, 'localhost:443')
    .replaceAll(/(?<=time taken=)[\d.]+/g, '0.3')
    .replaceAll(/0x[0-9a-f]{8,}/g, '0x0')
    .replaceAll(/chatcmpl-[0-9a-f-]{36}|[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id');

function write(name: string, answers: readonly LitellmAnswer[]): void {
  const recording: LitellmRecording = { recorded: `LiteLLM ${LITELLM_VERSION}`, answers };
  writeFileSync(path.join(FOLDER, `${name}.json`), `${JSON.stringify(recording, undefined, 2)}\n`);
}
