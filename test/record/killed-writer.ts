/** Child of the SIGKILL test: writes without end and reports on stdout what was acknowledged, each line after flush(). */
import { writeSync } from 'node:fs';
import { openRecords } from '../../agent/src/record/records.ts';
import { sampleEvent, sampleExchange } from '../kit/sample-records.ts';

const [, , file = '', run = ''] = process.argv;
const records = await openRecords({
  file,
  nowMs: Date.now,
  retentionDays: () => 30,
  contentAllowed: () => false,
});
writeSync(1, 'ready\n');
for (let i = 0; ; i++) {
  const size = 1 + (i % 7);
  for (let j = 0; j < size; j++) records.exchange(sampleExchange(i, { id: `${run}-${i}-${j}` }));
  records.event(sampleEvent(i, { id: `${run}-${i}-event` }));
  await records.flush();
  // Synchronous: what the parent has read was acknowledged before the kill.
  writeSync(1, `${run}-${i}-event\n`);
}
