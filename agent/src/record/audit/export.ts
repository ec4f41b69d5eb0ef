/** The log in the formats that collectors read. Streams; yields one line at a time, line end included. */
import type { ExportFormat } from '../../core/records.ts';
import { cefLine } from './cef.ts';
import { CSV_HEADER, csvLine } from './csv.ts';
import { ocsfEvent } from './ocsf.ts';
import { type AuditEntry, readAudit } from './read.ts';

const FORMATS: Readonly<Record<ExportFormat, (entry: AuditEntry) => string>> = {
  jsonl: (entry) => entry.text,
  csv: (entry) => csvLine(entry.body),
  cef: (entry) => cefLine(entry.body),
  ocsf: (entry) => JSON.stringify(ocsfEvent(entry.body)),
};

export interface ExportOptions {
  readonly format: ExportFormat;
  /** Records about calls that started, or events that happened, at or after this moment. */
  readonly sinceMs?: number;
  /** And before this one. */
  readonly untilMs?: number;
}

/** `jsonl` is the canonical text itself, so that chain and tree can be recomputed from the export alone. */
export function* exportAudit(file: string, { format, ...period }: ExportOptions): Generator<string> {
  // RFC 4180 section 2: lines end with CRLF.
  const lineEnd = format === 'csv' ? '\r\n' : '\n';
  const write = FORMATS[format];
  if (format === 'csv') yield CSV_HEADER + lineEnd;
  for (const entry of readAudit(file, period)) yield write(entry) + lineEnd;
}
