/** Syslog messages (RFC 5424) and how they are framed on a stream (RFC 5425 section 4.3, octet counting). */
import type { OutboxRecord, Severity } from '../../../core/outbox.ts';

export interface SyslogOrigin {
  readonly host: string;
  readonly version: string;
  readonly processId: number;
}

/** Section 6.2.1: facility 13 is "log audit". */
const FACILITY = 13;
const SEVERITIES: Readonly<Record<Severity, number>> = { error: 3, warning: 4, notice: 5, info: 6 };
/** Section 7.3.1: as far as a 32-bit sequence goes, then it begins anew. */
const LAST_SEQUENCE_ID = 2_147_483_647;
/** Private enterprise number 32473 is reserved for documentation (RFC 5612): we have none of our own. */
const STRUCTURED_ID = 'postern@32473';
const BYTE_ORDER_MARK = '\uFEFF';

export function syslogMessage(record: OutboxRecord, origin: SyslogOrigin): string {
  const priority = FACILITY * 8 + SEVERITIES[record.severity];
  const time = new Date(record.atMs).toISOString();
  const id = headerWord(record.name, 32);
  const head = `<${priority}>1 ${time} ${headerWord(origin.host, 255)} postern ${origin.processId} ${id}`;
  return `${head} ${structuredData(record, origin)} ${BYTE_ORDER_MARK}${oneLine(record.text)}`;
}

export function octetCounted(message: string): Buffer {
  const bytes = Buffer.from(message);
  return Buffer.concat([Buffer.from(`${bytes.length} `), bytes]);
}

function structuredData({ uid, sequence, attributes: all }: OutboxRecord, { version }: SyslogOrigin): string {
  const sequenceId =
    sequence === undefined ? '' : `[meta sequenceId="${((sequence - 1) % LAST_SEQUENCE_ID) + 1}"]`;
  const { 'log.record.uid': _, ...attributes } = all;
  const fields = Object.entries({ uid, ...attributes }).flatMap(([name, value]) =>
    value === undefined ? [] : `${fieldName(name)}="${escapeValue(String(value))}"`,
  );
  return `${sequenceId}[origin software="postern" swVersion="${escapeValue(version)}"][${STRUCTURED_ID} ${fields.join(' ')}]`;
}

/** PRINTUSASCII without what ends a name, at most 32 characters. */
const fieldName = (name: string): string =>
  name
    .replace(/^(postern|gen_ai)\./, '')
    .replace(/[^!#-<>-\\^-~]/g, '_')
    .slice(-32);
const escapeValue = (text: string): string => oneLine(text).replace(/["\\\]]/g, '\\$&');
const headerWord = (text: string, limit: number): string =>
  text.replace(/[^!-~]/g, '_').slice(0, limit) || '-';
/** Receivers that split at line ends must not see two messages. */
const oneLine = (text: string): string => text.replace(/[\r\n\0]+/g, ' ').toWellFormed();
