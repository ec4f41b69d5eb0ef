/** One record of the log in the form in which it leaves the device. */
import { hash } from 'node:crypto';
import { derivedUuid } from '../../core/derived-uuid.ts';
import type { Notice, OutboxQuestion, OutboxRecord, Severity, WorksCouncil } from '../../core/outbox.ts';
import type { ChainedBody } from '../audit/body.ts';
import { canonicalJson, type Json } from '../audit/canonical.ts';
import { cefLine } from '../audit/cef.ts';
import { type SignedRow, statementOf } from '../audit/heads.ts';
import { ocsfEvent } from '../audit/ocsf.ts';
import { entryAttributes, entryName, entryText } from './entry.ts';
import { withoutPeople } from './works-council.ts';

export interface OutboxRow {
  readonly sequence: number;
  readonly body: string;
  readonly hash: Buffer;
  readonly bytes: number;
}

type Format = OutboxQuestion['format'];

export function outboxRecord(row: OutboxRow, format: Format, worksCouncil?: WorksCouncil): OutboxRecord {
  const whole = JSON.parse(row.body) as ChainedBody;
  const body = worksCouncil === undefined ? whole : withoutPeople(whole, worksCouncil);
  // The leaf hash covers the record's number and its predecessor: no other record of any device has it.
  const uid = derivedUuid(row.hash);
  const attributes =
    format === 'entry'
      ? { 'log.record.uid': uid, 'postern.leaf': row.hash.toString('hex'), ...entryAttributes(body) }
      : {};
  const text = body === whole && format === 'jsonl' ? row.body : textOf(body, format);
  return { ...headline(body), uid, sequence: row.sequence, text, attributes };
}

/** The newest signed tree head: whoever has it can tell later whether the log was changed. */
export function headRecord(head: SignedRow, format: Format): OutboxRecord {
  const statement = statementOf('postern-audit-head-1', head);
  const signature = head.signature.toString('base64');
  const detail = canonicalJson({ keyId: head.key_id, signature, statement: statement as unknown as Json });
  const body = eventBody('log-checkpoint', statement.atMs, detail, head.size);
  const attributes = {
    'log.record.uid': body.id,
    'postern.log.size': statement.size,
    'postern.log.root': statement.root,
    'postern.log.last': statement.last,
    'postern.log.at_ms': statement.atMs,
    'postern.log.key_id': head.key_id,
    'postern.log.signature': signature,
  };
  return noSequence(body, format, format === 'entry' ? attributes : {});
}

export function noticeRecord({ code, atMs, detail }: Notice, logSize: number, format: Format): OutboxRecord {
  const body = eventBody(code, atMs, detail, logSize);
  return noSequence(body, format, format === 'entry' ? { 'log.record.uid': body.id } : {});
}

type Event = Extract<ChainedBody, { kind: 'event' }>;

/** Not in the log, but told in its form: `sequence` is how much the log held then. */
const eventBody = (code: string, atMs: number, detail: string, sequence: number): Event => ({
  kind: 'event',
  id: derivedUuid(hash('sha256', `${code}\n${atMs}\n${detail}`, 'buffer')),
  atMs,
  code,
  detail,
  sequence,
  previous: '',
});

function noSequence(body: Event, format: Format, attributes: OutboxRecord['attributes']): OutboxRecord {
  return { ...headline(body), uid: body.id, sequence: undefined, text: textOf(body, format), attributes };
}

const headline = (body: ChainedBody) => ({
  atMs: body.atMs,
  name: entryName(body),
  severity: severityOf(body),
});

function textOf(body: ChainedBody, format: Format): string {
  if (format === 'cef') return cefLine(body);
  if (format === 'ocsf') return JSON.stringify(ocsfEvent(body));
  return format === 'jsonl' ? canonicalJson(body as unknown as Json) : entryText(body);
}

function severityOf(body: ChainedBody): Severity {
  if (body.kind === 'dropped') return 'error';
  if (body.kind === 'event')
    return /shortened|head-lost|replaced|dropped|refused/.test(body.code) ? 'warning' : 'info';
  if (body.effective === 'block') return 'warning';
  return body.effective === 'allow' ? 'info' : 'notice';
}
