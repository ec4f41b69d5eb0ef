import { existsSync, linkSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Cost } from '../../agent/src/core/records.ts';
import { verifyAudit } from '../../agent/src/record/audit/verify.ts';
import { openReader } from '../../agent/src/record/reader.ts';
import { SAMPLE_TIME_MS, sampleEvent, sampleExchange } from '../kit/sample-records.ts';
import { bytesIn, openTestRecords, tamper, temporaryHome } from './support.ts';

const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe('an exchange', () => {
  it('comes back as it was handed over, by its id', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    records.exchange(
      sampleExchange(1, { key: 'team-a', findings: { 'aws-access-key-id': 2 }, cause: 'reset' }),
    );
    await records.flush();
    const found = await records.findExchange('exchange-1');
    expect(found).toMatchObject({
      kind: 'exchange',
      id: 'exchange-1',
      sequence: 1,
      atMs: SAMPLE_TIME_MS + 1,
      durationMs: 840,
      key: 'team-a',
      app: { id: 'claude-code', name: 'Claude Code', identifiedBy: 'header' },
      findings: { 'aws-access-key-id': 2 },
      rules: [{ rule: 'service:anthropic', action: 'allow', text: 'The catalogue allows this service.' }],
      tokens: {
        input: 1000,
        cacheRead: 200,
        cacheWrite: 100,
        cacheWrite1h: 50,
        output: 300,
        estimated: false,
      },
      cost: { nanoUsd: 7_185_000, estimated: false, pricedAs: 'claude-sonnet-4-5' },
      policy: { name: 'baseline', revision: 'a1b2c3d4' },
    });
    expect(found).not.toHaveProperty('content');
    expect(JSON.stringify(found)).not.toContain('input_tokens');
    expect(await records.findExchange('no-such')).toBeUndefined();
    await records.close();
  });

  it('without model, usage and cost is kept too, and what isn’t known stays unknown', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    records.exchange(
      sampleExchange(1, { model: undefined, usage: undefined, cost: undefined, status: undefined }),
    );
    await records.flush();
    const found = await records.findExchange('exchange-1');
    for (const absent of ['model', 'tokens', 'cost', 'status']) expect(found).not.toHaveProperty(absent);
    await records.close();
  });

  it('that can’t be written does not hold up the others, and is counted', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    records.exchange(sampleExchange(1, { service: undefined as never }));
    records.exchange(sampleExchange(2));
    await records.flush();
    await records.close();
    expect(verifyAudit(file)).toMatchObject({ ok: true, records: 2 });
    const reader = openReader(file);
    expect(reader.listExchanges().map(({ id }) => id)).toEqual(['exchange-2']);
    expect(reader.usageReport({ by: 'app', sinceMs: 0 }).dropped.calls).toBe(1);
    reader.close();
  });

  it('keeps odd text readable and provable', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    const odd = 'nul\u0000 quote" slash\\ emoji😀 lone\ud800 line\u2028';
    records.exchange(sampleExchange(1, { model: odd, user: odd }));
    records.event(sampleEvent(2, { detail: odd }));
    await records.flush();
    await records.close();
    expect(verifyAudit(file)).toMatchObject({ ok: true, records: 2 });
  });
});

describe('text of prompts and answers', () => {
  const content = { request: 'the question', response: undefined };

  it('is kept only if the record carries it and the policy allows it', async () => {
    const { file } = temporaryHome();
    let allowed = false;
    const records = await openTestRecords(file, { contentAllowed: () => allowed });
    records.exchange(sampleExchange(1, { content }));
    allowed = true;
    records.exchange(sampleExchange(2, { content }));
    records.exchange(sampleExchange(3));
    await records.flush();
    const listed = await records.listExchanges();
    expect(listed.map((exchange) => exchange.content)).toEqual([
      undefined,
      { request: 'the question' },
      undefined,
    ]);
    await records.close();
    expect(verifyAudit(file).ok).toBe(true);
  });
});

describe('the list', () => {
  it('is newest first, in pages, and can be filtered', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    for (let i = 1; i <= 25; i++) {
      records.exchange(sampleExchange(i, i % 5 === 0 ? { effective: 'block', service: 'openai' } : {}));
    }
    records.event(sampleEvent(26));
    await records.flush();
    const first = await records.listExchanges({ limit: 10 });
    const second = await records.listExchanges({ limit: 10, before: first.at(-1)!.sequence });
    expect([...first, ...second].map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 20 }, (_, i) => 25 - i),
    );
    const blocked = await records.listExchanges({}, { effective: 'block', service: 'openai' });
    expect(blocked.map(({ id }) => id)).toEqual([25, 20, 15, 10, 5].map((i) => `exchange-${i}`));
    expect(await records.listExchanges({}, { sinceMs: SAMPLE_TIME_MS + 24 })).toHaveLength(2);
    expect(await records.listExchanges({}, { app: "x' OR 1=1 --" })).toEqual([]);
    await records.close();
  });
});

describe('the list, searched', () => {
  const app = (id: string, name: string) => ({ id, name, identifiedBy: 'header' as const });
  it('finds by app, service, host, model, rule, kind and the beginning of the id', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    records.exchange(sampleExchange(1, { app: app('codex', 'Codex CLI'), model: 'gpt-5' }));
    records.exchange(
      sampleExchange(2, {
        effective: 'block',
        reasons: [{ rule: 'no-secrets', action: 'block', text: 'A key.' }],
        findings: { 'aws-access-key-id': 1 },
      }),
    );
    records.exchange(sampleExchange(3, { host: 'api.100%.example', effective: 'justify' }));
    await records.flush();
    const ids = async (search: string) =>
      (await records.listExchanges({}, { search })).map(({ id }) => id.replace('exchange-', ''));
    expect(await ids('codex CLI')).toEqual(['1']);
    expect(await ids('GPT')).toEqual(['1']);
    expect(await ids('no-secrets')).toEqual(['2']);
    expect(await ids('aws-access')).toEqual(['2']);
    expect(await ids('exchange-3')).toEqual(['3']);
    expect(await ids('hange-3')).toEqual([]);
    expect(await ids('100%')).toEqual(['3']);
    expect(await ids('%')).toEqual(['3']);
    expect(await ids("' OR 1=1 --")).toEqual([]);
    const stopped = await records.listExchanges({}, { stopped: true });
    expect(stopped.map(({ id }) => id)).toEqual(['exchange-3', 'exchange-2']);
    expect(await records.listExchanges({}, { untilMs: SAMPLE_TIME_MS + 2 })).toHaveLength(1);
    await records.close();
  });

  it('apps are summed, the latest first', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    records.exchange(sampleExchange(1, { app: app('codex', 'Codex CLI') }));
    records.exchange(
      sampleExchange(2, { app: app('codex', 'Codex CLI'), service: 'openai', effective: 'block' }),
    );
    records.exchange(sampleExchange(3));
    await records.flush();
    expect(await records.seenApps()).toEqual([
      {
        id: 'claude-code',
        calls: 1,
        blocked: 0,
        firstAtMs: SAMPLE_TIME_MS + 3,
        lastAtMs: SAMPLE_TIME_MS + 3,
        services: [{ id: 'anthropic', mode: 'direct', calls: 1 }],
      },
      {
        id: 'codex',
        calls: 2,
        blocked: 1,
        firstAtMs: SAMPLE_TIME_MS + 1,
        lastAtMs: SAMPLE_TIME_MS + 2,
        services: expect.arrayContaining([
          { id: 'anthropic', mode: 'direct', calls: 1 },
          { id: 'openai', mode: 'direct', calls: 1 },
        ]),
      },
    ]);
    await records.close();
  });
});

describe('stored text', () => {
  it('can be deleted without a trace on disk, and the log still proves itself', async () => {
    const { directory, file } = temporaryHome();
    const records = await openTestRecords(file, { contentAllowed: () => true });
    records.exchange(sampleExchange(1, { content: { request: 'canary-7f3a', response: 'canary-7f3a' } }));
    await records.flush();
    expect(bytesIn(directory).includes('canary-7f3a')).toBe(true);
    expect(await records.deleteContents()).toBe(1);
    expect(bytesIn(directory).includes('canary-7f3a')).toBe(false);
    expect((await records.findExchange('exchange-1'))?.content).toBeUndefined();
    await records.close();
    expect(verifyAudit(file)).toMatchObject({ ok: true, records: 1 });
  });
});

describe('usage', () => {
  it('adds up by app, model, key, service, user and day, with what is estimated and what has no price', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    const cost = (nanoUsd: number, estimated = false) => ({ nanoUsd, estimated, pricedAs: 'm' }) as Cost;
    const codex = { id: 'codex', name: 'Codex', identifiedBy: 'process' } as const;
    const day = 86_400_000;
    records.exchange(sampleExchange(1, { cost: cost(5), key: 'k1' }));
    records.exchange(sampleExchange(2, { cost: cost(7, true) }));
    records.exchange(sampleExchange(3, { cost: undefined, app: codex, startedAtMs: SAMPLE_TIME_MS + day }));
    records.exchange(
      sampleExchange(4, { cost: cost(100), app: codex, usageEstimated: true, effective: 'block' }),
    );
    records.exchange(sampleExchange(5, { cost: cost(1e9), startedAtMs: 5 }));
    await records.flush();
    const report = await records.usageReport({ by: 'app', sinceMs: 1_000 });
    expect(report.rows.map((row) => [row.name, row.calls, row.nanoUsd])).toEqual([
      ['codex', 2, 100],
      ['claude-code', 2, 12],
    ]);
    expect(report.total).toMatchObject({
      calls: 4,
      blocked: 1,
      inputTokens: 4_000,
      cacheReadTokens: 800,
      cacheWriteTokens: 600,
      outputTokens: 1_200,
      nanoUsd: 112,
      estimatedNanoUsd: 107,
      unpriced: 1,
    });
    const names = async (by: 'model' | 'key' | 'service' | 'user' | 'day') =>
      (await records.usageReport({ by, sinceMs: 1_000 })).rows.map((row) => row.name);
    expect(await names('day')).toEqual(['2026-11-23', '2026-11-24']);
    expect(await names('key')).toEqual([undefined, 'k1']);
    expect(await names('model')).toEqual(['claude-sonnet-4-5']);
    expect(await names('service')).toEqual(['anthropic']);
    expect(await names('user')).toEqual(['ada']);
    const east = await records.usageReport({ by: 'day', sinceMs: 1_000, utcOffsetMinutes: 13 * 60 });
    expect(east.rows.map((row) => row.name)).toEqual(['2026-11-24', '2026-11-25']);
    await records.close();
  });

  it('sums beyond 2^53 without losing the small change', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    const cost = { nanoUsd: 2 ** 52, estimated: false, pricedAs: 'm' } as Cost;
    for (let i = 0; i < 8; i++) records.exchange(sampleExchange(i, { cost }));
    await records.flush();
    expect((await records.usageReport({ by: 'app', sinceMs: 0 })).total.nanoUsd).toBe(2 ** 55);
    await records.close();
  });

  it('of nothing is nothing', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    expect(await records.usageReport({ by: 'app', sinceMs: 0 })).toMatchObject({
      rows: [],
      total: { calls: 0, nanoUsd: 0 },
    });
    await records.close();
  });
});

describe.skipIf(process.platform === 'win32')('files', () => {
  it('are the owner’s alone, whatever they were before', async () => {
    const { directory } = temporaryHome();
    const home = join(directory, 'home');
    mkdirSync(home, { mode: 0o755 });
    writeFileSync(join(home, 'postern.db'), '', { mode: 0o666 });
    const records = await openTestRecords(join(home, 'postern.db'));
    records.exchange(sampleExchange(1));
    await records.flush();
    expect(modeOf(home)).toBe(0o700);
    expect(readdirSync(home).sort()).toEqual([
      'audit-key.pem',
      'audit-key.pub.pem',
      'postern.db',
      'postern.db-shm',
      'postern.db-wal',
      'postern.db.head',
    ]);
    for (const name of readdirSync(home)) expect([name, modeOf(join(home, name))]).toEqual([name, 0o600]);
    await records.close();
  });

  it('that are links are refused, and what they point to is not touched', async () => {
    const { directory, file } = temporaryHome();
    const elsewhere = join(directory, 'elsewhere');
    writeFileSync(elsewhere, 'precious');
    symlinkSync(elsewhere, file);
    await expect(openTestRecords(file)).rejects.toMatchObject({ code: 'unsafe-path' });
    const hard = join(directory, 'hard.db');
    linkSync(elsewhere, hard);
    await expect(openTestRecords(hard)).rejects.toMatchObject({ code: 'unsafe-path' });
    expect(statSync(elsewhere).size).toBe(8);
  });

  it('of a key that is no key is refused with its name', async () => {
    const { directory, file } = temporaryHome();
    writeFileSync(join(directory, 'audit-key.pem'), 'nonsense', { mode: 0o600 });
    await expect(openTestRecords(file)).rejects.toMatchObject({ code: 'bad-key', message: /audit-key\.pem/ });
  });
});

describe('a database', () => {
  it('of a newer Postern is refused and left alone', async () => {
    const { file } = temporaryHome();
    await (await openTestRecords(file)).close();
    tamper(file, (database) => database.pragma('user_version = 99'));
    await expect(openTestRecords(file)).rejects.toMatchObject({ code: 'newer-database' });
    tamper(file, (database) => expect(database.pragma('user_version', { simple: true })).toBe(99));
  });

  it('closed is closed: late records are reported, flush says so, closing again is nothing', async () => {
    const { file } = temporaryHome();
    const logged: string[] = [];
    const records = await openTestRecords(file, { log: (_, message) => logged.push(message) });
    await records.close();
    records.exchange(sampleExchange(1));
    expect(logged).toEqual(['A record came after the end and was not kept: exchange exchange-1']);
    await expect(records.flush()).rejects.toMatchObject({ code: 'closed' });
    await records.close();
    expect(records.health().state).toBe('closed');
    expect(existsSync(`${file}-wal`)).toBe(false);
  });
});
