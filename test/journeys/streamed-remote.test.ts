/** Real clients whose streamed answers wait for another company's opinion: as they came, cut, redacted, and not at all. */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import WebSocket from 'ws';
import type { AgentStatus } from '../../agent/src/serve/contract.ts';
import { type Answer, type CheckService, startCheckService } from '../kit/check-service.ts';
import { runClient } from '../kit/clients.ts';
import { cleanEnvironment, type Office, openOffice } from '../kit/office.ts';
import { FALCONS } from '../kit/remote-stage.ts';

let office: Office | undefined;
let service: CheckService | undefined;
afterEach(async () => {
  await office?.stop();
  await service?.close();
  office = undefined;
  service = undefined;
});

async function openWith(rule: string, answer: Answer): Promise<Office> {
  service = await startCheckService(answer);
  const guardrail = `{ id: names, detect: remote, provider: presidio, url: "${service.url}/analyze", on: [response], timeoutMs: 2000, ${rule} }`;
  office = await openOffice({ policy: `postern: 1\nname: test\nguardrails: [${guardrail}]\n` });
  return office;
}

const delayed =
  (ms: number, answer: Answer = FALCONS): Answer =>
  async (asked, response) => {
    await sleep(ms);
    return answer(asked, response);
  };

const SENTENCE = 'The postern is a small door in the wall beside the gate. ';
const HARMLESS = SENTENCE.repeat(20);
const BEFORE = SENTENCE.repeat(20);
const TELLING = `${BEFORE}The falcon lands at noon. ${SENTENCE.repeat(10)}`;

interface Said {
  readonly ok: boolean;
  readonly text?: string;
  readonly events?: number;
  readonly message?: string;
}

async function say(here: Office, file: string, what: string): Promise<Said> {
  const ran = await here.run(['node', path.join(import.meta.dirname, 'scripts', file), what, 'Tell me.']);
  const line = ran.stdout.trim().split('\n').at(-1) ?? '';
  expect(line, `${ran.stderr}\n${here.log()}`).toMatch(/^\{/);
  return JSON.parse(line) as Said;
}

const SDKS = [
  ['openai-sdk.mjs', 'chat-stream'],
  ['openai-sdk.mjs', 'responses-stream'],
  ['anthropic-sdk.mjs', 'stream'],
  ['google-genai-sdk.mjs', 'stream'],
] as const;

async function curl(here: Office, version: string, more: readonly string[] = [], timeoutMs = 20_000) {
  const body = JSON.stringify({
    model: 'gpt-4o-mini',
    stream: true,
    messages: [{ role: 'user', content: 'hi' }],
  });
  const ran = await runClient(
    'curl',
    [
      '-sSN',
      version,
      ...more,
      '--proxy',
      here.ready.proxy,
      '--cacert',
      here.ready.ca,
      '-H',
      'content-type: application/json',
      '-d',
      body,
      'https://api.openai.com/v1/chat/completions',
    ],
    { env: cleanEnvironment(), timeoutMs },
  );
  return ran.stdout;
}

const textOf = (stream: string): string =>
  [...stream.matchAll(/^data: (\{.*\})$/gm)]
    .map(([, data = '']) => JSON.parse(data) as { choices?: { delta?: { content?: string } }[] })
    .map(({ choices }) => choices?.[0]?.delta?.content ?? '')
    .join('');

/** The record of the call before, once it is written. */
const expectRecord = (here: Office, expected: object): Promise<void> =>
  vi.waitFor(
    async () => {
      const { stdout } = await here.postern(['audit', 'tail', '--json']);
      const records = JSON.parse(stdout) as { readonly sequence: number; readonly operation: string }[];
      const generated = records.filter(({ operation }) => operation === 'generate');
      expect(generated.toSorted((a, b) => a.sequence - b.sequence).at(-1)).toMatchObject(expected);
    },
    { timeout: 10_000, interval: 200 },
  );

describe('SDKs', () => {
  it('stream what is harmless, and end before what is not, in words that they understand', async () => {
    const here = await openWith('action: block', delayed(20));
    for (const [file, what] of SDKS) {
      here.provider.answer = () => ({ text: HARMLESS });
      expect(await say(here, file, what)).toMatchObject({ ok: true, text: HARMLESS });
      here.provider.answer = () => ({ text: TELLING });
      const refused = await say(here, file, what);
      expect(JSON.stringify(refused), `${file} ${what}`).not.toContain('falcon');
      // Gemini's SDK takes a cut stream for a finished one; the text ends before.
      if (!file.startsWith('google')) expect(refused).toMatchObject({ ok: false });
      await expectRecord(here, { decision: 'block', effective: 'block' });
    }
  }, 120_000);

  it('get what was redacted, the repetitions included', async () => {
    const here = await openWith('action: redact', delayed(20));
    here.provider.answer = () => ({ text: TELLING });
    for (const [file, what] of SDKS) {
      const said = await say(here, file, what);
      expect(said).toMatchObject({ ok: true, text: TELLING.replace('falcon', '[REDACTED:code-name]') });
    }
  }, 120_000);
});

describe.each(['--http1.1', '--http2'])('curl %s', (version) => {
  it('gets a slow opinion in its time, and loses nothing by leaving before', async () => {
    const here = await openWith('action: block', delayed(300));
    here.provider.answer = () => ({ text: HARMLESS });
    await curl(here, version, ['--max-time', '0.2']);
    expect(textOf(await curl(here, version))).toBe(HARMLESS);
    await expectRecord(here, { effective: 'allow', result: 'complete' });
    const { remoteChecks } = JSON.parse((await here.postern(['status', '--json'])).stdout) as AgentStatus;
    expect(remoteChecks['names']).toMatchObject({ failed: {} });
    expect(remoteChecks['names']?.answered).toBeGreaterThan(1);
    expect((await here.postern(['status'])).stdout).toMatch(/checks by names .*asked, .*answered/);
  });

  it.each([
    ['block', ''],
    ['allow', HARMLESS],
  ])('a dead service: onFailure %s', async (onFailure, text) => {
    const dead: Answer = (_asked, response) => void response.destroy();
    const here = await openWith(`action: block, onFailure: ${onFailure}`, dead);
    here.provider.answer = () => ({ text: HARMLESS });
    const stream = await curl(here, version);
    expect(textOf(stream)).toBe(text);
    expect(stream.includes('"error"')).toBe(onFailure === 'block');
    await expectRecord(here, { effective: onFailure });
  });
});

describe('Responses over WebSocket', () => {
  const open = (here: Office): Promise<WebSocket> =>
    new Promise((resolve, reject) => {
      const proxy = new URL(here.ready.proxy);
      const agent = new https.Agent();
      agent.createConnection = (_options, done) => {
        const connect = http.request({
          host: proxy.hostname,
          port: proxy.port,
          method: 'CONNECT',
          path: 'api.openai.com:443',
        });
        connect.on('connect', (_answer, socket) =>
          done?.(
            null,
            tls.connect({ socket, servername: 'api.openai.com', ca: readFileSync(here.ready.ca) }),
          ),
        );
        connect.on('error', reject);
        connect.end();
        return undefined;
      };
      const socket = new WebSocket('wss://api.openai.com/v1/responses', {
        agent,
        headers: { authorization: 'Bearer sk-x' },
      });
      socket.on('open', () => resolve(socket));
      socket.on('error', reject);
    });

  it('gets what is harmless whole, a refusal in place of what is not, and the next answer', async () => {
    const here = await openWith('action: block', delayed(20));
    const socket = await open(here);
    const ask = (answer: string): Promise<{ text: string; all: string }> => {
      here.provider.answer = () => ({ text: answer });
      return new Promise((resolve) => {
        let text = '';
        let all = '';
        socket.removeAllListeners('message');
        socket.on('message', (data) => {
          const event = JSON.parse(String(data)) as { type: string; delta?: string };
          all += String(data);
          if (event.type === 'response.output_text.delta') text += event.delta;
          if (
            event.type === 'response.completed' ||
            event.type === 'error' ||
            event.type === 'response.failed'
          )
            resolve({ text, all });
        });
        socket.send(JSON.stringify({ type: 'response.create', model: 'gpt-4o-mini', input: 'hi' }));
      });
    };
    expect((await ask(HARMLESS)).text).toBe(HARMLESS);
    const refused = await ask(TELLING);
    expect(refused.all).not.toContain('falcon');
    expect(BEFORE.startsWith(refused.text)).toBe(true);
    expect((await ask(HARMLESS)).text).toBe(HARMLESS);
    socket.close();
  });
});
