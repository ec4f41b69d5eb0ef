import { generateKeyPairSync, sign } from 'node:crypto';
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../agent/src/record/audit/canonical.ts';
import {
  CHAIN_START,
  type ChainState,
  type SignedRow,
  statementOf,
} from '../../../agent/src/record/audit/heads.ts';
import { appendLeaf, leafHash, packPeaks, treeRoot } from '../../../agent/src/record/audit/merkle.ts';
import { keyIdOf } from '../../../agent/src/record/audit/signing.ts';
import { verifyAudit } from '../../../agent/src/record/audit/verify.ts';
import { sampleEvent, sampleExchange } from '../../kit/sample-records.ts';
import { openTestRecords, tamper, temporaryHome } from '../support.ts';

/** Twelve records in three batches, then closed: heads at 4, 8 and 12. */
async function writeLog(file: string, batches = 3, user = 'ada'): Promise<void> {
  const records = await openTestRecords(file);
  for (let batch = 0; batch < batches; batch++) {
    for (let i = 0; i < 3; i++) records.exchange(sampleExchange(batch * 4 + i, { user }));
    records.event(sampleEvent(batch * 4 + 3));
    await records.flush();
  }
  await records.close();
}

let template: string;
let home: ReturnType<typeof temporaryHome>;

beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'postern-log-'));
  await writeLog(join(template, 'postern.db'));
});
afterAll(() => rmSync(template, { recursive: true, force: true }));
beforeEach(() => {
  home = temporaryHome();
  cpSync(template, home.directory, { recursive: true });
});

describe('a log that nobody touched', () => {
  it('is proved, with its newest head', () => {
    expect(verifyAudit(home.file)).toMatchObject({
      ok: true,
      records: 12,
      pruned: 0,
      firstBadSequence: undefined,
      problems: [],
      head: { size: 12 },
    });
  });

  it('is proved when it goes on in a later run', async () => {
    await writeLog(home.file);
    expect(verifyAudit(home.file)).toMatchObject({ ok: true, records: 24 });
  });

  it('contains every earlier head that was kept elsewhere', async () => {
    const { head } = verifyAudit(home.file);
    await writeLog(home.file);
    expect(verifyAudit(home.file, { expectedHeads: [head!] }).ok).toBe(true);
  });

  it('is proved while an agent is writing to it', async () => {
    const records = await openTestRecords(home.file);
    for (let i = 0; i < 20; i++) {
      records.exchange(sampleExchange(100 + i));
      await records.flush();
      expect(verifyAudit(home.file)).toMatchObject({ ok: true, records: 13 + i });
    }
  });
});

/** Rewrites body and hash of every record from here on, so that the chain itself holds again. */
function rechain(database: Database): ChainState {
  let state: ChainState = CHAIN_START;
  const rows = database.prepare('SELECT sequence, body FROM audit ORDER BY sequence').all() as {
    sequence: number;
    body: string;
  }[];
  for (const row of rows) {
    const sequence = state.edge.size + 1;
    const body = { ...JSON.parse(row.body), sequence, previous: state.last.toString('hex') };
    const text = canonicalJson(body);
    const hash = leafHash(text);
    database
      .prepare('UPDATE audit SET sequence = ?, body = ?, hash = ? WHERE sequence = ?')
      .run(sequence, text, hash, row.sequence);
    state = { edge: appendLeaf(state.edge, hash), last: hash };
  }
  return state;
}

const replaceInBody = (database: Database, sequence: number, from: string, to: string) =>
  database.prepare('UPDATE audit SET body = replace(body, ?, ?) WHERE sequence = ?').run(from, to, sequence);

const removeFrom = (database: Database, sequence: number) => {
  for (const table of ['audit', 'exchanges']) {
    database.prepare(`DELETE FROM ${table} WHERE sequence >= ?`).run(sequence);
  }
};

describe('tampering', () => {
  const cases: [name: string, change: (database: Database) => void, firstBad: number, says: RegExp][] = [
    ['a record is edited', (d) => replaceInBody(d, 6, '"ada"', '"eve"'), 6, /record 6 was changed/],
    [
      'a record is edited and its hash with it',
      (d) => {
        replaceInBody(d, 6, '"allow"', '"block"');
        const body = d.prepare('SELECT body FROM audit WHERE sequence = 6').pluck().get() as string;
        d.prepare('UPDATE audit SET hash = ? WHERE sequence = 6').run(leafHash(body));
      },
      6,
      /record 7 does not follow/,
    ],
    ['a record is deleted', (d) => d.exec('DELETE FROM audit WHERE sequence = 5'), 5, /record 5 is missing/],
    [
      'the first record is deleted',
      (d) => d.exec('DELETE FROM audit WHERE sequence = 1'),
      1,
      /record 1 is missing/,
    ],
    [
      'two records change places',
      (d) =>
        d.exec(
          'UPDATE audit SET sequence = 99 WHERE sequence = 6; UPDATE audit SET sequence = 6 WHERE sequence = 7; UPDATE audit SET sequence = 7 WHERE sequence = 99',
        ),
      6,
      /record 6/,
    ],
    [
      'the end is cut off',
      (d) => removeFrom(d, 10),
      9,
      /end is missing: 12 records were signed, it ends at 9/,
    ],
    [
      'the end is cut off together with its heads',
      (d) => {
        removeFrom(d, 9);
        d.exec('DELETE FROM heads WHERE size > 8');
      },
      9,
      /end is missing: 12 records were signed, it ends at 8/,
    ],
    [
      'the end is cut off in the middle of a batch, heads too',
      (d) => {
        removeFrom(d, 7);
        d.exec('DELETE FROM heads WHERE size > 6');
      },
      5,
      /covered by no signed head/,
    ],
    [
      'two heads change places',
      (d) =>
        d.exec(
          'UPDATE heads SET size = 99 WHERE size = 4; UPDATE heads SET size = 4 WHERE size = 8; UPDATE heads SET size = 8 WHERE size = 99',
        ),
      4,
      /head at record 4 has a wrong signature/,
    ],
    [
      'a signature is replaced',
      (d) => d.prepare('UPDATE heads SET signature = ? WHERE size = 8').run(Buffer.alloc(64, 7)),
      8,
      /head at record 8 has a wrong signature/,
    ],
    ['a head is deleted at the end', (d) => d.exec('DELETE FROM heads WHERE size = 12'), 9, /no signed head/],
    [
      'the chain is made anew without the key',
      (d) => {
        replaceInBody(d, 2, '"ada"', '"eve"');
        d.exec("UPDATE exchanges SET user = 'eve' WHERE sequence = 2");
        rechain(d);
      },
      4,
      /not those that were signed/,
    ],
    [
      'the chain and all heads are made anew with another key',
      (d) => {
        replaceInBody(d, 2, '"ada"', '"eve"');
        d.exec("UPDATE exchanges SET user = 'eve' WHERE sequence = 2; DELETE FROM heads");
        const state = rechain(d);
        const { privateKey, publicKey } = generateKeyPairSync('ed25519');
        const row = { size: 12, at_ms: 5, root: treeRoot(state.edge), last: state.last };
        const text = canonicalJson({ ...statementOf('postern-audit-head-1', row) });
        const head: SignedRow = {
          ...row,
          peaks: packPeaks(state.edge),
          key_id: keyIdOf(publicKey),
          signature: sign(null, Buffer.from(text), privateKey),
        };
        d.prepare('INSERT INTO heads VALUES (@size, @at_ms, @root, @last, @peaks, @key_id, @signature)').run(
          head,
        );
      },
      12,
      /signed with another key/,
    ],
    [
      'money is changed in the usage table',
      (d) => d.exec('UPDATE exchanges SET nano_usd = 1 WHERE sequence = 2'),
      2,
      /usage table differs/,
    ],
    [
      'a usage row is removed',
      (d) => d.exec('DELETE FROM exchanges WHERE sequence = 2'),
      2,
      /usage table differs/,
    ],
    [
      'a usage row is added',
      (d) =>
        d.exec(
          'INSERT INTO exchanges SELECT 500, id, started_at_ms, duration_ms, user, key, app, service, operation, model, mode, decision, effective, result, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, tokens_estimated, nano_usd, cost_estimated FROM exchanges WHERE sequence = 1',
        ),
      500,
      /row 500 of which the log knows nothing/,
    ],
    [
      'a column of the log is changed',
      (d) => d.exec('UPDATE audit SET at_ms = 5 WHERE sequence = 3'),
      3,
      /columns differ/,
    ],
    [
      'the beginning is passed off as expired',
      (d) => {
        d.exec('INSERT INTO checkpoints SELECT * FROM heads WHERE size = 4');
        d.exec(
          'DELETE FROM audit WHERE sequence <= 4; DELETE FROM exchanges WHERE sequence <= 4; DELETE FROM heads WHERE size <= 4',
        );
      },
      4,
      /checkpoint over 4 expired records has a wrong signature/,
    ],
    [
      'everything is deleted',
      (d) => d.exec('DELETE FROM audit; DELETE FROM exchanges; DELETE FROM heads'),
      1,
      /end is missing/,
    ],
  ];

  it.each(cases)('is shown: %s', (_, change, firstBad, says) => {
    tamper(home.file, change);
    const result = verifyAudit(home.file);
    expect(result.ok).toBe(false);
    expect(result.problems.join('\n')).toMatch(says);
    expect(result.firstBadSequence).toBe(firstBad);
  });

  it('is shown: an older copy of the database is put back, against a head kept elsewhere', async () => {
    const copies = ['postern.db', 'postern.db.head'].map((name) => join(home.directory, name));
    for (const path of copies) copyFileSync(path, `${path}.old`);
    await writeLog(home.file);
    const { head } = verifyAudit(home.file);
    for (const path of copies) copyFileSync(`${path}.old`, path);
    expect(verifyAudit(home.file).ok).toBe(true);
    expect(verifyAudit(home.file, { expectedHeads: [head!] })).toMatchObject({
      ok: false,
      firstBadSequence: 13,
    });
  });

  it('is shown: another log of the same device is put in its place', async () => {
    const { head } = verifyAudit(home.file);
    const other = temporaryHome();
    copyFileSync(join(home.directory, 'audit-key.pem'), join(other.directory, 'audit-key.pem'));
    await writeLog(other.file, 4, 'eve');
    expect(verifyAudit(other.file).ok).toBe(true);
    const result = verifyAudit(other.file, { expectedHeads: [head!] });
    expect(result.problems).toEqual([
      'the records up to 12 are not those that a head kept elsewhere speaks of',
    ]);
  });

  it('is shown: the head file is gone, damaged, or forged', () => {
    const file = `${home.file}.head`;
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, 'not json');
    expect(verifyAudit(home.file).problems).toEqual(['the head file beside the database is damaged']);
    writeFileSync(file, text.replace('"size":12', '"size":11'));
    expect(verifyAudit(home.file).ok).toBe(false);
    rmSync(file);
    expect(verifyAudit(home.file).problems).toEqual(['the head file beside the database is missing']);
  });

  it('is shown: the public key is gone or another', () => {
    const publicKey = join(home.directory, 'audit-key.pub.pem');
    writeFileSync(
      publicKey,
      generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }),
    );
    expect(verifyAudit(home.file)).toMatchObject({ ok: false, firstBadSequence: 4 });
    rmSync(publicKey);
    expect(verifyAudit(home.file).problems[0]).toMatch(/public audit key is missing/);
  });

  it('one changed record is one problem, not one for every record after it', () => {
    tamper(home.file, (d) => replaceInBody(d, 2, '"ada"', '"eve"'));
    expect(verifyAudit(home.file).problems.length).toBeLessThanOrEqual(4);
  });

  it('at rest is noted by the agent itself at its next start', async () => {
    tamper(home.file, (d) => {
      removeFrom(d, 9);
      d.exec('DELETE FROM heads WHERE size > 8');
    });
    const records = await openTestRecords(home.file);
    await records.close();
    tamper(home.file, (d) => {
      expect(d.prepare('SELECT body FROM audit WHERE sequence = 9').pluck().get()).toMatch(
        /audit-log-shortened/,
      );
    });
  });
});

describe('a reader', () => {
  it('says so when there is no database, a newer one, or no database at all in that file', () => {
    expect(() => verifyAudit(join(home.directory, 'other.db'))).toThrow(
      expect.objectContaining({ code: 'no-database' }),
    );
    tamper(home.file, (d) => d.pragma('user_version = 99'));
    expect(() => verifyAudit(home.file)).toThrow(expect.objectContaining({ code: 'newer-database' }));
    writeFileSync(home.file, 'this is not a database, however long one looks at it '.repeat(50));
    expect(() => verifyAudit(home.file)).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });
});
