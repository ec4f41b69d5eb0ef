/** Budgets and limits on real calls: real SDKs and coding agents are stopped, cut and sent to a smaller model, once each, with the sentence. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { npmClient, runClient } from '../kit/clients.ts';
import { cleanEnvironment, type Office, openOffice } from '../kit/office.ts';

// Each test opens an office of its own.
vi.setConfig({ testTimeout: 120_000 });

const script = (name: string): string => path.join(import.meta.dirname, 'scripts', name);
/** About 3,000 tokens. */
const LONG_ANSWER = 'The postern is a small door beside the great gate of a castle. '.repeat(200);

/** Words in an order that doesn't repeat: some clients break off an answer that goes round in circles. */
function variedText(words: number): string {
  const list = 'gate wall tower stone lamp river horse night guard bread wine song'.split(' ');
  return Array.from(
    { length: words },
    (_, i) => `${list[(i * 7 + ((i * i) >> 3)) % 12]}${i % 9 === 8 ? ` ${i}.` : ''}`,
  ).join(' ');
}

let office: Office | undefined;
afterEach(async () => {
  await office?.stop();
  office = undefined;
});

async function withPolicy(rules: string): Promise<Office> {
  office = await openOffice({ policy: `postern: 1\nname: test\n${rules}` });
  return office;
}

interface Said {
  readonly ok: boolean;
  readonly text?: string;
  readonly status?: number;
  readonly message?: string;
  readonly elapsedMs: number;
}

async function say(here: Office, command: readonly string[]): Promise<Said> {
  const ran = await here.run(command);
  const line = ran.stdout.trim().split('\n').at(-1) ?? '';
  expect(line, `${ran.stderr}\n${here.log()}`).toMatch(/^\{/);
  return JSON.parse(line) as Said;
}

const curlArguments = (here: Office, url: string, body: object): string[] => [
  '-sSi',
  '--suppress-connect-headers',
  '--max-time',
  '15',
  '--proxy',
  here.ready.proxy,
  '--cacert',
  here.ready.ca,
  '-H',
  'content-type: application/json',
  '-d',
  JSON.stringify(body),
  url,
];

const post = (here: Office, url: string, body: object) =>
  runClient('curl', curlArguments(here, url, body), { env: cleanEnvironment(), timeoutMs: 20_000 });

const CHAT = 'https://api.openai.com/v1/chat/completions';
const chat = (content: string, extra: object = {}) => ({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content }],
  ...extra,
});

interface Budget {
  readonly id: string;
  readonly subject: string;
  readonly spentNanoUsd: number;
  readonly heldNanoUsd: number;
  readonly remainingNanoUsd?: number;
  readonly lost: boolean;
}

async function budgetsOf(here: Office): Promise<Budget[]> {
  const { stdout, stderr } = await here.postern(['budgets', '--json']);
  expect(stdout, stderr).toMatch(/^\{/);
  return (JSON.parse(stdout) as { budgets: Budget[] }).budgets;
}

async function until<T>(what: () => Promise<T | undefined>): Promise<T> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const found = await what();
    if (found !== undefined) return found;
    await sleep(50);
  }
  throw new Error('it never came');
}

const dollars = (limitUsd: number): string =>
  `budgets: [{ id: daily, scope: user, window: 1d, timezone: Europe/Oslo, limitUsd: ${limitUsd}, warnAt: 0.8, action: block }]\n`;

describe('an answer that uses up a budget', () => {
  it.each([
    ['openai-sdk.mjs', 'chat-stream', 0.0006],
    ['openai-sdk.mjs', 'responses-stream', 0.0006],
    ['anthropic-sdk.mjs', 'stream', 0.004],
    ['google-genai-sdk.mjs', 'stream', 0.002],
  ] as const)('is cut, and %s %s shows why; the next call is refused once', async (file, what, limitUsd) => {
    const here = await withPolicy(dollars(limitUsd));
    here.provider.answer = () => ({ text: LONG_ANSWER });
    const cut = await say(here, ['node', script(file), what, 'Tell me about posterns.']);
    expect(cut, here.log()).toMatchObject({ ok: false });
    expect(cut.message).toMatch(/used up the budget \\*"daily.*There is room again in .*Europe\/Oslo/);
    expect(here.provider.received).toHaveLength(1);
    const [daily] = await until(async () => {
      const all = await budgetsOf(here);
      return all[0]?.heldNanoUsd === 0 && all[0].spentNanoUsd > 0 ? all : undefined;
    });
    // One chunk more than the limit, at most: the one that was counted and not passed on.
    expect(daily?.spentNanoUsd).toBeGreaterThan(limitUsd * 0.9e9);
    expect(daily?.spentNanoUsd).toBeLessThan(limitUsd * 1.1e9);
    const refused = await say(here, ['node', script(file), what, 'And again?']);
    expect(refused).toMatchObject({ ok: false, status: 400 });
    expect(refused.message).toMatch(/the budget \\*"daily/i);
    expect(here.provider.received).toHaveLength(1);
  });

  it('is cut in an array of Gemini as an element of it', async () => {
    const here = await withPolicy(dollars(0.002));
    here.provider.answer = () => ({ text: LONG_ANSWER });
    const url =
      'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:streamGenerateContent?key=x';
    const ran = await post(here, url, { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] });
    const body = ran.stdout.slice(ran.stdout.indexOf('\r\n\r\n')).trim();
    const elements = JSON.parse(body) as {
      candidates?: unknown;
      error?: { code: number; message: string };
    }[];
    expect(elements.length).toBeGreaterThan(10);
    expect(elements.at(-1)?.error).toMatchObject({ code: 400 });
    expect(elements.at(-1)?.error?.message).toContain('used up the budget "daily"');
  });

  it('is cut on the WebSocket of Codex, which shows why and does not try for ever', async (context) => {
    const client = await npmClient('codex');
    if ('missing' in client) return context.skip(client.missing);
    const here = await withPolicy(dollars(0.1));
    here.provider.answer = () => ({ text: LONG_ANSWER.repeat(5) });
    const ran = await here.run(
      [process.execPath, client.file, 'exec', '--skip-git-repo-check', 'Tell me all.'],
      {
        env: { OPENAI_API_KEY: 'sk-test-not-a-key', CODEX_API_KEY: 'sk-test-not-a-key' },
        cwd: here.folder,
      },
    );
    const shown = ran.stdout + ran.stderr;
    expect(shown, here.log()).toMatch(/the budget \\?"daily/i);
    const calls = here.provider.received.filter(
      ({ path: called, body }) =>
        /\/v1\/responses/.test(called) && body.includes('Tell me all') && !body.includes('"generate":false'),
    );
    expect(calls.length).toBeLessThanOrEqual(2);
  }, 240_000);
});

describe('Claude Code over its budget', () => {
  it('ends with a sentence, not with a storm of retries', async (context) => {
    const client = await npmClient('claude');
    if ('missing' in client) return context.skip(client.missing);
    const here = await withPolicy(dollars(0.0005));
    const ran = await here.run([client.file, '-p', 'Explain this repository'], {
      env: { ANTHROPIC_API_KEY: 'sk-ant-test-not-a-key', DISABLE_AUTOUPDATER: '1' },
      cwd: here.folder,
    });
    expect(ran.stdout + ran.stderr, here.log()).toMatch(
      /API Error: 400 Postern stopped this call\. .*the budget "daily"/,
    );
    const { stdout } = await here.postern(['audit', 'export']);
    const refused = stdout.split('\n').filter((line) => line.includes('"effective":"block"'));
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThanOrEqual(2);
    expect(here.provider.received.filter(({ path: called }) => called.includes('/v1/messages'))).toHaveLength(
      0,
    );
    const id = /postern explain (\S+)/.exec(ran.stdout + ran.stderr)?.[1] ?? '';
    const explained = await here.postern(['explain', id]);
    expect(explained.stdout).toMatch(/block daily.*the budget "daily"/);
  }, 240_000);
});

describe.each([
  {
    name: 'claude',
    command: (file: string) => [file, '-p', 'Tell me all about posterns'],
    env: { ANTHROPIC_API_KEY: 'sk-ant-test-not-a-key', DISABLE_AUTOUPDATER: '1' },
    limitUsd: 0.3,
  },
  {
    name: 'gemini',
    command: (file: string) => [process.execPath, file, '-p', 'Tell me all about posterns'],
    env: { GEMINI_API_KEY: 'not-a-key', GEMINI_CLI_TRUST_WORKSPACE: 'true' },
    limitUsd: 0.05,
  },
] as const)('$name, whose answer uses up a budget', ({ name, command, env, limitUsd }) => {
  it('tries once more, is refused, and ends', async (context) => {
    const client = await npmClient(name);
    if ('missing' in client) return context.skip(client.missing);
    const here = await withPolicy(dollars(limitUsd));
    here.provider.answer = () => ({ text: variedText(20_000) });
    const ran = await here.run(command(client.file), { env, cwd: here.folder });
    expect(
      /the budget \\*"daily/i.test(ran.stdout + ran.stderr),
      (ran.stdout + ran.stderr).slice(-2_000),
    ).toBe(true);
    const { stdout } = await here.postern(['audit', 'export']);
    const cut = stdout.split('\n').filter((line) => line.includes('"result":"cut"'));
    const refused = stdout.split('\n').filter((line) => line.includes('"result":"refused"'));
    expect(cut).toHaveLength(1);
    expect(refused.length).toBeLessThanOrEqual(2);
    const [daily] = await budgetsOf(here);
    expect(daily?.spentNanoUsd).toBeLessThan(limitUsd * 1.001e9);
    expect(daily?.spentNanoUsd).toBeGreaterThan(limitUsd * 0.99e9);
  }, 240_000);
});

describe('before and after a call', () => {
  it('its headers say what it may cost and what is left; status and exchanges say the same', async () => {
    const here = await withPolicy(dollars(5));
    const { stdout } = await post(here, CHAT, chat('What is a postern?'));
    const header = (name: string) => new RegExp(`^${name}: (.+)\r$`, 'im').exec(stdout)?.[1];
    expect(Number(header('x-postern-estimated-cost-usd'))).toBeGreaterThan(0);
    expect(header('x-postern-budget')).toBe('daily');
    expect(Number(header('x-postern-budget-remaining-usd'))).toBeCloseTo(5, 2);
    const [daily] = await until(async () => {
      const all = await budgetsOf(here);
      return (all[0]?.spentNanoUsd ?? 0) > 0 ? all : undefined;
    });
    // 21 tokens in and 9 out, as the provider says: 0.15 and 0.60 dollars per million.
    expect(daily).toMatchObject({ spentNanoUsd: 21 * 150 + 9 * 600, heldNanoUsd: 0, lost: false });
    const status = JSON.parse((await here.postern(['status', '--json'])).stdout) as { budgets: Budget[] };
    expect(status.budgets).toEqual([daily]);
    const record = JSON.parse(
      (await here.postern(['audit', 'export'])).stdout
        .split('\n')
        .find((line) => line.includes('gpt-4o-mini')) ?? '{}',
    ) as { spend: { budget: string; estimatedNanoUsd: number } };
    expect(record.spend).toMatchObject({ budget: 'daily' });
    expect(record.spend.estimatedNanoUsd).toBeGreaterThan(0);
    expect((await here.postern(['explain', CHAT, '--method', 'POST'])).stdout).toMatch(
      /daily {2}This call counts: \$5 in 1d[\s\S]*budget daily, user \S+: \$5\.00 of \$5\.00 left/,
    );
    expect((await here.postern(['budgets'])).stdout).toMatch(/daily +user \S+ +1d, Europe\/Oslo +<?\$0\.00/);
  });

  it('a warning is told once, in the record of the call that passed the mark', async () => {
    const here = await withPolicy(
      'budgets: [{ id: mild, scope: device, window: 1h, limitUsd: 0.000020, warnAt: [0.4, 0.8], action: warn }]\n',
    );
    for (const word of ['one', 'two', 'three', 'four'])
      expect((await post(here, CHAT, chat(word))).stdout).toContain(' 200');
    const log = await until(async () => {
      const { stdout } = await here.postern(['audit', 'export']);
      return stdout.split('\n').filter((line) => line.includes('"kind":"exchange"')).length === 4
        ? stdout
        : undefined;
    });
    const told = [...log.matchAll(/The budget \\"mild\\" for this device is [^:]+/g)].map(([text]) => text);
    expect(told.length).toBeGreaterThan(0);
    expect(new Set(told).size).toBe(told.length);
    expect(told.at(-1)).toContain('used up');
  });
});

describe('a downgrade', () => {
  const DOWNGRADE =
    'budgets: [{ id: dear, scope: user, window: 1mo, timezone: UTC, limitUsd: 0, action: downgrade, model: [claude-haiku-4-5, gpt-4o-mini, gemini-2.5-flash-lite] }]\n';

  it('sends the call to the model that the policy names, and tells the client', async () => {
    const here = await withPolicy(DOWNGRADE);
    const { stdout } = await post(here, CHAT, { unknown_field: 1, ...chat('hi', { model: 'gpt-4o' }) });
    expect(stdout).toMatch(/^x-postern-downgraded: gpt-4o -> gpt-4o-mini\r$/im);
    const sent = here.provider.received[0]?.body ?? '';
    expect(sent).toBe(JSON.stringify({ unknown_field: 1, ...chat('hi', { model: 'gpt-4o-mini' }) }));
    const { stdout: log } = await here.postern(['audit', 'export']);
    expect(log).toMatch(/"model":"gpt-4o-mini".*instead of the model \\"gpt-4o\\"/);
  });

  it('changes the path where the model stands there, and stops what has no smaller model of its maker', async () => {
    const here = await withPolicy(DOWNGRADE);
    const host = 'https://generativelanguage.googleapis.com/v1beta/models';
    const contents = { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] };
    const gemini = await post(here, `${host}/gemini-2.5-pro:generateContent?key=x`, contents);
    expect(gemini.stdout).toMatch(/^x-postern-downgraded: gemini-2\.5-pro -> gemini-2\.5-flash-lite\r$/im);
    expect(here.provider.received[0]?.path).toBe(
      '/v1beta/models/gemini-2.5-flash-lite:generateContent?key=x',
    );
    const groq = 'https://api.groq.com/openai/v1/chat/completions';
    const refused = await post(here, groq, chat('hi', { model: 'llama-3.3-70b-versatile' }));
    expect(refused.stdout).toMatch(/^HTTP\/\S+ 400/);
    expect(refused.stdout).toContain('postern_budget');
    expect(here.provider.received).toHaveLength(1);
  });
});

describe('a limit', () => {
  it('refuses with 400 and says when it ends; the SDK does not try again', async () => {
    const here = await withPolicy('limits: [{ id: burst, scope: device, requestsPerMinute: 2 }]\n');
    expect((await post(here, CHAT, chat('one'))).stdout).toContain(' 200');
    expect((await post(here, CHAT, chat('two'))).stdout).toContain(' 200');
    const third = (await post(here, CHAT, chat('three'))).stdout;
    expect(third).toMatch(/^HTTP\/\S+ 400/);
    expect(third).toMatch(/^x-should-retry: false\r$/im);
    expect(third).toMatch(
      /The limit \\"burst\\" allows 2 calls per minute for this device\. There is room again in \d+ s/,
    );
    expect(third).toContain('"postern_limit"');
    const said = await say(here, ['node', script('openai-sdk.mjs'), 'chat', 'four']);
    expect(said).toMatchObject({ ok: false, status: 400 });
    expect(said.message).toMatch(/the limit "burst"/i);
    expect(here.provider.received).toHaveLength(2);
  });

  it('stops Claude Code with the sentence', async (context) => {
    const client = await npmClient('claude');
    if ('missing' in client) return context.skip(client.missing);
    const here = await withPolicy('limits: [{ id: burst, scope: app, requestsPerMinute: 1 }]\n');
    const env = { ANTHROPIC_API_KEY: 'sk-ant-test-not-a-key', DISABLE_AUTOUPDATER: '1' };
    const run = () => here.run([client.file, '-p', 'What is a postern?'], { env, cwd: here.folder });
    expect((await run()).code).toBe(0);
    const second = await run();
    expect(second.stdout + second.stderr, here.log()).toMatch(
      /API Error: 400 .*The limit "burst" allows 1 call per minute .*There is room again in/,
    );
    const { stdout } = await here.postern(['audit', 'export']);
    expect(
      stdout.split('\n').filter((line) => line.includes('"result":"refused"')).length,
    ).toBeLessThanOrEqual(2);
  }, 240_000);
});

describe('a crash', () => {
  it('in the middle of a stream charges what was held', async () => {
    const here = await withPolicy(dollars(5));
    here.provider.answer = () => ({ text: LONG_ANSWER });
    here.provider.eventDelayMs = 20;
    const child = spawn('curl', curlArguments(here, CHAT, chat('go on', { stream: true })), {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let seen = 0;
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        seen += chunk.length;
        if (seen > 4_000) resolve();
      });
    });
    await sleep(100);
    here.agent.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    here.provider.eventDelayMs = 0;
    // The next command brings an agent of its own up, on what the dead one left.
    const next = await say(here, ['node', script('openai-sdk.mjs'), 'chat', 'still there?']);
    expect(next).toMatchObject({ ok: true });
    const [daily] = await until(async () => {
      const all = await budgetsOf(here);
      return all[0]?.heldNanoUsd === 0 ? all : undefined;
    });
    // 512 tokens of output were held from the beginning, at 0.60 dollars per million.
    expect(daily?.spentNanoUsd).toBeGreaterThan(512 * 600);
    const { stdout } = await here.postern(['audit', 'export']);
    expect(stdout).toMatch(/spend-settled-after-crash.*1 calls were cut off/);
  });

  it('that took the record of budgets with it closes them, and says so', async () => {
    const here = await withPolicy(dollars(5));
    await post(here, CHAT, chat('hi'));
    await here.postern(['stop']);
    const file = openSync(`${here.home}/postern.db`, 'r+');
    writeSync(file, Buffer.alloc(4_096, 7), 0, 4_096, 0);
    closeSync(file);
    const said = await say(here, ['node', script('openai-sdk.mjs'), 'chat', 'and now?']);
    expect(said).toMatchObject({ ok: false, status: 400 });
    expect(said.message).toMatch(
      /record of what the budget "daily" for each person has spent was lost.*room again/,
    );
    expect((await budgetsOf(here))[0]).toMatchObject({ lost: true, remainingNanoUsd: 0 });
    expect((await here.postern(['budgets'])).stdout).toContain('record lost');
  });
});
