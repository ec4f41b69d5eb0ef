/** The heads that a collector has, against a log whose owner had every means to change it. */
import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../agent/src/record/audit/canonical.ts';
import { parseKeptHeads } from '../../../agent/src/record/audit/kept-heads.ts';
import { verifyAudit } from '../../../agent/src/record/audit/verify.ts';
import { SAMPLE_TIME_MS, sampleExchange } from '../../kit/sample-records.ts';
import { openTestRecords, temporaryHome } from '../support.ts';

const ASK = {
  destination: 'siem',
  format: 'entry',
  maxRecords: 100,
  maxBytes: 1_000_000,
  capBytes: 1_000_000,
  nowMs: SAMPLE_TIME_MS,
  notices: [],
} as const;

/** A log of some calls, and what the collector has of it: the text of the head. */
async function logWithHead(calls: readonly string[], home = temporaryHome()) {
  const records = await openTestRecords(home.file);
  await records.outbox.open(['siem']);
  for (const [index, user] of calls.entries()) records.exchange(sampleExchange(index, { user }));
  await records.flush();
  const { records: sent } = await records.outbox.take(ASK);
  await records.close();
  const head = sent.find(({ name }) => name === 'postern.log-checkpoint')?.text ?? '';
  return { ...home, head };
}

const verify = (file: string, text: string) =>
  verifyAudit(file, { keptHeads: parseKeptHeads(text, 'heads.jsonl') });

describe('a head from the collector', () => {
  it('agrees with the log that it came from, also when that has grown', async () => {
    const { file, head } = await logWithHead(['ada', 'bob']);
    const records = await openTestRecords(file);
    records.exchange(sampleExchange(9));
    await records.close();
    expect(verify(file, `${head}\n\n`)).toMatchObject({ ok: true, records: 3 });
  });

  it('shows another history that was written and signed with the stolen key', async () => {
    const { directory, file, head } = await logWithHead(['ada', 'bob']);
    for (const suffix of ['', '-wal', '-shm', '.head']) rmSync(file + suffix, { force: true });
    await logWithHead(['eve', 'eve', 'eve'], { directory, file });
    expect(verifyAudit(file).ok).toBe(true);
    const { ok, problems } = verify(file, head);
    expect(ok).toBe(false);
    expect(problems.join()).toContain('are not those that a head kept elsewhere speaks of');
  });

  it('shows that the key was exchanged with the log', async () => {
    const { directory, file, head } = await logWithHead(['ada']);
    rmSync(directory, { recursive: true });
    await logWithHead(['ada'], { directory, file });
    expect(verifyAudit(file).ok).toBe(true);
    expect(verify(file, head).problems.join()).toContain(
      'was signed with another key than this device has now',
    );
  });

  it('that nobody signed is told apart from one that this device signed', async () => {
    const { directory, file, head } = await logWithHead(['ada']);
    const forged = head.replace(/"signature":"..../, '"signature":"AAAA');
    expect(verify(file, forged).problems.join()).toContain('has a wrong signature');
    const parsed = JSON.parse(head) as { statement: object; keyId: string };
    const key = createPrivateKey(readFileSync(join(directory, 'audit-key.pem')));
    const statement = { ...parsed.statement, size: 99 };
    const signature = sign(null, Buffer.from(canonicalJson(statement)), key).toString('base64');
    const later = JSON.stringify({ statement, keyId: parsed.keyId, signature });
    expect(verify(file, later).problems.join()).toContain("the log's end is missing: 99 records were signed");
  });

  it.each(['', '{}', 'not json', '{"statement":{"size":1},"keyId":"a","signature":"b"}'])(
    'is refused with the line where it is none: %j',
    (text) => {
      expect(() => parseKeptHeads(text, 'heads.jsonl')).toThrow(
        /^heads\.jsonl(:1: not a signed head| holds no)/,
      );
    },
  );
});
