import { readFileSync } from 'node:fs';
import {
  type AuditExport,
  type AuditLine,
  type AuditVerification,
  CommandFailure,
  type Place,
  type UsageQuestion,
} from '../cli/ports.ts';
import type { Action } from '../core/decision.ts';
import { homeFiles } from '../platform/home.ts';
import { platform } from '../platform/platform.ts';
import { exportAudit } from '../record/audit/export.ts';
import { type KeptHead, parseKeptHeads } from '../record/audit/kept-heads.ts';
import { type AuditEntry, tailAudit } from '../record/audit/read.ts';
import { verifyAudit } from '../record/audit/verify.ts';
import { RecordError } from '../record/errors.ts';
import { openReader, type RecordReader } from '../record/reader.ts';
import type { UsageReport } from '../serve/contract.ts';
import { usageQuery, usageView } from './usage-view.ts';

const databaseOf = ({ home }: Place): string => homeFiles(home, platform()).databaseFile;

/** Before the first start there is no history; that is an answer, not an error of the database. */
async function reading<T>(action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    const mend = error.code === 'no-database' ? 'Start the agent once: postern start' : undefined;
    throw new CommandFailure(error.code, 1, error.message, mend, { cause: error });
  }
}

export const auditTail = (place: Place, limit: number): Promise<readonly AuditLine[]> =>
  reading(async () => {
    const lines: AuditLine[] = [];
    for await (const entry of tailAudit(databaseOf(place), { last: limit })) lines.push(auditLine(entry));
    return lines;
  });

function auditLine({ body }: AuditEntry): AuditLine {
  const record = body as unknown as Readonly<Record<string, unknown>>;
  const base = { sequence: body.sequence, atMs: body.atMs, record };
  if (body.kind === 'event') return { ...base, kind: body.code, detail: body.detail };
  if (body.kind === 'dropped')
    return { ...base, kind: 'dropped', detail: `${body.count} records could not be kept` };
  return {
    ...base,
    kind: 'exchange',
    app: body.app.id,
    service: body.service,
    model: body.model,
    effective: body.effective as Action,
    nanoUsd: body.cost?.nanoUsd,
  };
}

export async function* auditExport(place: Place, wanted: AuditExport): AsyncIterable<string> {
  const file = databaseOf(place);
  const lines = await reading(() => exportAudit(file, wanted));
  for (;;) {
    const next = await reading(() => lines.next());
    if (next.done) return;
    yield next.value;
  }
}

export const auditVerify = (place: Place, headsFile?: string): Promise<AuditVerification> =>
  reading(() => {
    const keptHeads = headsFile === undefined ? [] : keptHeadsIn(headsFile);
    const { ok, records, problems, head, firstBadSequence } = verifyAudit(databaseOf(place), { keptHeads });
    return {
      ok,
      records,
      heads: head === undefined ? 0 : 1,
      lastAtMs: head?.atMs,
      lastHash: head?.root,
      problems: problems.map((text) => ({ sequence: firstBadSequence, text })),
    };
  });

function keptHeadsIn(file: string): readonly KeptHead[] {
  try {
    return parseKeptHeads(readFileSync(file, 'utf8'), file);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const mend = 'Save the texts of postern.log-checkpoint records from your collector, one a line.';
    throw new CommandFailure('bad-heads', 2, why, mend, { cause });
  }
}

export const usage = (place: Place, { by, sinceMs, untilMs }: UsageQuestion): Promise<UsageReport> =>
  withReader(place, (reader) =>
    usageView(reader.usageReport(usageQuery(by, sinceMs, untilMs)), untilMs ?? Date.now()),
  );

/** Opens the database for one question. */
export const withReader = <T>(place: Place, ask: (reader: RecordReader) => T): Promise<T> =>
  reading(() => {
    const reader = openReader(databaseOf(place));
    try {
      return ask(reader);
    } finally {
      reader.close();
    }
  });
