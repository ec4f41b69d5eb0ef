import { describe, expect, it } from 'vitest';
import type { ExportFormat } from '../../../agent/src/core/records.ts';
import { exportAudit } from '../../../agent/src/record/audit/export.ts';
import { leafHash } from '../../../agent/src/record/audit/merkle.ts';
import { tailAudit } from '../../../agent/src/record/audit/read.ts';
import { SAMPLE_TIME_MS, sampleEvent, sampleExchange } from '../../kit/sample-records.ts';
import { openTestRecords, temporaryHome } from '../support.ts';

async function exported(format: ExportFormat, sinceMs = 0): Promise<string[]> {
  const { file } = temporaryHome();
  const records = await openTestRecords(file);
  records.exchange(
    sampleExchange(1, {
      model: '=HYPERLINK("http://evil"),x',
      effective: 'block',
      cause: 'a=b\\c\nd|e',
      findings: { 'aws-access-key-id': 2 },
    }),
  );
  records.event(sampleEvent(2, { detail: 'say "hi",\r\nthen go', code: 'odd|code' }));
  await records.flush();
  await records.close();
  return [...exportAudit(file, { format, sinceMs })];
}

describe('exports', () => {
  it('jsonl is the hashed text: the chain can be recomputed from the export alone', async () => {
    const [first = '', second = ''] = await exported('jsonl');
    expect(JSON.parse(first)).toMatchObject({ sequence: 1, previous: '0'.repeat(64), effective: 'block' });
    expect(JSON.parse(second).previous).toBe(leafHash(first.trimEnd()).toString('hex'));
  });

  it('csv quotes as RFC 4180 says, and disarms what a spreadsheet would run', async () => {
    const [header = '', first = '', second = ''] = await exported('csv');
    expect(header).toMatch(/^sequence,time,kind,.*\r\n$/);
    expect(first).toContain(`"'=HYPERLINK(""http://evil""),x"`);
    expect(first).toContain('2026-11-23T12:00:00.001Z');
    expect(second).toContain('"say ""hi"",\r\nthen go"');
    expect(second.split(',').length).toBeGreaterThanOrEqual(header.split(',').length);
  });

  it('cef escapes bars in the header and equals signs and line ends in the extension', async () => {
    const [first = '', second = ''] = await exported('cef');
    expect(first).toMatch(/^CEF:0\|Postern\|Postern\|1\|ai-block\|AI call: block\|8\|rt=\d+ /);
    expect(first).toContain('reason=a\\=b\\\\c\\nd|e ');
    expect(first).toContain('cs3=aws-access-key-id\\=2');
    expect(second).toContain('|odd\\|code|Agent event|3|');
    for (const line of [first, second]) expect(line.match(/[\r\n]/g)).toHaveLength(1);
  });

  it('ocsf is API Activity with the AI profile', async () => {
    const [first = '', second = ''] = await exported('ocsf');
    expect(JSON.parse(first)).toMatchObject({
      class_uid: 6003,
      category_uid: 6,
      activity_id: 99,
      activity_name: 'generate',
      type_uid: 600399,
      severity_id: 4,
      action_id: 2,
      disposition_id: 2,
      time: SAMPLE_TIME_MS + 1,
      metadata: { version: '1.8.0', uid: 'exchange-1', product: { vendor_name: 'Postern' } },
      actor: { user: { name: 'ada' } },
      api: { operation: 'generate' },
      src_endpoint: { hostname: 'laptop-7' },
      message_context: { prompt_tokens: 1000, completion_tokens: 300, total_tokens: 1300 },
    });
    expect(JSON.parse(second)).toMatchObject({ class_uid: 6002, type_uid: 600299 });
  });

  it('begin where they are told to', async () => {
    expect(await exported('jsonl', SAMPLE_TIME_MS + 2)).toHaveLength(1);
  });
});

describe('the tail', () => {
  it('shows the last records, then follows what is written beside it, until it is told to stop', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    for (let i = 1; i <= 30; i++) records.exchange(sampleExchange(i));
    await records.flush();
    const stop = new AbortController();
    const seen: number[] = [];
    for await (const { body } of tailAudit(file, { last: 3, follow: true, signal: stop.signal })) {
      seen.push(body.sequence);
      if (body.sequence === 30) records.exchange(sampleExchange(31));
      if (body.sequence === 31) stop.abort();
    }
    expect(seen).toEqual([28, 29, 30, 31]);
    await records.close();
  });

  it('ends by itself without follow', async () => {
    const { file } = temporaryHome();
    const records = await openTestRecords(file);
    records.exchange(sampleExchange(1));
    await records.close();
    const seen: string[] = [];
    for await (const { text } of tailAudit(file)) seen.push(text);
    expect(seen).toHaveLength(1);
  });
});
