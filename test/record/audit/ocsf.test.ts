/** Every event is held against OCSF's own schema: a lake that checks it would turn it away otherwise. */
import { expect, it } from 'vitest';
import type { ExchangeRecord } from '../../../agent/src/core/records.ts';
import { exportAudit } from '../../../agent/src/record/audit/export.ts';
import { sampleEvent, sampleExchange } from '../../kit/sample-records.ts';
import { openTestRecords, temporaryHome } from '../support.ts';
import { ocsfFaults } from './ocsf-shape.ts';

async function exported(exchanges: readonly Partial<ExchangeRecord>[]): Promise<string[]> {
  const { file } = temporaryHome();
  const records = await openTestRecords(file);
  for (const [index, changes] of exchanges.entries()) records.exchange(sampleExchange(index + 1, changes));
  records.event(sampleEvent(99));
  await records.flush();
  await records.close();
  return [...exportAudit(file, { format: 'ocsf', sinceMs: 0 })];
}

it('calls of every kind and the events of the log are valid OCSF 1.8', async () => {
  const lines = await exported([
    {},
    { effective: 'block', result: 'refused', status: undefined, usage: undefined, cost: undefined },
    { effective: 'redact' },
    { effective: 'warn', addedMs: 12.7, endedAtMs: sampleExchange(4).startedAtMs + 12.4 },
    { result: 'failed', cause: 'upstream-reset', model: undefined },
    { app: { id: 'curl', name: 'curl', identifiedBy: 'process', process: { name: 'curl', pid: 7 } } },
    { operation: 'embed' },
  ] as Partial<ExchangeRecord>[]);
  expect(lines).toHaveLength(8);
  for (const line of lines) expect(ocsfFaults(line), line).toEqual([]);
});

it('the check finds what is wrong', async () => {
  const [line = ''] = await exported([{}]);
  const event = JSON.parse(line) as Record<string, unknown> & { ai_model: object };
  delete event['src_endpoint'];
  const wrong = {
    ...event,
    colour: 'red',
    severity_id: 50,
    time: 1.5,
    ai_model: { name: 'x' },
    activity_name: undefined,
  };
  expect(ocsfFaults(JSON.stringify(wrong))).toEqual([
    'event.src_endpoint is missing',
    'event.severity_id may not be 50',
    'event.time is no whole number',
    'event.ai_model.ai_provider is missing',
    'event.colour is unknown',
    'event: Other has no name',
  ]);
});
