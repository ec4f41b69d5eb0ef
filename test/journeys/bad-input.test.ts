/**
 * Hostile and broken input at the real agent. Each kind has a defined answer and leaves its mark in record or status;
 * none stops the agent, and none gets past a rule with `action: block` and `onFailure: block`.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AgentStatus } from '../../agent/src/serve/contract.ts';
import { zipOf } from '../kit/archives.ts';
import { startCheckService } from '../kit/check-service.ts';
import { runClient } from '../kit/clients.ts';
import {
  cleanEnvironment,
  liveLookingAwsKey,
  type Office,
  type OfficeOptions,
  openOffice,
} from '../kit/office.ts';

const URL_OF_CHAT = 'https://api.openai.com/v1/chat/completions';
const KEY = liveLookingAwsKey(61);
const MIB = 1024 * 1024;

const POLICY = `postern: 1
name: hostile
guardrails:
  - { id: keys, detect: secrets, minConfidence: high, action: block, onFailure: block }
  - { id: strict-when, detect: keyword, terms: [falcon], action: block, onFailure: block, when: 'request.tools[3] == "x"' }
  - { id: lenient-when, detect: keyword, terms: [osprey], action: warn, onFailure: warn, when: 'request.tools[3] == "x"' }
`;

interface AuditRecord {
  readonly id: string;
  readonly effective?: string;
  readonly rules?: readonly { readonly rule: string; readonly action: string; readonly text: string }[];
}

const chat = (content: string): string =>
  JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content }] });

let latestId = '';

async function send(here: Office, body: string | Uint8Array, headers: readonly string[] = []) {
  const file = path.join(here.folder, 'body');
  writeFileSync(file, body);
  const args = [
    '-sS',
    '--max-time',
    '60',
    '-w',
    '\n%{http_code} %header{x-postern-decision}',
    '--proxy',
    here.ready.proxy,
    '--cacert',
    here.ready.ca,
  ];
  const lines = ['content-type: application/json', 'expect:', ...headers].flatMap((line) => ['-H', line]);
  const ran = await runClient('curl', [...args, ...lines, '--data-binary', `@${file}`, URL_OF_CHAT], {
    env: cleanEnvironment(),
    timeoutMs: 70_000,
  });
  const end = ran.stdout.lastIndexOf('\n');
  const [status = '', id = ''] = ran.stdout.slice(end + 1).split(' ');
  latestId = id;
  return { status, text: ran.stdout.slice(0, end) };
}

const statusOf = async (here: Office): Promise<AgentStatus> =>
  JSON.parse((await here.postern(['status', '--json'])).stdout) as AgentStatus;

/** The record of the latest call; records are written a moment after the answer. */
function recordOfIt(here: Office): Promise<AuditRecord | undefined> {
  return vi.waitFor(
    async () => {
      const { stdout } = await here.postern(['audit', 'tail', '--json']);
      const record = (JSON.parse(stdout) as AuditRecord[]).find(({ id }) => id === latestId);
      expect(record, latestId).toBeDefined();
      return record;
    },
    { timeout: 10_000, interval: 100 },
  );
}

/** The agent that was started is the one that answers, and it still lets through and stops what it should. */
async function isWell(here: Office): Promise<void> {
  expect((await statusOf(here)).process.pid).toBe(here.agent.pid);
  expect((await send(here, chat('hi'))).status).toBe('200');
  expect((await send(here, chat(`use ${KEY}`))).text).toContain('AWS access key');
  expect(here.provider.transcript()).not.toContain(KEY);
  expect(await here.postern(['audit', 'verify'])).toMatchObject({ code: 0 });
}

let office: Office;

describe('a request that is', () => {
  beforeAll(async () => {
    office = await openOffice({ policy: POLICY });
  });
  afterEach(() => isWell(office));
  afterAll(() => office.stop());

  it('about 64 MB large, with a key at its end: searched, and refused', async () => {
    const room = 64 * MIB - chat(` ${KEY}`).length;
    const refused = await send(office, chat(`${'lorem ipsum '.repeat(room / 12)} ${KEY}`));
    expect(refused).toMatchObject({ status: '400', text: expect.stringContaining('AWS access key') });
    expect(await recordOfIt(office)).toMatchObject({ effective: 'block', rules: [{ rule: 'keys' }] });
  }, 90_000);

  it('larger than 64 MB: refused as that, without being read', async () => {
    const refused = await send(office, chat('x'.repeat(64 * MIB)));
    expect(refused.text).toContain('larger than the agent can check');
    expect(await recordOfIt(office)).toMatchObject({
      effective: 'block',
      rules: [{ rule: 'failure.oversizedRequest', action: 'block' }],
    });
  }, 90_000);

  it.each([
    [9_900, 'AWS access key', 'keys'],
    [10_100, 'larger than the agent can check', 'failure.oversizedRequest'],
  ])('nested %d levels deep', async (levels, words, rule) => {
    const deep = `${'['.repeat(levels)}"use ${KEY}"${']'.repeat(levels)}`;
    // Past a megabyte nesting is told before anything is parsed; below it JSON.parse copes.
    const padding = ' '.repeat(MIB);
    const body = `{"model":"gpt-4o-mini","deep":${deep},${padding}"messages":[{"role":"user","content":"hi"}]}`;
    const refused = await send(office, body);
    expect(refused).toMatchObject({ status: '400', text: expect.stringContaining(words) });
    expect((await recordOfIt(office))?.rules?.map((each) => each.rule)).toContain(rule);
  });

  it.each([
    [
      'no UTF-8',
      Buffer.concat([
        Buffer.from(chat('hi').slice(0, -4)),
        Buffer.from([0xff, 0xc3, 0x28, 0xed, 0xa0]),
        Buffer.from(` ${KEY}${chat('').slice(-4)}`),
      ]),
    ],
    ['UTF-16', Buffer.from(chat(`use ${KEY}`), 'utf16le')],
    [
      'noise and a key',
      Buffer.concat([Buffer.from([0, 0xfe, 1, 0x80]), Buffer.from(` ${KEY} `), Buffer.from([0xff])]),
    ],
  ])('%s: searched all the same', async (_, body) => {
    expect((await send(office, body)).text).toContain('AWS access key');
    expect(await recordOfIt(office)).toMatchObject({ effective: 'block' });
  });

  it.each([
    ['gzip', zlib.gzipSync(Buffer.alloc(300 * MIB))],
    [
      'br',
      zlib.brotliCompressSync(Buffer.alloc(300 * MIB), {
        params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 },
      }),
    ],
  ])('a bomb in %s: refused as too large', async (coding, bomb) => {
    expect(bomb.length).toBeLessThan(MIB);
    const refused = await send(office, bomb, [`content-encoding: ${coding}`]);
    expect(refused.text).toContain('larger than the agent can check');
    expect(await recordOfIt(office)).toMatchObject({ rules: [{ rule: 'failure.oversizedRequest' }] });
  });

  it.each([
    ['nested', zipOf([{ name: 'in.zip', data: zipOf([{ name: 'zeros', data: Buffer.alloc(200 * MIB) }]) }])],
    ['flat', zipOf([{ name: 'zeros', data: Buffer.alloc(200 * MIB) }])],
    ['lying about its size', zipOf([{ name: 'zeros', data: Buffer.alloc(200 * MIB), claimedSize: 10 }])],
  ])('an attached zip bomb, %s: what can not be opened does not pass', async (_, bomb) => {
    const file = { filename: 'a.zip', file_data: `data:application/zip;base64,${bomb.toString('base64')}` };
    const content = [{ type: 'file', file }];
    const refused = await send(
      office,
      JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content }] }),
    );
    expect(refused).toMatchObject({ status: '400', text: expect.stringContaining('keys') });
    expect((await recordOfIt(office))?.rules?.[0]).toMatchObject({ rule: 'keys', action: 'block' });
  });

  it("met by a condition that fails: the rule's onFailure decides, and the record says why", async () => {
    const refused = await send(office, chat('about falcon'));
    expect(refused.text).toMatch(/condition of the rule .*strict-when.* can't be evaluated/);
    expect((await send(office, chat('about osprey'))).status).toBe('200');
    expect(await recordOfIt(office)).toMatchObject({
      effective: 'warn',
      rules: [{ rule: 'lenient-when', action: 'warn', text: expect.stringContaining("can't be evaluated") }],
    });
  });

  it('counted, each of them', async () => {
    const before = (await statusOf(office)).counters.decisions.block;
    await send(office, Buffer.concat([Buffer.from([0xff]), Buffer.from(` ${KEY} `)]));
    const { decisions, failures } = (await statusOf(office)).counters;
    expect(decisions.block).toBe(before + 1);
    // Those of the tests above: whatever could not be checked left its mark.
    expect(failures['failure.oversizedRequest']).toBeGreaterThan(0);
    expect(failures['failure.unreadableRequest']).toBeGreaterThan(0);
  });
});

describe('a pushed policy', () => {
  const withDictionary = (file: string): string =>
    `${POLICY}  - { id: names, detect: keyword, dictionary: ${file}, action: block }\n`;

  it.each<[string, (folder: string) => string, RegExp]>([
    [
      'with an expression that does not compile',
      () => `${POLICY}  - { id: words, detect: pattern, patterns: ['(?<=x)falcon', 'a(b'], action: block }\n`,
      /guardrails\[3\]\.patterns\[0\]/,
    ],
    [
      'with a dictionary in another encoding',
      (folder) => {
        writeFileSync(path.join(folder, 'names.txt'), Buffer.from('Müller\nJürgen\n', 'latin1'));
        return withDictionary('names.txt');
      },
      /names\.txt, line 1: this isn't UTF-8 text/,
    ],
    [
      'with a dictionary in UTF-16',
      (folder) => {
        writeFileSync(path.join(folder, 'names.txt'), Buffer.from('\ufeffMüller\n', 'utf16le'));
        return withDictionary('names.txt');
      },
      /names\.txt/,
    ],
    [
      'with a condition that does not compile',
      () => POLICY.replace('request.tools[3]', 'request.toolz'),
      /guardrails\[1\]\.when/,
    ],
  ])('%s is refused whole; the one before stays in force', async (_, write, told) => {
    const here = await openOffice({ policy: POLICY });
    try {
      const file = here.policyFile ?? '';
      writeFileSync(file, write(here.folder));
      await vi.waitFor(async () => expect((await statusOf(here)).policy.lastError).toBeDefined(), {
        timeout: 15_000,
        interval: 100,
      });
      const status = await here.postern(['status']);
      expect(status.stdout).toContain('A newer policy was refused; the one before is still in force.');
      expect(status.stdout).toMatch(told);
      expect(await here.postern(['policy', 'check', file])).toMatchObject({
        code: 1,
        stdout: expect.stringMatching(told),
      });
      await isWell(here);
    } finally {
      await here.stop();
    }
  });
});

describe('a remote check that hangs', () => {
  it('counts as failed at its deadline, and then at once', async () => {
    const service = await startCheckService(() => undefined);
    const policy = `postern: 1
name: hanging
guardrails:
  - { id: outside, detect: remote, provider: webhook, url: "${service.url}/check", credentials: { file: hook.key }, timeoutMs: 100, action: block, onFailure: block }
`;
    const here = await openOffice({ policy });
    try {
      mkdirSync(path.join(here.home, 'credentials'), { mode: 0o700 });
      writeFileSync(path.join(here.home, 'credentials', 'hook.key'), 'hook-secret', { mode: 0o600 });
      for (let attempt = 0; attempt < 7; attempt += 1) {
        const refused = await send(here, chat(`question ${attempt}`));
        expect(refused).toMatchObject({
          status: '400',
          text: expect.stringContaining("couldn't search this"),
        });
      }
      // Five failures in a row, and it is left alone for a while.
      expect(service.asked).toHaveLength(5);
      expect(here.provider.received).toHaveLength(0);
      expect(await recordOfIt(here)).toMatchObject({ effective: 'block', rules: [{ rule: 'outside' }] });
      const relaxed = policy.replace('onFailure: block', 'onFailure: warn');
      writeFileSync(here.policyFile ?? '', relaxed);
      await vi.waitFor(
        async () => expect((await send(here, chat('an ordinary question'))).status).toBe('200'),
        {
          timeout: 15_000,
          interval: 200,
        },
      );
      expect(await recordOfIt(here)).toMatchObject({
        effective: 'warn',
        rules: [{ rule: 'outside', action: 'warn' }],
      });
      expect((await statusOf(here)).process.pid).toBe(here.agent.pid);
    } finally {
      await here.stop();
      await service.close();
    }
  });
});

describe('a clock that is set back', () => {
  const DAY_MS = 86_400_000;

  async function withClock(options: OfficeOptions): Promise<{ here: Office; set(offsetMs: number): void }> {
    const clock = path.join(import.meta.dirname, '..', 'kit', 'shifted-clock.mjs');
    let set: (offsetMs: number) => void = () => undefined;
    const here = await openOffice({
      ...options,
      prepare: (folder) => {
        const file = path.join(folder, 'clock');
        set = (offsetMs) => writeFileSync(file, String(offsetMs));
        set(0);
        return { env: { POSTERN_TEST_CLOCK: file }, nodeFlags: ['--import', clock] };
      },
    });
    return { here, set };
  }

  it('stops nothing, loses nothing, and gives no exception more time', async () => {
    const { here, set } = await withClock({
      policy: `${POLICY}  - { id: ask, detect: keyword, terms: [heron], action: justify, justifyMinutes: 30 }\n`,
    });
    try {
      const refused = await send(here, chat('about heron'));
      const code = /postern justify (\S+) --reason/.exec(refused.text)?.[1] ?? '';
      expect(await here.postern(['justify', code, '--reason', 'a bird'])).toMatchObject({ code: 0 });
      expect((await send(here, chat('about heron'))).status).toBe('200');

      set(-DAY_MS);
      expect((await send(here, chat('about heron'))).text).toContain('postern justify');
      const last = await recordOfIt(here);
      expect(last).toMatchObject({ effective: 'justify' });
      await isWell(here);

      set(DAY_MS);
      expect((await send(here, chat('about heron'))).text).toContain('postern justify');
      await isWell(here);
      set(-20 * DAY_MS);
      await isWell(here);
      // Nothing that was recorded has gone.
      const log = (await here.postern(['audit', 'export'])).stdout;
      expect(log.match(/"kind":"exchange"/g)?.length).toBeGreaterThanOrEqual(10);
      expect(log).toContain('exception-granted');
      expect(readFileSync(path.join(here.home, 'exceptions.json'), 'utf8')).toContain('a bird');
    } finally {
      await here.stop();
    }
  });
});
