import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { readAudit } from '../../agent/src/record/audit/read.ts';
import { verifyAudit } from '../../agent/src/record/audit/verify.ts';
import { sampleEvent, sampleExchange } from '../kit/sample-records.ts';
import { openTestRecords, temporaryHome } from './support.ts';

const bodies = (file: string) => [...readAudit(file)].map(({ body }) => body);
const FILLER = 'x'.repeat(20_000);

describe('a full disk (the database at its size limit)', () => {
  it('refuses flush and says so, and leaves what is there provable', async () => {
    const { file } = temporaryHome();
    const logged: string[] = [];
    const full = await openTestRecords(file, {
      maxBytes: 200_000,
      log: (level, message) => logged.push(`${level}: ${message}`),
    });
    full.exchange(sampleExchange(0));
    await full.flush();
    full.event(sampleEvent(1, { id: 'too-much', detail: FILLER.repeat(20) }));
    await expect(full.flush()).rejects.toMatchObject({ code: 'disk-full' });
    expect(full.health()).toMatchObject({
      state: 'disk-full',
      problem: expect.stringContaining('free some disk space'),
    });
    expect(logged.join()).toMatch(/error: .*no room/);
    await full.close();
    expect(verifyAudit(file)).toMatchObject({ ok: true, records: 1 });
  });

  it('sheds allowed calls only, and says how many', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file, { maxBytes: 150_000, maxQueuedChars: 40_000 });
    const block = { effective: 'block', decision: 'block' } as const;
    // Fill the file to its limit.
    let filled = 0;
    for (; records.health().state === 'ok' && filled < 500; filled++) {
      records.exchange(sampleExchange(filled));
      await records.flush().catch(() => undefined);
    }
    expect(records.health().state).toBe('disk-full');
    const before = records.health();
    for (let i = 0; i < 200; i++) records.exchange(sampleExchange(1_000 + i));
    for (let i = 0; i < 10; i++)
      records.exchange(sampleExchange(2_000 + i, { ...block, id: `blocked-${i}` }));
    records.event(sampleEvent(3_000, { id: 'policy-event' }));
    const health = records.health();
    expect(health.dropped).toBeGreaterThan(100);
    expect(health.queued).toBeLessThan(before.queued + 211);

    await records.close();

    // With more room the next run writes on, and the log is whole.
    const reopened = await openTestRecords(file);
    reopened.exchange(sampleExchange(9_000, { id: 'later' }));
    await reopened.flush();
    await reopened.close();
    expect(bodies(file).at(-1)?.id).toBe('later');
    expect(verifyAudit(file).problems).toEqual([]);
  });
});

/** A file system of 2 MB that the test may fill; undefined where this user may not mount one. */
function smallFileSystem(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const { directory } = temporaryHome();
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', directory], { stdio: 'ignore' });
  } catch {
    // A container without the right: the test is reported as skipped.
    return undefined;
  }
  onTestFinished(() => void execFileSync('/bin/umount', ['-l', directory]));
  return directory;
}

describe('a really full file system', () => {
  it('loses no block and no event, and recovers by itself once there is room', {
    timeout: 60_000,
  }, async ({ skip }) => {
    const root = smallFileSystem();
    if (root === undefined) return skip('needs root on Linux to mount a small tmpfs');
    const home = join(root, 'home');
    const file = join(home, 'postern.db');
    const records = await openTestRecords(file, { maxQueuedChars: 40_000 });
    records.exchange(sampleExchange(1, { id: 'before' }));
    await records.flush();

    const filler = join(root, 'filler');
    fillUp(filler);
    const acknowledged: string[] = ['before'];
    for (let i = 0; records.health().state === 'ok' && i < 300; i++) {
      const id = `while-filling-${i}`;
      records.exchange(sampleExchange(i, { id, effective: 'block' }));
      await records.flush().then(
        () => acknowledged.push(id),
        () => undefined,
      );
    }
    expect(records.health().state).toBe('disk-full');
    for (let i = 0; i < 300; i++) records.exchange(sampleExchange(i, { id: `allowed-${i}` }));
    for (let i = 0; i < 5; i++)
      records.exchange(sampleExchange(i, { id: `blocked-${i}`, effective: 'block' }));
    records.event(sampleEvent(1, { id: 'configuration' }));
    const dropped = records.health().dropped;
    expect(dropped).toBeGreaterThan(200);

    rmSync(filler);
    await records.flush();
    expect(records.health()).toMatchObject({ state: 'ok', problem: undefined, queued: 0 });
    await records.close();

    const log = bodies(file);
    const ids = new Set(log.map(({ id }) => id));
    const wanted = [...acknowledged, 'configuration', ...[0, 1, 2, 3, 4].map((i) => `blocked-${i}`)];
    expect(wanted.filter((id) => !ids.has(id))).toEqual([]);
    const drops = log.filter((body) => body.kind === 'dropped');
    expect(drops.reduce((sum, body) => sum + body.count, 0)).toBe(dropped);
    expect(drops[0]?.byEffective).toEqual({ allow: dropped });
    expect(verifyAudit(file).problems).toEqual([]);
  });
});

function fillUp(file: string): void {
  let text = '';
  for (;;) {
    text += 'x'.repeat(16_384);
    try {
      writeFileSync(file, text);
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' });
      return;
    }
  }
}

describe('a damaged database', () => {
  const garbage = (file: string, from: number, length: number) => {
    const bytes = readFileSync(file);
    bytes.fill(0xa5, from, Math.min(from + length, bytes.length));
    writeFileSync(file, bytes);
  };
  async function damaged(from: number, length: number) {
    const home = temporaryHome();
    const records = await openTestRecords(home.file);
    for (let i = 0; i < 300; i++) records.exchange(sampleExchange(i));
    await records.close();
    garbage(home.file, from, length);
    return home;
  }

  it.each([
    ['its header', 0, 100],
    ['its middle', 60_000, 40_000],
  ])('(%s) is set aside with its witnesses, and a new one says so', async (_, from, length) => {
    const { directory, file } = await damaged(from, length);
    const logged: string[] = [];
    const records = await openTestRecords(file, {
      log: (level, message) => logged.push(`${level}: ${message}`),
    });
    records.exchange(sampleExchange(1));
    await records.flush();
    const { setAside } = records.health();
    expect(setAside).toBe(`${file}.corrupt-20261123T120000Z`);
    expect(statSync(setAside ?? '').size).toBeGreaterThan(100_000);
    expect(existsSync(`${setAside}.head`)).toBe(true);
    expect(logged.join()).toContain('set aside');
    await records.close();
    expect(bodies(file)).toMatchObject([
      { code: 'database-replaced', detail: expect.stringContaining(setAside ?? '?') },
      { kind: 'exchange' },
    ]);
    expect(verifyAudit(file)).toMatchObject({ ok: true, records: 2 });
    expect(readdirSync(directory).filter((name) => name.includes('corrupt'))).toHaveLength(2);
  });

  it('twice in one second does not overwrite the first', async () => {
    const { file } = await damaged(0, 100);
    await (await openTestRecords(file)).close();
    garbage(file, 0, 100);
    const again = await openTestRecords(file);
    expect(again.health().setAside).toBe(`${file}.corrupt-20261123T120000Z-2`);
    await again.close();
  });

  it('under a running agent is replaced without losing what is handed over then', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    for (let i = 0; i < 6_000; i++) records.exchange(sampleExchange(i));
    await records.flush();
    // File and write-ahead log both: whichever page is read next and not in memory is damaged.
    for (const path of [file, `${file}-wal`]) garbage(path, 0, 80_000_000);
    for (let i = 0; i < 5_000 && records.health().setAside === undefined; i++) {
      // Ids among the old ones, so that their index pages are needed.
      records.exchange(sampleExchange(i, { id: `exchange-${(i * 37) % 6_000}-again` }));
      if (i % 100 === 99) await records.flush().catch(() => undefined);
    }
    expect(records.health().setAside).toBeDefined();
    records.event(sampleEvent(1, { id: 'last' }));
    await records.flush();
    await records.close();
    expect(bodies(file).map(({ id }) => id)).toContain('last');
    expect(verifyAudit(file).problems).toEqual([]);
  });
});

describe('a writer thread that dies', () => {
  it('is replaced; nothing handed over is lost or written twice', async () => {
    const { file } = temporaryHome();
    const threads = new Set<Worker>();
    const original = Worker.prototype.postMessage;
    const spy = vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (
      this: Worker,
      message,
    ) {
      threads.add(this);
      return original.call(this, message);
    });
    onTestFinished(() => spy.mockRestore());
    const records = await openTestRecords(file);
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 150; i++) records.exchange(sampleExchange(i, { id: `${round}-${i}` }));
      // With a batch of a hundred under way, committed or not.
      await Promise.all([...threads].map((thread) => thread.terminate()));
      threads.clear();
    }
    await records.flush();
    expect(records.health()).toMatchObject({ state: 'ok', queued: 0, dropped: 0 });
    await records.close();
    const ids = bodies(file).map(({ id }) => id);
    expect(ids).toHaveLength(600);
    expect(new Set(ids).size).toBe(600);
    expect(verifyAudit(file).problems).toEqual([]);
  });
});
