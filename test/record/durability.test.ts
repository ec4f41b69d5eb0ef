import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readAudit } from '../../agent/src/record/audit/read.ts';
import { verifyAudit } from '../../agent/src/record/audit/verify.ts';
import { sampleExchange } from '../kit/sample-records.ts';
import { openTestRecords, temporaryHome } from './support.ts';

/** 30 in every test run; the promise is 1,000: POSTERN_KILLS=1000. */
const KILLS = Number(process.env['POSTERN_KILLS'] ?? 30);

const KILLED_WRITER = new URL('./killed-writer.ts', import.meta.url);

/** Starts a writer, kills it after a random while, and returns what it had said was on disk. */
function runAndKill(file: string, run: number): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fileURLToPath(KILLED_WRITER), file, String(run)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    let complaints = '';
    let armed = false;
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (armed) return;
      armed = true;
      setTimeout(() => child.kill('SIGKILL'), Math.random() * 60);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      complaints += chunk.toString();
    });
    child.on('close', (_, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`the writer ended by itself: ${complaints}`));
      // A last line without its end was not said completely.
      else resolve(said.split('\n').slice(1, -1));
    });
  });
}

describe('durability', () => {
  it(`${KILLS} SIGKILLs lose no acknowledged record, and the log is proved after each`, {
    timeout: KILLS * 4_000,
  }, async () => {
    const { file } = temporaryHome();
    const acknowledged: string[] = [];
    for (let run = 0; run < KILLS; run++) {
      acknowledged.push(...(await runAndKill(file, run)));
      const { ok, problems } = verifyAudit(file);
      expect(problems).toEqual([]);
      expect(ok).toBe(true);
    }
    const ids = new Set([...readAudit(file)].map(({ body }) => body.id));
    expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
    // On a busy machine some writers are killed before their first word.
    expect(acknowledged.length).toBeGreaterThan(KILLS / 3);
  });

  it('is asked of SQLite with the settings that survived the power-loss model', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    // Read back from the writing connection itself. 2 is FULL, 1 is ON, 2 is MEMORY.
    expect(records.health().durability).toEqual({
      journalMode: 'wal',
      synchronous: 2,
      secureDelete: 1,
      fullFsync: 1,
      tempStore: 2,
    });
    await records.close();
  });

  it('flush comes back only once another process can read the records', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    for (let i = 0; i < 250; i++) records.exchange(sampleExchange(i));
    await records.flush();
    expect([...readAudit(file)]).toHaveLength(250);
    await records.close();
  });

  it('records are committed without a flush too', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    records.exchange(sampleExchange(1));
    await expect.poll(() => [...readAudit(file)].length).toBe(1);
    await records.close();
  });

  it('two processes on one database don’t fork the chain', { timeout: 60_000 }, async () => {
    const { file } = temporaryHome();
    const [a, b] = [await openTestRecords(file), await openTestRecords(file)];
    for (let i = 0; i < 20; i++) {
      a.exchange(sampleExchange(i, { id: `a-${i}` }));
      b.exchange(sampleExchange(i, { id: `b-${i}` }));
      await Promise.all([a.flush(), b.flush()]);
    }
    await a.close();
    await b.close();
    expect(verifyAudit(file)).toMatchObject({ records: 40, problems: [] });
  });
});
