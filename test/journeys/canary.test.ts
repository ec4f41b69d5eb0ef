/**
 * No prompt text on disk or in telemetry by default: canaries through allow, warn, block, stream, crash and debug log,
 * then a search of every file and of everything that the collector received.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { runClient } from '../kit/clients.ts';
import { cleanEnvironment, liveLookingAwsKey, type Office, openOffice } from '../kit/office.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../kit/otlp-receiver.ts';
import { createTestAuthority } from '../kit/pki.ts';

let office: Office;
let collector: OtlpReceiver;
const canaries: string[] = [];
const canary = (): string => {
  const word = `canary${randomBytes(9).toString('hex')}`;
  canaries.push(word);
  return word;
};

beforeAll(async () => {
  const authority = await createTestAuthority('Collector Root');
  collector = await startOtlpReceiver(await authority.issue({ names: ['otel.example.com'] }));
  office = await openOffice({
    env: { POSTERN_LOG: 'debug' },
    trust: [authority.pem],
    route: (host) => (host === 'otel.example.com' ? collector.port : undefined),
    config: {
      telemetry: {
        otlpEndpoint: 'https://otel.example.com',
        otlpProtocol: 'http/json',
        heartbeatSeconds: 5,
        metricsIntervalSeconds: 5,
      },
    },
  });
});
afterAll(async () => {
  await office.stop();
  await collector.close();
});

const post = (url: string, body: object, headers: readonly string[] = []) =>
  runClient(
    'curl',
    [
      '-sS',
      '--max-time',
      '10',
      '--proxy',
      office.ready.proxy,
      '--cacert',
      office.ready.ca,
      '-H',
      'content-type: application/json',
      ...headers.flatMap((line) => ['-H', line]),
      '-d',
      JSON.stringify(body),
      url,
    ],
    { env: cleanEnvironment(), timeoutMs: 15_000 },
  );

it('leaves no canary in any file of the home, in any of seven encodings', async () => {
  const user = (content: string) => [{ role: 'user', content }];
  for (let round = 0; round < 8; round += 1) {
    await post('https://api.openai.com/v1/chat/completions', {
      model: 'gpt-4o-mini',
      messages: user(canary()),
    });
    await post('https://api.openai.com/v1/chat/completions', {
      model: 'gpt-4o-mini',
      stream: true,
      messages: user(canary()),
    });
    await post('https://api.openai.com/v1/chat/completions', {
      model: 'gpt-4o-mini',
      messages: user(`${canary()} ${liveLookingAwsKey(round + 1)}`),
    });
    await post('https://api.openai.com/v1/chat/completions', { nonsense: canary() });
    await post('https://api.openai.com/v1/chat/completions', { model: canary(), messages: canary() });
    await post(
      `https://api.anthropic.com/v1/messages?q=${canary()}`,
      { model: 'claude-sonnet-4-5', max_tokens: 5, messages: user(canary()) },
      [`x-note: ${canary()}`],
    );
  }
  office.provider.answer = () => ({ text: canary() });
  await post('https://api.openai.com/v1/chat/completions', {
    model: 'gpt-4o-mini',
    stream: true,
    messages: user('say something'),
  });
  await vi.waitFor(
    () => {
      const calls = collector.logs.filter(({ name }) => name === 'postern.ai_call');
      expect(calls.length).toBeGreaterThanOrEqual(8 * 6 + 1);
      expect(collector.requests.some(({ path: asked }) => asked === '/v1/metrics')).toBe(true);
    },
    { timeout: 20_000 },
  );
  const last = post('https://api.openai.com/v1/chat/completions', {
    model: 'gpt-4o-mini',
    messages: user(canary()),
  });
  office.agent.kill('SIGKILL');
  await last;

  const files = filesBelow(office.home);
  expect(files.length).toBeGreaterThan(2);
  const haystacks = files.map((file) => readFileSync(file));
  haystacks.push(Buffer.from(office.log()), ...collector.requests.map(({ body }) => Buffer.from(body)));
  for (const word of canaries) {
    for (const [encoding, needle] of encodings(word)) {
      const hit = haystacks.findIndex((bytes) => bytes.includes(needle));
      expect(
        hit,
        `${encoding} of a canary in ${files[hit] ?? 'the log or what the collector received'}`,
      ).toBe(-1);
    }
  }
}, 60_000);

function encodings(word: string): [string, Buffer][] {
  const bytes = Buffer.from(word);
  return [
    ['text', bytes],
    ['upper case', Buffer.from(word.toUpperCase())],
    ['hex', Buffer.from(bytes.toString('hex'))],
    ['UTF-16', Buffer.from(word, 'utf16le')],
    ['percent', Buffer.from([...bytes].map((byte) => `%${byte.toString(16)}`).join(''))],
    ['base64', Buffer.from(bytes.toString('base64').slice(0, 20))],
    ['deflate', zlib.deflateRawSync(bytes).subarray(2, 14)],
  ];
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}
