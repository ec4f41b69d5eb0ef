import type { OutboxRecord } from '../../agent/src/core/outbox.ts';

/** A record as the outbox gives it, with one line of text. */
export const outboxRecord = (sequence: number, changes: Partial<OutboxRecord> = {}): OutboxRecord => ({
  uid: `uid-${sequence}`,
  sequence,
  atMs: Date.UTC(2026, 10, 26),
  name: 'postern.ai_call',
  severity: 'warning',
  text: `line ${sequence}`,
  attributes: {},
  ...changes,
});
