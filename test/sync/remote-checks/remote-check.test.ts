import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DetectorError } from '../../../agent/src/core/finding.ts';
import type { RemoteText } from '../../../agent/src/core/remote.ts';
import { sendToLoopback } from '../../../agent/src/sync/loopback-http.ts';
import { createRemoteChecks } from '../../../agent/src/sync/remote-checks/remote-checks.ts';
import { type Answer, type CheckService, startCheckService } from '../../kit/check-service.ts';
import { remoteRule } from './rule.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'postern-check-'));
const services: CheckService[] = [];
let nowMs = 1_000;

beforeAll(() => writeFileSync(path.join(directory, 'hook.key'), 'hook-secret\n', { mode: 0o600 }));
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(async () => {
  for (const service of services.splice(0)) await service.close();
});

const textOf = (text: string): RemoteText => ({ text, kind: 'text', role: 'user' });
const NOTHING_FOUND: Answer = () => ({ findings: [] });

async function hook(answer: Answer, fields: object = {}) {
  const service = await startCheckService(answer);
  services.push(service);
  const told: string[] = [];
  const checks = createRemoteChecks({
    send: sendToLoopback,
    credentialsDirectory: directory,
    nowMs: () => nowMs,
    dateMs: () => 1_780_000_000_000,
    log: (code) => told.push(code),
  });
  const rule = remoteRule({
    provider: 'webhook',
    url: `${service.url}/check`,
    credentials: { file: 'hook.key' },
    timeoutMs: 2_000,
    ...fields,
  });
  const check = checks.checkFor(rule);
  const ask = (...texts: string[]) => check.check(texts.map(textOf), 'request');
  const codeOf = (...texts: string[]): Promise<string> =>
    ask(...texts).then(
      () => 'answered',
      (error) => (error instanceof DetectorError ? error.code : `untyped: ${error}`),
    );
  return { service, ask, codeOf, told, counters: () => checks.counters()['check'] };
}

describe('asking', () => {
  it('each text once; what was answered is remembered, however often the conversation is resent', async () => {
    const { service, ask, counters } = await hook(({ body }) => ({
      findings: (body['texts'] as RemoteText[]).flatMap(({ text }, index) =>
        text.includes('falcon')
          ? [{ text: index, kind: 'code-name', label: 'code name', start: 0, end: 6 }]
          : [],
      ),
    }));
    const match = {
      kind: 'code-name',
      label: 'code name',
      severity: 'medium',
      confidence: 'medium',
      start: 0,
      end: 6,
    };
    expect(await ask('falcon', 'hello', 'falcon')).toEqual([[match], [], [match]]);
    expect(await ask('falcon', 'hello', 'falcon', 'new')).toEqual([[match], [], [match], []]);
    expect(service.asked.map(({ body }) => (body['texts'] as RemoteText[]).map(({ text }) => text))).toEqual([
      ['falcon', 'hello'],
      ['new'],
    ]);
    expect(counters()).toMatchObject({ asked: 2, answered: 2, calls: 2, remembered: 3 });
  });

  it('forgets after an hour', async () => {
    const { service, ask } = await hook(NOTHING_FOUND);
    await ask('hello');
    nowMs += 3_600_001;
    await ask('hello');
    expect(service.asked).toHaveLength(2);
  });

  it('a sample is the same texts always, in about the share that was asked for', async () => {
    const { service, ask, counters } = await hook(NOTHING_FOUND, { samplePercent: 25 });
    const texts = Array.from({ length: 400 }, (_, index) => `text number ${index}`);
    await ask(...texts);
    const first = service.asked.flatMap(({ body }) => body['texts'] as object[]).length;
    expect(first).toBeGreaterThan(60);
    expect(first).toBeLessThan(140);
    expect(counters()?.notInSample).toBe(400 - first);
    await ask(...texts);
    expect(counters()?.remembered).toBe(first);
  });

  it('long texts are cut where a word ends, and matches are put back where they were', async () => {
    const { service, ask } = await hook(({ body }) => ({
      findings: (body['texts'] as RemoteText[]).flatMap(({ text }, index) => {
        const at = text.indexOf('needle');
        return at < 0 ? [] : [{ text: index, kind: 'needle', label: 'needle', start: at, end: at + 6 }];
      }),
    }));
    const text = `${'straw 🐴 '.repeat(8_000)}needle ${'straw '.repeat(100)}`;
    const [found] = await ask(text);
    expect(found?.map(({ start, end }) => text.slice(start, end))).toEqual(['needle']);
    expect(service.asked.length).toBeGreaterThan(1);
  });

  it('what was answered before the deadline is remembered, so that a second attempt gets further', async () => {
    const { service, codeOf } = await hook(
      ({ body }) => (String(JSON.stringify(body)).includes('slow') ? undefined : { findings: [] }),
      { timeoutMs: 150 },
    );
    const quick = 'quick '.repeat(8_000);
    expect(await codeOf(quick, 'slow '.repeat(8_000))).toBe('timeout');
    expect(await codeOf(quick)).toBe('answered');
    expect(service.asked.filter(({ text }) => text.includes('quick'))).toHaveLength(1);
  });

  it('no more text than the rule allows', async () => {
    const { service, codeOf } = await hook(NOTHING_FOUND, { maxChars: 100 });
    expect(await codeOf('x'.repeat(101))).toBe('too-much-text');
    expect(service.asked).toHaveLength(0);
  });

  it('at most so many calls at a time', async () => {
    let open = 0;
    let most = 0;
    const { ask } = await hook(
      async () => {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setTimeout(resolve, 10));
        open--;
        return { findings: [] };
      },
      { maxConcurrent: 2 },
    );
    await Promise.all(Array.from({ length: 8 }, (_, index) => ask(`text ${index}`)));
    expect(most).toBe(2);
  });
});

describe('services that misbehave', () => {
  it.each<[string, string, Answer]>([
    ['never answers', 'timeout', () => undefined],
    [
      'drips',
      'timeout',
      (_asked, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const drip = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(drip));
      },
    ],
    [
      'never ends',
      'answer-too-large',
      (_asked, response) => {
        const more = (): void => {
          if (!response.destroyed && response.write('x'.repeat(65_536))) setImmediate(more);
          else response.once('drain', more);
        };
        more();
      },
    ],
    ['breaks off', 'unreachable', (_asked, response) => void response.destroy()],
    ['fails', 'refused', (_asked, response) => void response.writeHead(500).end('{}')],
    ['refuses', 'refused', (_asked, response) => void response.writeHead(403).end('{"error":"who are you"}')],
    [
      'redirects',
      'refused',
      (_asked, response) => void response.writeHead(307, { location: 'http://127.0.0.1:9/' }).end(),
    ],
    ['answers in HTML', 'bad-answer', (_asked, response) => void response.end('<html>hello</html>')],
    ['answers something else', 'bad-answer', () => ({ results: [] })],
    [
      'finds things in texts that nobody sent',
      'bad-answer',
      () => ({ findings: [{ text: 7, kind: 'x', label: 'x' }] }),
    ],
    [
      'finds things beyond the end',
      'bad-answer',
      () => ({ findings: [{ text: 0, kind: 'x', label: 'x', start: 0, end: 99 }] }),
    ],
    [
      'writes letters into a label',
      'bad-answer',
      () => ({ findings: [{ text: 0, kind: 'x', label: 'a\u202eb' }] }),
    ],
  ])('one that %s is a failure: %s', async (_name, code, answer) => {
    const { codeOf, counters } = await hook(answer, { timeoutMs: code === 'timeout' ? 120 : 5_000 });
    expect(await codeOf('hello')).toBe(code);
    expect(counters()?.failed).toEqual({ [code]: 1 });
  });

  it('one that is gone', async () => {
    const { service, codeOf } = await hook(NOTHING_FOUND);
    await service.close();
    expect(await codeOf('hello')).toBe('unreachable');
  });

  it('a failure is not remembered, and says nothing of the text', async () => {
    const { service, ask, codeOf } = await hook((_asked, response) => void response.writeHead(500).end());
    const error = await ask('my secret').then(() => undefined, String);
    expect(error).not.toContain('my secret');
    service.answer = NOTHING_FOUND;
    expect(await codeOf('my secret')).toBe('answered');
  });

  it('a dead service is left alone for a while, then tried once', async () => {
    const { service, codeOf, told, counters } = await hook(
      (_asked, response) => void response.writeHead(503).end(),
    );
    for (let attempt = 0; attempt < 5; attempt++) expect(await codeOf(`text ${attempt}`)).toBe('refused');
    expect(await codeOf('another')).toBe('service-down');
    expect(service.asked).toHaveLength(5);
    nowMs += 10_001;
    expect(await codeOf('another')).toBe('refused');
    expect(await codeOf('another')).toBe('service-down');
    nowMs += 10_001;
    expect(await codeOf('another')).toBe('service-down');
    nowMs += 10_001;
    service.answer = NOTHING_FOUND;
    expect(await codeOf('another')).toBe('answered');
    expect(await codeOf('one more')).toBe('answered');
    expect(told).toEqual(['remote-check-down', 'remote-check-up']);
    expect(counters()).toMatchObject({ opened: 1, failed: { refused: 6, 'service-down': 3 } });
  });
});

describe('credentials', () => {
  it.each([
    ['is missing', 'nowhere.key'],
    ['others can read', 'open.key'],
    ['is empty', 'empty.key'],
  ])('a file that %s: nothing is sent', async (_name, file) => {
    writeFileSync(path.join(directory, 'open.key'), 'x', { mode: 0o644 });
    writeFileSync(path.join(directory, 'empty.key'), '', { mode: 0o600 });
    const { service, codeOf } = await hook(NOTHING_FOUND, { credentials: { file } });
    expect(await codeOf('hello')).toBe('credentials');
    expect(service.asked).toHaveLength(0);
  });

  it('by an absolute path too, and a rotated one counts at once', async () => {
    const file = path.join(directory, 'rotating.key');
    writeFileSync(file, 'first', { mode: 0o600 });
    const { service, ask } = await hook(NOTHING_FOUND, { credentials: { file } });
    await ask('one');
    writeFileSync(file, 'second');
    await ask('two');
    const [first, second] = service.asked.map(({ headers }) => headers['x-postern-signature']);
    expect(first).not.toBe(second);
  });
});
