/** One record of the log in the form in which it leaves the device. */
import { hash } from 'node:crypto';
import { derivedUuid } from '../../core/derived-uuid.ts';
import type { Notice, OutboxQuestion, OutboxRecord, Severity, WorksCouncil } from '../../core/outbox.ts';
import type { ChainedBody } from '../audit/body.ts';
import { canonicalJson, type Json } from '../audit/canonical.ts';
import { cefLine } from '../audit/cef.ts';
import { type SignedRow, statementOf } from '../audit/heads.ts';
import { leafHash } from '../audit/merkle.ts';
import { ocsfEvent } from '../audit/ocsf.ts';
import { entryAttributes, entryName, entryText } from './entry.ts';
import { withoutPeople } from './works-council.ts';

export interface OutboxRow {
  readonly sequence: number;
  readonly body: string;
  readonly hash: Buffer;
  readonly bytes: number;
  readonly atMs: number;
}

type Format = OutboxQuestion['format'];

export function outboxRecord(row: OutboxRow, format: Format, worksCouncil?: WorksCouncil): OutboxRecord {
  const whole = unchangedBody(row);
  if (whole === undefined) return alteredRecord(row, format);
  try {
    return recordOf(row, whole, format, worksCouncil);
  } catch {
    // Its hash fits, so somebody made both: the heads that collectors have tell that, and no other record waits for it.
    return alteredRecord(row, format);
  }
}

function recordOf(
  row: OutboxRow,
  whole: ChainedBody,
  format: Format,
  worksCouncil: WorksCouncil | undefined,
): OutboxRecord {
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

function unchangedBody({ body, hash: leaf }: OutboxRow): ChainedBody | undefined {
  if (!leafHash(body).equals(leaf)) return undefined;
  try {
    return JSON.parse(body) as ChainedBody;
  } catch {
    return undefined;
  }
}

/** In the place of a record whose text was changed: nothing of that text is sent, but its number is. */
function alteredRecord({ sequence, atMs, hash: leaf }: OutboxRow, format: Format): OutboxRecord {
  const detail = `Record ${sequence} of the log was changed after it was written: it does not fit its hash ${leaf.toString('hex').slice(0, 64)}, and is not sent.`;
  const body = eventBody('audit-record-altered', atMs, detail, sequence);
  return { ...noSequence(body, format, format === 'entry' ? { 'log.record.uid': body.id } : {}), sequence };
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
  atMs: onCalendar(atMs),
  code,
  detail,
  sequence,
  previous: '',
});

/** ECMA-262 section 21.4.1.1: beyond that, a time can't be written as a date. */
const LAST_DATE_MS = 8.64e15;
const onCalendar = (ms: number): number => (Math.abs(ms) <= LAST_DATE_MS ? ms : 0);

function noSequence(body: Event, format: Format, attributes: OutboxRecord['attributes']): OutboxRecord {
  return { ...headline(body), uid: body.id, sequence: undefined, text: textOf(body, format), attributes };
}

const headline = (body: ChainedBody) => ({
  atMs: onCalendar(body.atMs),
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
    return /shortened|gap|altered|head-lost|replaced|dropped|refused/.test(body.code) ? 'warning' : 'info';
  if (body.effective === 'block') return 'warning';
  return body.effective === 'allow' ? 'info' : 'notice';
}
