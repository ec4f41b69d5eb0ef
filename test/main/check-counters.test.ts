import { expect, it } from 'vitest';
import { checkCounters, NOTHING_CHECKED } from '../../agent/src/main/check-counters.ts';
import { createOpener } from '../../agent/src/open/open.ts';
import { attachmentsSchema, remoteCheckSchema } from '../../agent/src/serve/contract-status.ts';
import { noCounts } from '../../agent/src/sync/remote-checks/counters.ts';

const opener = createOpener();

it('tells of the rules in force, and of those alone', () => {
  const checks = {
    counters: () => ({
      names: { ...noCounts(), asked: 5, answered: 3, waitedMs: 12.7, failed: { timeout: 2 } },
      gone: noCounts(),
    }),
  };
  const told = checkCounters(checks, opener, [
    { id: 'names', detect: 'remote' },
    { id: 'gone', detect: 'secrets' },
    { id: 'new', detect: 'remote' },
  ]);
  expect(Object.keys(told.remoteChecks)).toEqual(['names']);
  expect(told.remoteChecks['names']).toMatchObject({ asked: 5, waitedMs: 13, failed: { timeout: 2 } });
  expect(remoteCheckSchema.parse(told.remoteChecks['names'])).toEqual(told.remoteChecks['names']);
});

it('tells what became of attachments', () => {
  const counters = {
    ...opener.counters,
    opened: 4,
    'archive-bomb': 1,
    'encrypted-archive': 2,
    'unreadable-attachment': 3,
  };
  const { attachments } = checkCounters({ counters: () => ({}) }, { counters }, []);
  expect(attachments).toEqual({
    ...NOTHING_CHECKED.attachments,
    opened: 4,
    archiveBombs: 1,
    encrypted: 2,
    unreadable: 3,
  });
  expect(attachmentsSchema.strict().parse(attachments)).toEqual(attachments);
});
