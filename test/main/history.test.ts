/** What `audit`, `usage` and `explain ID` answer from the database alone, with no agent running. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Place } from '../../agent/src/cli/ports.ts';
import { EXPORT_FORMATS } from '../../agent/src/core/records.ts';
import { explainQuestion } from '../../agent/src/main/explain.ts';
import { auditExport, auditTail, auditVerify, usage } from '../../agent/src/main/history.ts';
import { homeFiles } from '../../agent/src/platform/home.ts';
import { SAMPLE_TIME_MS, sampleEvent, sampleExchange } from '../kit/sample-records.ts';
import { openTestRecords } from '../record/support.ts';

let place: Place;
beforeEach(() => {
  place = { home: mkdtempSync(path.join(tmpdir(), 'pstn-history-')), configFile: undefined };
});
afterEach(() => rmSync(place.home, { recursive: true, force: true }));

async function record(): Promise<void> {
  const records = await openTestRecords(homeFiles(place.home).databaseFile);
  records.event(sampleEvent(1, { code: 'agent-started', detail: 'version 0.1.0' }));
  records.exchange(sampleExchange(2, { key: 'team-a' }));
  records.exchange(
    sampleExchange(3, {
      effective: 'block',
      decision: 'block',
      reasons: [
        {
          rule: 'no-secrets',
          action: 'block',
          text: 'The rule "no-secrets" found an AWS access key in your message.',
          message: 'Use the vault.',
        },
        { rule: 'default', action: 'allow', text: 'No rule objected.' },
      ],
    }),
  );
  await records.flush();
  await records.close();
}

const lines = async (wanted: Parameters<typeof auditExport>[1]): Promise<string[]> => {
  const found: string[] = [];
  for await (const line of auditExport(place, wanted)) found.push(line);
  return found;
};

describe('before the first start', () => {
  it.each([
    ['audit tail', () => auditTail(place, 5)],
    ['audit export', () => lines({ format: 'csv' })],
    ['audit verify', () => auditVerify(place)],
    ['usage', () => usage(place, { by: 'app' })],
    [
      'explain',
      () =>
        explainQuestion({
          ...place,
          subject: 'd-1',
          method: undefined,
          app: undefined,
          body: undefined,
          policyFile: undefined,
        }),
    ],
  ])('%s says that there is nothing yet, and what to do', async (_, ask) => {
    await expect(ask()).rejects.toMatchObject({
      code: 'no-database',
      exitCode: 1,
      mend: expect.stringContaining('postern start'),
    });
  });
});

describe('of what was recorded', () => {
  beforeEach(record);

  it('the tail shows calls and events in the words of the table', async () => {
    expect(await auditTail(place, 2)).toMatchObject([
      { sequence: 2, kind: 'exchange', app: 'claude-code', effective: 'allow', nanoUsd: 7_185_000 },
      { sequence: 3, kind: 'exchange', effective: 'block' },
    ]);
    expect((await auditTail(place, 9))[0]).toMatchObject({ kind: 'agent-started', detail: 'version 0.1.0' });
  });

  it.each(EXPORT_FORMATS)('%s: every record once, each line ended, within the period', async (format) => {
    const heading = format === 'csv' ? 1 : 0;
    const all = await lines({ format });
    expect(all).toHaveLength(3 + heading);
    for (const line of all) expect(line).toMatch(/[^\n]\n$/);
    const some = await lines({ format, sinceMs: SAMPLE_TIME_MS + 2, untilMs: SAMPLE_TIME_MS + 3 });
    expect(some.slice(heading)).toEqual([all[1 + heading]]);
  });

  it("usage by the person's days, by key, and within a period", async () => {
    const at = new Date(SAMPLE_TIME_MS);
    const two = (number: number): string => String(number).padStart(2, '0');
    const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    expect((await usage(place, { by: 'day' })).rows.map(({ key }) => key)).toEqual([day]);
    const byKey = await usage(place, { by: 'key' });
    expect(byKey.rows.map(({ key, exchanges }) => [key, exchanges]).sort()).toEqual([
      ['(none)', 1],
      ['team-a', 1],
    ]);
    expect((await usage(place, { by: 'app', untilMs: SAMPLE_TIME_MS + 3 })).total).toMatchObject({
      exchanges: 1,
      blocked: 0,
    });
    expect((await usage(place, { by: 'app', sinceMs: SAMPLE_TIME_MS + 3 })).total).toMatchObject({
      exchanges: 1,
      blocked: 1,
    });
  });

  it("explain ID shows each rule's sentence and the policy's own message of that time", async () => {
    const question = { ...place, method: undefined, app: undefined, body: undefined, policyFile: undefined };
    expect(await explainQuestion({ ...question, subject: 'exchange-3' })).toMatchObject({
      decision: 'block',
      effective: 'block',
      reasons: [
        { rule: 'no-secrets', action: 'block', message: 'Use the vault.' },
        { rule: 'default', action: 'allow' },
      ],
    });
    await expect(explainQuestion({ ...question, subject: 'nowhere' })).rejects.toMatchObject({
      code: 'no-such-decision',
      exitCode: 1,
    });
    await expect(explainQuestion({ ...question, subject: 'https://' })).rejects.toMatchObject({
      exitCode: 2,
    });
  });

  it('verify proves it', async () => {
    expect(await auditVerify(place)).toMatchObject({ ok: true, records: 3, heads: 1, problems: [] });
  });
});
