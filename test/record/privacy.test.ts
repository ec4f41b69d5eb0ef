import { createHash, randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { EXPORT_FORMATS } from '../../agent/src/core/records.ts';
import { tokens } from '../../agent/src/core/units.ts';
import { exportAudit } from '../../agent/src/record/audit/export.ts';
import { verifyAudit } from '../../agent/src/record/audit/verify.ts';
import { SAMPLE_TIME_MS, sampleEvent, sampleExchange } from '../kit/sample-records.ts';
import { bytesIn, openTestRecords, temporaryHome } from './support.ts';

const CANARIES = Array.from({ length: 200 }, (_, i) => `canary-${i}-${randomBytes(9).toString('hex')}-ü`);
const DAY_MS = 86_400_000;

/** The forms in which a text may survive. Base64 in all three alignments, without its ends, which depend on neighbours. */
function encodings(text: string): readonly Buffer[] {
  const utf8 = Buffer.from(text);
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), utf8])
      .toString('base64')
      .slice(4, -4),
  );
  return [
    utf8,
    Buffer.from(text, 'utf16le'),
    Buffer.from(text, 'utf16le').swap16(),
    Buffer.from(utf8.toString('hex')),
    Buffer.from(utf8.toString('hex').toUpperCase()),
    Buffer.from(encodeURIComponent(text)),
    Buffer.from(text.replace('ü', '\\u00fc')),
    createHash('sha256').update(text).digest(),
    Buffer.from(createHash('sha256').update(text).digest('hex')),
    ...base64.map((form) => Buffer.from(form)),
  ];
}

/** How many canaries are in the bytes, in any encoding, also inside gzip streams. */
function hits(haystack: Buffer): number {
  const all = Buffer.concat([haystack, ...gzipStreams(haystack)]);
  return CANARIES.filter((canary) => encodings(canary).some((form) => all.includes(form))).length;
}

function gzipStreams(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  const magic = Buffer.from([0x1f, 0x8b, 0x08]);
  for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 1)) {
    try {
      found.push(gunzipSync(bytes.subarray(at)));
    } catch {
      // Three bytes that only look like a gzip header.
    }
  }
  return found;
}

const withCanary = (canary: string, i: number) =>
  sampleExchange(i, {
    effective: (['allow', 'warn', 'redact', 'block'] as const)[i % 4] ?? 'allow',
    usage: {
      inputTokens: tokens(1),
      cacheReadTokens: undefined,
      cacheWriteTokens: undefined,
      cacheWrite1hTokens: undefined,
      outputTokens: tokens(1),
      reasoningTokens: undefined,
      inputAudioTokens: undefined,
      outputAudioTokens: undefined,
      raw: { echoed: canary },
    },
    content: { request: `please ${canary}`, response: `you said ${canary}` },
  });

describe('200 canaries', () => {
  it('are found by this test where they are: in each encoding, and in gzip', () => {
    for (const form of encodings(CANARIES[7] ?? '')) expect(hits(form)).toBe(1);
    expect(hits(Buffer.concat([Buffer.from('junk'), gzipSync(CANARIES.join('\n'))]))).toBe(200);
  });

  it('leave no trace when no text may be kept: not on disk while running, nor after, nor in exports, nor in the log', async () => {
    const { directory, file } = temporaryHome();
    const logged: string[] = [];
    const records = await openTestRecords(file, { log: (_, message) => logged.push(message) });
    for (const [i, canary] of CANARIES.entries()) records.exchange(withCanary(canary, i));
    records.event(sampleEvent(1));
    await records.flush();
    expect(hits(bytesIn(directory))).toBe(0);
    const listed = JSON.stringify(await records.listExchanges({ limit: 500 }));
    await records.close();
    expect(hits(bytesIn(directory))).toBe(0);
    expect(hits(Buffer.from(listed + logged.join()))).toBe(0);
    for (const format of EXPORT_FORMATS) {
      const exported = [...exportAudit(file, { format })].join('');
      expect(exported.length).toBeGreaterThan(10_000);
      expect(hits(Buffer.from(exported))).toBe(0);
    }
  });

  it('that were kept on purpose are gone from the disk once they expire, and the rest stays provable', async () => {
    const { directory, file } = temporaryHome();
    let nowMs = SAMPLE_TIME_MS;
    let days = 30;
    const records = await openTestRecords(file, {
      nowMs: () => nowMs,
      retentionDays: () => days,
      contentAllowed: () => true,
    });
    for (const [i, canary] of CANARIES.entries()) records.exchange(withCanary(canary, i));
    await records.flush();
    expect(hits(bytesIn(directory))).toBe(200);

    nowMs += 20 * DAY_MS;
    records.exchange(sampleExchange(500, { id: 'younger' }));
    await records.flush();
    expect(await records.applyRetention()).toBe(0);
    const { head } = verifyAudit(file);

    nowMs += 11 * DAY_MS;
    expect(await records.applyRetention()).toBe(200);
    expect(hits(bytesIn(directory))).toBe(0);
    expect(await records.findExchange('exchange-0')).toBeUndefined();
    expect(await records.findExchange('younger')).toBeDefined();
    expect(verifyAudit(file, { expectedHeads: [head!] })).toMatchObject({
      ok: true,
      pruned: 200,
      records: 2,
    });

    // The policy is tightened: now the rest goes as well, under a new checkpoint, and the log goes on.
    days = 1;
    nowMs += 2 * DAY_MS;
    expect(await records.applyRetention()).toBe(2);
    records.exchange(sampleExchange(501));
    await records.close();
    expect(verifyAudit(file)).toMatchObject({ ok: true, pruned: 202, records: 2, problems: [] });
    const codes = [...exportAudit(file, { format: 'jsonl' })].map((line) => JSON.parse(line).code);
    expect(codes).toEqual(['records-expired', undefined]);
  });
});
