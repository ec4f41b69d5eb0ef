/** What policies do to real calls: redaction both ways, answers gated while they stream, refusals by service, model and app, reload. */
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { runClient } from '../kit/clients.ts';
import {
  cleanEnvironment,
  liveLookingAwsKey,
  type Office,
  type OfficeOptions,
  openOffice,
} from '../kit/office.ts';

let office: Office | undefined;
afterEach(async () => {
  await office?.stop();
  office = undefined;
});

async function withPolicy(rules: string, options: OfficeOptions = {}): Promise<Office> {
  office = await openOffice({ ...options, policy: `postern: 1\nname: test\n${rules}` });
  return office;
}

async function chat(here: Office, prompt: string, { stream = false, model = 'gpt-4o-mini' } = {}) {
  const body = JSON.stringify({
    model,
    stream,
    unknown_field: 1.0,
    messages: [{ role: 'user', content: prompt }],
  });
  const args = [
    '-sS',
    '--max-time',
    '10',
    '-w',
    '\n%{http_code}',
    '--proxy',
    here.ready.proxy,
    '--cacert',
    here.ready.ca,
  ];
  const ran = await runClient(
    'curl',
    [
      ...args,
      '-H',
      'content-type: application/json',
      '-d',
      body,
      'https://api.openai.com/v1/chat/completions',
    ],
    {
      env: cleanEnvironment(),
      timeoutMs: 15_000,
    },
  );
  const end = ran.stdout.lastIndexOf('\n');
  return { body: ran.stdout.slice(0, end), status: ran.stdout.slice(end + 1) };
}

const REDACT = `guardrails:
  - { id: out, detect: secrets, on: [request], action: redact }
  - { id: in, detect: secrets, on: [response], action: redact }
`;

describe('redaction', () => {
  it('takes a secret out of the request and leaves every other byte', async () => {
    const here = await withPolicy(REDACT);
    const key = liveLookingAwsKey(21);
    expect((await chat(here, `before ${key} after`)).status).toBe('200');
    const sent = here.provider.received[0]?.body ?? '';
    expect(sent).toContain('before [REDACTED:aws-access-key-id] after');
    expect(sent).not.toContain(key);
    expect(JSON.parse(sent)).toMatchObject({ unknown_field: 1 });
  });

  it.each([true, false])('takes a secret out of the answer (streamed: %s)', async (stream) => {
    const here = await withPolicy(REDACT);
    const key = liveLookingAwsKey(22);
    here.provider.answer = () => ({ text: `Your key is ${key}, keep it safe.` });
    const { body, status } = await chat(here, 'which key?', { stream });
    expect(status).toBe('200');
    const text = stream
      ? [...body.matchAll(/"content":"((?:[^"\\]|\\.)*)"/g)].map(([, piece]) => piece).join('')
      : (JSON.parse(body) as { choices: { message: { content: string } }[] }).choices[0]?.message.content;
    expect(text).toBe('Your key is [REDACTED:aws-access-key-id], keep it safe.');
    if (stream) expect(body).toContain('data: [DONE]');
  });
});

describe('blocking an answer', () => {
  const BLOCK = 'guardrails: [{ id: answers, detect: secrets, on: [response], action: block }]\n';

  it('cuts a stream before the secret, in the words of the provider', async () => {
    const here = await withPolicy(BLOCK);
    const key = liveLookingAwsKey(23);
    here.provider.answer = () => ({ text: `A long and harmless beginning, and then ${key} at the end.` });
    const { body } = await chat(here, 'go on', { stream: true });
    expect(body).toContain('armles');
    expect(body).not.toContain(key.slice(0, 12));
    expect(body).toMatch(/"error":\{.*AWS access key/);
  });

  it('refuses an unstreamed answer whole', async () => {
    const here = await withPolicy(BLOCK);
    here.provider.answer = () => ({ text: `It is ${liveLookingAwsKey(24)}.` });
    const { body, status } = await chat(here, 'go on');
    expect(status).toBe('400');
    expect(body).toMatch(/AWS access key/);
  });
});

describe('rules', () => {
  it('refuse a service, a model and an app, each with its message', async () => {
    const here = await withPolicy(`services: [{ match: anthropic, mode: block, message: Use the other one. }]
models: [{ match: "gpt-4*", action: block, message: Use a smaller model. }]
`);
    const refused = await chat(here, 'hi');
    expect(refused.status).toBe('400');
    expect(refused.body).toContain('Use a smaller model.');
    expect((await chat(here, 'hi', { model: 'o5-mini' })).status).toBe('200');
    const anthropic = await runClient(
      'curl',
      [
        '-sS',
        '--proxy',
        here.ready.proxy,
        '--cacert',
        here.ready.ca,
        '-d',
        '{}',
        'https://api.anthropic.com/v1/messages',
      ],
      { env: cleanEnvironment(), timeoutMs: 10_000 },
    );
    expect(JSON.parse(anthropic.stdout)).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error' },
    });
    expect(anthropic.stdout).toContain('Use the other one.');
    expect(here.provider.received).toHaveLength(1);
  });

  it('that want a gateway refuse, and status says why', async () => {
    const here = await withPolicy('services: [{ match: openai, mode: gateway }]\n');
    expect((await chat(here, 'hi')).body).toContain("company's gateway");
    expect(here.provider.received).toHaveLength(0);
    expect((await here.postern(['status'])).stdout).toMatch(/gateway/);
  });

  it('in shadow mode record and let pass', async () => {
    const here = await withPolicy(
      'rollout: { shadow: true }\nguardrails: [{ id: x, detect: secrets, action: block }]\n',
    );
    expect((await chat(here, liveLookingAwsKey(25))).status).toBe('200');
    // Records are written a moment after the answer.
    await vi.waitFor(async () => {
      const exported = await here.postern(['audit', 'export']);
      expect(exported.stdout).toMatch(/"decision":"block".*"effective":"allow"/);
    }, 10_000);
  });
});

describe('a rule on trial', () => {
  it('is told from those in force in the record, by explain and by audit tail', async () => {
    const here = await withPolicy(`guardrails:
  - { id: old, detect: secrets, action: warn }
  - { id: new, detect: secrets, action: block, shadow: true, message: Renew it. }
  - { id: answers, detect: secrets, action: block, on: [response] }
`);
    expect((await chat(here, liveLookingAwsKey(26))).status).toBe('200');
    // Records are written a moment after the answer.
    const record = await vi.waitFor(
      async () => {
        const tail = await here.postern(['audit', 'tail', '--json']);
        const records = JSON.parse(tail.stdout) as { id: string; effective?: string; rules?: unknown }[];
        const found = records.find(({ effective }) => effective === 'warn');
        expect(found).toBeDefined();
        return found;
      },
      { timeout: 10_000, interval: 100 },
    );
    expect(record).toMatchObject({
      decision: 'block',
      rules: [
        { rule: 'old', action: 'warn' },
        { rule: 'new', action: 'block', shadow: true },
      ],
    });
    expect(JSON.stringify(record?.rules).match(/shadow/g)).toHaveLength(1);

    const told = await here.postern(['explain', record?.id ?? '']);
    expect(told.stdout).toMatch(/^warn \(the policy says block; the rule for it is on trial\)/);
    expect(told.stdout).toMatch(/block new \(on trial\) {2}The rule "new" found/);
    expect(told.stdout).toMatch(/warn old {2}The rule "old" noticed/);
    expect((await here.postern(['audit', 'export', '--format', 'csv'])).stdout).toContain(
      'old=warn new=block(trial)',
    );
    expect(await here.postern(['audit', 'verify'])).toMatchObject({ code: 0 });

    // Every guardrail's part, before anything is sent.
    const stdin = JSON.stringify({ messages: [{ role: 'user', content: liveLookingAwsKey(27) }] });
    const asked = ['explain', 'https://api.openai.com/v1/chat/completions', '--body', '-'];
    const planned = (await here.postern(asked, { stdin })).stdout;
    expect(planned).toMatch(/● old {2}The rule "old" noticed/);
    expect(planned).toMatch(/● new \(on trial\) {2}The rule "new" found/);
    expect(planned).toMatch(/○ answers {2}It is about answers/);
    const json = JSON.parse((await here.postern([...asked, '--json'], { stdin })).stdout) as {
      reasons: { rule: string; shadow?: true }[];
      trace: { rule: string; shadow?: true }[];
    };
    for (const list of [json.reasons, json.trace])
      expect(list.filter(({ shadow }) => shadow).map(({ rule }) => rule)).toEqual(['new']);
  });
});

describe('a changed policy', () => {
  it('is live at once; a bad one is refused and the last good one stays', async () => {
    const here = await withPolicy('models: [{ match: "x*", action: block }]\n');
    const file = here.policyFile ?? '';
    const until = async (wanted: string): Promise<void> => {
      for (let attempt = 0; attempt < 100; attempt += 1) {
        if ((await chat(here, 'hi')).status === wanted) return;
        await sleep(50);
      }
      throw new Error(`never saw ${wanted}`);
    };
    await until('200');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"x*"', '"gpt*"'));
    await until('400');
    writeFileSync(file, 'postern: 1\nname: broken\nguardrals: []\n');
    await sleep(1000);
    const status = await here.postern(['status']);
    expect(status.stdout).toMatch(/refused/);
    expect((await chat(here, 'hi')).status).toBe('400');
  });
});

describe('text', () => {
  it('is kept only where the policy says so', async () => {
    const here = await withPolicy(
      'privacy: { content: blocked }\nmodels: [{ match: "gpt*", action: block }]\n',
    );
    await chat(here, 'kept because it was refused');
    await chat(here, 'not kept because it passed', { model: 'o5' });
    await here.postern(['audit', 'verify']);
    const kept =
      readFileSync(`${here.home}/postern.db-wal`, 'latin1') +
      readFileSync(`${here.home}/postern.db`, 'latin1');
    expect(kept).toContain('kept because it was refused');
    expect(kept).not.toContain('not kept because it passed');
  });
});
