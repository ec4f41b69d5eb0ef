/**
 * Where each destination stands in the audit log. The log itself is the queue: nothing is copied, and what was given
 * up for a destination is still in the log. Runs in the writer's thread.
 */
import { randomUUID } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import type { Notice, OutboxBatch, OutboxQuestion, OutboxState, Settlement } from '../../core/outbox.ts';
import type { EventBody } from '../audit/body.ts';
import type { SignedRow } from '../audit/heads.ts';
import type { LogWriter } from '../log-writer.ts';
import { gapWords } from './gap.ts';
import { headRecord, noticeRecord, type OutboxRow, outboxRecord } from './outbox-record.ts';
import { OutboxRows, type Place, type Rank } from './outbox-rows.ts';

export type OutboxRequest =
  | { readonly type: 'open'; readonly destinations: readonly string[]; readonly nowMs: number }
  | { readonly type: 'take'; readonly question: OutboxQuestion }
  | { readonly type: 'settle'; readonly settlement: Settlement };

export interface OutboxStoreOptions {
  readonly database: Database;
  readonly log: LogWriter;
  /** Where a new destination begins. */
  readonly startAt: number;
  /** A record was written about the outbox itself. */
  readonly onHead: (head: SignedRow | undefined) => void;
}

/** What waits for a destination, kept up to date so that the log isn't read for it each time. */
interface Measured {
  readonly least: Rank;
  upTo: number;
  records: number;
  bytes: number;
}

/** Shedding goes down to nine tenths, so that a full outbox isn't walked for every batch. */
const SHED_TO = 0.9;

export class OutboxStore {
  readonly #log: LogWriter;
  readonly #startAt: number;
  readonly #onHead: OutboxStoreOptions['onHead'];
  readonly #rows: OutboxRows;
  readonly #measured = new Map<string, Measured>();
  readonly #epoch = randomUUID();

  constructor({ database, log, startAt, onHead }: OutboxStoreOptions) {
    this.#log = log;
    this.#startAt = startAt;
    this.#onHead = onHead;
    this.#rows = new OutboxRows(database);
  }

  answer(request: OutboxRequest): unknown {
    if (request.type === 'open') return this.#open(request);
    if (request.type === 'take') return this.#take(request.question);
    return this.#settle(request.settlement);
  }

  #open({ destinations, nowMs }: Extract<OutboxRequest, { type: 'open' }>): void {
    for (const known of this.#rows.destinations())
      if (!destinations.includes(known)) this.#forget(known, nowMs);
    for (const destination of destinations) this.#rows.begin(destination, this.#startAt);
  }

  /** Should it be named again, what was recorded meanwhile isn't meant for it. */
  #forget(destination: string, nowMs: number): void {
    const place = this.#rows.place(destination, this.#startAt);
    const { records } = this.#rows.sum(place, 0, place.settled, this.#log.size);
    const detail = `${destination} is not named any more: ${records} records that waited for it are not sent to it. They remain in the log of this device.`;
    this.#tell('telemetry-destination-removed', detail, nowMs, () => this.#rows.forget(destination));
    this.#measured.delete(destination);
  }

  #take(question: OutboxQuestion): OutboxBatch {
    const { destination, nowMs, format, worksCouncil } = question;
    // Allowed calls of people who must not be watched are counted, never sent one by one.
    const least: Rank = worksCouncil === undefined ? 0 : 1;
    this.#noticeShortened(destination, nowMs);
    this.#noticeExpired(destination, nowMs);
    this.#shed(question, least);
    const place = this.#rows.place(destination, this.#startAt);
    const size = this.#log.size;
    const rows = this.#withinBytes(this.#rows.next(place, least, question.maxRecords), question.maxBytes);
    const complete = rows.length < question.maxRecords && !rows.cut;
    const records = rows.map((row) => outboxRecord(row, format, worksCouncil));
    const upTo = complete ? size : (rows.at(-1)?.sequence ?? place.settled);
    const gap = this.#gap(destination, place.settled, upTo);
    if (gap !== undefined) records.push(noticeRecord({ ...gap, atMs: rows[0]?.atMs ?? 0 }, size, format));
    const head = question.withHead === false ? undefined : this.#rows.newestHead();
    const newHead = head !== undefined && head.size !== place.headSize ? head : undefined;
    if (newHead !== undefined) records.push(headRecord(newHead, format));
    for (const notice of question.notices) records.push(noticeRecord(notice, size, format));
    return {
      epoch: this.#epoch,
      records,
      upTo,
      headSize: newHead?.size,
      state: this.#state(destination, place, least),
    };
  }

  #settle({ destination, epoch, upTo, headSize, rejected }: Settlement): void {
    if (epoch !== this.#epoch) return;
    const place = this.#rows.place(destination, this.#startAt);
    this.#rows.settle(destination, Math.max(upTo, place.settled), headSize ?? place.headSize, rejected);
    this.#leave(destination, place, Math.max(upTo, place.settled));
  }

  #withinBytes(rows: readonly OutboxRow[], maxBytes: number): OutboxRow[] & { cut?: boolean } {
    const taken: OutboxRow[] & { cut?: boolean } = [];
    let bytes = 0;
    for (const row of rows) {
      bytes += row.bytes;
      if (taken.length > 0 && bytes > maxBytes) {
        taken.cut = true;
        return taken;
      }
      taken.push(row);
    }
    return taken;
  }

  #state(destination: string, place: Place, least: Rank): OutboxState {
    const { records, bytes } = this.#measure(destination, place, least);
    return { waiting: { records, bytes }, dropped: place.dropped, rejected: place.rejected };
  }

  #measure(destination: string, place: Place, least: Rank): Measured {
    const size = this.#log.size;
    const known = this.#measured.get(destination) ?? {
      least,
      upTo: place.settled,
      records: 0,
      bytes: 0,
    };
    if (known.upTo < size) {
      const added = this.#rows.sum(place, least, known.upTo, size);
      known.records += added.records;
      known.bytes += added.bytes;
      known.upTo = size;
    }
    this.#measured.set(destination, known);
    return known;
  }

  /** What was settled waits no longer: only the settled part is read, or a long backlog would be walked for each batch. */
  #leave(destination: string, place: Place, upTo: number): void {
    const known = this.#measured.get(destination);
    if (known === undefined || upTo > known.upTo) {
      this.#measured.delete(destination);
      return;
    }
    const left = this.#rows.sum(place, known.least, place.settled, upTo);
    known.records -= left.records;
    known.bytes -= left.bytes;
  }

  /** Allowed calls first, then warned ones, oldest first; never blocks, redactions or what the agent itself did. */
  #shed({ destination, capBytes, nowMs }: OutboxQuestion, least: Rank): void {
    let place = this.#rows.place(destination, this.#startAt);
    let { bytes } = this.#measure(destination, place, least);
    if (bytes <= capBytes) return;
    const dropped = { allowed: 0, warned: 0 };
    for (const rank of [0, 1] as const) {
      if (bytes <= capBytes || rank < least) continue;
      const given = this.#rows.oldest(place, rank, bytes - capBytes * SHED_TO);
      bytes -= given.bytes;
      dropped[rank === 0 ? 'allowed' : 'warned'] = given.records;
      place = rank === 0 ? { ...place, shedAllowed: given.upTo } : { ...place, shedWarned: given.upTo };
    }
    const count = dropped.allowed + dropped.warned;
    if (count === 0) return;
    const detail = `${count} records (${dropped.allowed} allowed calls, ${dropped.warned} warned) are not sent to ${destination}: more than ${Math.round(capBytes / 1e6)} MB waited for it. They remain in the log of this device.`;
    this.#tell('telemetry-dropped', detail, nowMs, () => this.#rows.shed(destination, place, count));
    this.#measured.delete(destination);
  }

  /** The policy's retention ended before the collector could be reached: what must be deleted isn't sent either. */
  #noticeExpired(destination: string, nowMs: number): void {
    const { settled } = this.#rows.place(destination, this.#startAt);
    const oldest = this.#rows.oldestSequence() ?? this.#log.size + 1;
    const gone = Math.min(oldest - 1, this.#rows.prunedUpTo()) - settled;
    if (gone <= 0) return;
    const detail = `${gone} records were deleted, as the policy's retention demands, before ${destination} could be reached.`;
    this.#tell('telemetry-expired', detail, nowMs, () =>
      this.#rows.skipTo(destination, settled + gone, gone),
    );
    this.#measured.delete(destination);
  }

  /** Told with the batch that passes it, until that is settled; in the log, heads and chain tell of it for good. */
  #gap(destination: string, after: number, upTo: number): Omit<Notice, 'atMs'> | undefined {
    const runs = this.#rows.missing(after, upTo);
    if (runs.length === 0) return undefined;
    this.#measured.delete(destination);
    return { code: 'audit-log-gap', detail: gapWords(runs) };
  }

  /** The collector has more than the log: whoever cut its end off did not know that. */
  #noticeShortened(destination: string, nowMs: number): void {
    const { settled } = this.#rows.place(destination, this.#startAt);
    const size = this.#log.size;
    if (settled <= size) return;
    const detail = `The log holds ${size} records, but ${destination} was sent ${settled}: its end was removed.`;
    this.#tell('audit-log-shortened', detail, nowMs, () => this.#rows.skipTo(destination, size, 0));
    this.#measured.delete(destination);
  }

  #tell(code: string, detail: string, nowMs: number, alongside: () => void): void {
    const body: EventBody = { kind: 'event', id: randomUUID(), atMs: nowMs, code, detail };
    this.#onHead(this.#log.appendWith(body, nowMs, alongside));
  }
}
