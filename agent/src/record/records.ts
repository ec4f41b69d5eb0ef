/**
 * Keeps what happened: the ledger's exchanges and the tamper-evident audit log, in one SQLite file. This room alone
 * touches SQLite. It knows core and nothing of the other rooms; it decides nothing, never sees traffic, and writes no
 * prompt or answer text unless the policy asks for it.
 *
 * The caller's thread only queues: a record costs it a few microseconds. A worker thread commits in groups.
 */
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { Outbox, OutboxBatch } from '../core/outbox.ts';
import type { EventRecord, ExchangeRecord } from '../core/records.ts';
import type { SpendChanges, SpendSnapshot } from '../core/spend.ts';
import { type AuditBody, eventBody, exchangeBody } from './audit/body.ts';
import { RecordError, type RecordErrorCode } from './errors.ts';
import type { LogItem } from './log-writer.ts';
import { type QueuedItem, queuedItem, RecordQueue, type Tally } from './queue.ts';
import type { Records, RecordsHealth, RecordsOptions, RecordsState } from './records-contract.ts';
import type {
  ExchangeFilter,
  ExchangePage,
  SeenApp,
  StoredExchange,
  UsageQuery,
  UsageReport,
} from './reports/query.ts';
import type { DurabilitySettings } from './writer-protocol.ts';
import { startWriter, type WriterThread } from './writer-thread.ts';

const COMMIT_EVERY_MS = 50;
const COMMIT_AT_RECORDS = 500;
const MAX_BATCH_RECORDS = 2_000;
const STALLED_AFTER_MS = 10_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
const RETENTION_EVERY_MS = 3_600_000;
const CLOSE_WITHIN_MS = 2_000;
const DAY_MS = 86_400_000;
const DEFAULT_SOFT_CHARS = 16_000_000;

/** Throws RecordError: `unsafe-path`, `newer-database`, `bad-key`, `disk-full`, `write-failed`. */
export async function openRecords(options: RecordsOptions): Promise<Records> {
  const records = new QueuedRecords(options);
  await records.open();
  return records;
}

interface Batch {
  readonly items: readonly QueuedItem[];
  /** What the queue gave up, and the record that says so. */
  readonly tally: Tally | undefined;
  readonly tallyItem: QueuedItem | undefined;
  /** Order of the last record it settles. */
  readonly upTo: number;
}

interface FlushWaiter {
  readonly upTo: number;
  readonly resolve: () => void;
  readonly reject: (error: RecordError) => void;
}

class QueuedRecords implements Records {
  readonly #options: RecordsOptions;
  readonly #queue: RecordQueue;
  #writer: WriterThread | undefined;
  #inFlight: Batch | undefined;
  #mayBeCommitted = false;
  #handedOver = 0;
  #settled = 0;
  #committed = 0;
  #waiters: FlushWaiter[] = [];
  #timer: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #retryTimer: NodeJS.Timeout | undefined;
  #stallTimer: NodeJS.Timeout | undefined;
  #retentionTimer: NodeJS.Timeout | undefined;
  #state: RecordsState = 'ok';
  #problem: string | undefined;
  #setAside: string | undefined;
  #durability: DurabilitySettings | undefined;

  constructor(options: RecordsOptions) {
    this.#options = options;
    const softChars = options.maxQueuedChars ?? DEFAULT_SOFT_CHARS;
    this.#queue = new RecordQueue({ softChars, hardChars: softChars * 4 });
  }

  async open(): Promise<void> {
    await this.#startWriter();
    this.#retentionTimer = setInterval(() => this.#retainInBackground(), RETENTION_EVERY_MS);
    this.#retentionTimer.unref();
    this.#retainInBackground();
  }

  exchange(record: ExchangeRecord): void {
    const body = exchangeBody(record);
    const { content } = record;
    const keep = content !== undefined && this.#options.contentAllowed();
    // JSON leaves out what is undefined.
    this.#add(
      body,
      keep ? { body, content: { request: content.request, response: content.response } } : { body },
    );
  }

  event(record: EventRecord): void {
    const body = eventBody(record);
    this.#add(body, { body });
  }

  flush(): Promise<void> {
    if (this.#state === 'closed') return Promise.reject(new RecordError('closed', 'the records are closed'));
    if (this.#settled === this.#handedOver && !this.#queue.owesTally) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ upTo: this.#handedOver, resolve, reject });
      // Whoever waits gets an answer now, not at the next attempt.
      if (this.#writer !== undefined) this.#stopRetrying();
      this.#send();
    });
  }

  health(): RecordsHealth {
    return {
      state: this.#state,
      problem: this.#problem,
      queued: this.#queue.length + (this.#inFlight?.items.length ?? 0),
      committed: this.#committed,
      dropped: this.#queue.droppedTotal,
      setAside: this.#setAside,
      durability: this.#durability,
    };
  }

  async usageReport(query: UsageQuery): Promise<UsageReport> {
    return (await this.#thread().query({ type: 'usage', query })) as UsageReport;
  }

  async listExchanges(
    page: ExchangePage = {},
    filter: ExchangeFilter = {},
  ): Promise<readonly StoredExchange[]> {
    return (await this.#thread().query({ type: 'list', page, filter })) as readonly StoredExchange[];
  }

  async findExchange(id: string): Promise<StoredExchange | undefined> {
    return (await this.#thread().query({ type: 'find', id })) as StoredExchange | undefined;
  }

  async seenApps(): Promise<readonly SeenApp[]> {
    return (await this.#thread().query({ type: 'apps' })) as readonly SeenApp[];
  }

  deleteContents(): Promise<number> {
    return this.#thread().deleteContents();
  }

  async loadSpend(): Promise<SpendSnapshot> {
    return (await this.#thread().query({ type: 'spend' })) as SpendSnapshot;
  }

  async saveSpend(changes: SpendChanges): Promise<void> {
    await this.#thread().saveSpend(changes);
  }

  readonly outbox: Outbox = {
    open: async (destinations) => {
      await this.#thread().outbox({ type: 'open', destinations, nowMs: this.#options.nowMs() });
    },
    take: async (question) => (await this.#thread().outbox({ type: 'take', question })) as OutboxBatch,
    settle: async (settlement) => {
      await this.#thread().outbox({ type: 'settle', settlement });
    },
  };

  async applyRetention(): Promise<number> {
    const nowMs = this.#options.nowMs();
    return this.#thread().prune(nowMs - this.#options.retentionDays() * DAY_MS, nowMs);
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    const late = setTimeout(
      () => this.#rejectWaiters('write-failed', 'closing took too long'),
      CLOSE_WITHIN_MS,
    );
    try {
      await this.flush();
    } catch (error) {
      this.#options.log?.('error', `${this.#queue.length} records could not be written: ${String(error)}`);
    }
    clearTimeout(late);
    this.#state = 'closed';
    for (const timer of [this.#timer, this.#retryTimer, this.#stallTimer]) clearTimeout(timer);
    clearInterval(this.#retentionTimer);
    await this.#writer?.close(CLOSE_WITHIN_MS);
  }

  #add(body: AuditBody, item: LogItem): void {
    if (this.#state === 'closed') {
      this.#options.log?.('warn', `A record came after the end and was not kept: ${body.kind} ${body.id}`);
      return;
    }
    this.#handedOver++;
    this.#queue.push(queuedItem(body, JSON.stringify(item), this.#handedOver));
    if (this.#queue.length >= COMMIT_AT_RECORDS) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), COMMIT_EVERY_MS);
  }

  /** One batch is under way at a time: the next one grows while the disk works (group commit). */
  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const idle = this.#inFlight === undefined && this.#retryTimer === undefined;
    if (!idle || this.#writer === undefined || this.#state === 'closed') return;
    const items = this.#queue.take(MAX_BATCH_RECORDS);
    const tally = this.#queue.takeTally();
    if (items.length === 0 && tally === undefined) {
      this.#resolveWaiters();
      return;
    }
    const nowMs = this.#options.nowMs();
    const tallyItem = tally && droppedItem(tally, nowMs, this.#handedOver);
    const texts = items.map((item) => item.json);
    if (tallyItem !== undefined) texts.push(tallyItem.json);
    // What the queue gave up counts as settled with this batch: its tally stands for it.
    const upTo = (this.#queue.oldestOrder ?? this.#handedOver + 1) - 1;
    this.#inFlight = { items, tally, tallyItem, upTo };
    this.#stallTimer = setTimeout(() => this.#stalled(), STALLED_AFTER_MS);
    this.#writer.append(`[${texts.join(',')}]`, nowMs, this.#mayBeCommitted);
  }

  #appended(setAside: string | undefined): void {
    clearTimeout(this.#stallTimer);
    if (setAside !== undefined) this.#replaced(setAside);
    const batch = this.#inFlight;
    this.#inFlight = undefined;
    this.#mayBeCommitted = false;
    this.#retryMs = FIRST_RETRY_MS;
    if (this.#state !== 'ok') this.#options.log?.('info', 'The records are being written again.');
    this.#state = 'ok';
    this.#problem = undefined;
    this.#committed += batch?.items.length ?? 0;
    this.#settled = batch?.upTo ?? this.#settled;
    this.#resolveWaiters();
    if (this.#waiters.length > 0 || this.#queue.length >= COMMIT_AT_RECORDS) this.#send();
    else if (this.#queue.length > 0) this.#timer ??= setTimeout(() => this.#send(), COMMIT_EVERY_MS);
  }

  #failed(code: RecordErrorCode, message: string): void {
    clearTimeout(this.#stallTimer);
    const batch = this.#inFlight;
    this.#inFlight = undefined;
    if (batch !== undefined) this.#putBack(batch);
    const state = code === 'disk-full' ? 'disk-full' : 'write-failing';
    if (this.#state !== state) this.#options.log?.('error', message);
    this.#state = state;
    this.#problem = message;
    this.#rejectWaiters(code, message);
    this.#retryLater(() => this.#send());
  }

  #putBack({ items, tally, tallyItem }: Batch): void {
    // If it may have been committed, the tally keeps its id, by which the writer recognises it.
    if (tallyItem !== undefined && this.#mayBeCommitted) {
      this.#queue.putBack([...items, tallyItem]);
      return;
    }
    this.#queue.putBack(items);
    if (tally !== undefined) this.#queue.putBackTally(tally);
  }

  #stalled(): void {
    if (this.#state !== 'ok') return;
    this.#state = 'stalled';
    this.#problem = `The disk has not finished a write for ${STALLED_AFTER_MS / 1_000} s.`;
    this.#options.log?.('error', this.#problem);
  }

  /** The thread ended by itself, which no code path intends: a new one, and the batch again, without doubles. */
  #died(cause: string): void {
    if (this.#state === 'closed') return;
    this.#writer = undefined;
    this.#mayBeCommitted ||= this.#inFlight !== undefined;
    this.#failed('write-failed', `The records' writer stopped: ${cause}`);
    this.#stopRetrying();
    this.#retryLater(() => {
      this.#startWriter().then(
        () => this.#send(),
        (error: unknown) => this.#died(String(error)),
      );
    });
  }

  async #startWriter(): Promise<void> {
    const { file, keyFile = join(dirname(file), 'audit-key.pem'), nowMs, maxBytes } = this.#options;
    const writer = await startWriter(
      { file, keyFile, nowMs: nowMs(), maxBytes },
      {
        appended: (setAside) => this.#appended(setAside),
        failed: (code, message) => this.#failed(code, message),
        anchorFailed: (message) => this.#options.log?.('warn', `The audit head file: ${message}`),
        died: (cause) => this.#died(cause),
      },
    );
    this.#writer = writer;
    this.#durability = writer.settings;
    if (writer.setAside !== undefined) this.#replaced(writer.setAside);
  }

  #replaced(setAside: string): void {
    this.#setAside = setAside;
    this.#options.onReplaced?.(setAside);
    this.#options.log?.(
      'error',
      `The database was damaged; it was set aside as ${setAside} and a new one made.`,
    );
  }

  #retryLater(work: () => void): void {
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      work();
    }, this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
  }

  #stopRetrying(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
  }

  #retainInBackground(): void {
    this.applyRetention().catch((error: unknown) => {
      this.#options.log?.('warn', `Old records could not be deleted, next try in an hour: ${String(error)}`);
    });
  }

  #thread(): WriterThread {
    // A thread that has ended answers nothing.
    if (this.#state === 'closed') throw new RecordError('closed', 'the records are closed');
    if (this.#writer === undefined) throw new RecordError('write-failed', this.#problem ?? 'not open');
    return this.#writer;
  }

  #resolveWaiters(): void {
    const done = this.#waiters.filter(({ upTo }) => upTo <= this.#settled);
    this.#waiters = this.#waiters.filter(({ upTo }) => upTo > this.#settled);
    for (const { resolve } of done) resolve();
  }

  #rejectWaiters(code: RecordErrorCode, message: string): void {
    const waiting = this.#waiters;
    this.#waiters = [];
    for (const { reject } of waiting) reject(new RecordError(code, message));
  }
}

function droppedItem(tally: Tally, nowMs: number, order: number): QueuedItem {
  const body: AuditBody = { kind: 'dropped', id: randomUUID(), atMs: nowMs, ...tally };
  return queuedItem(body, JSON.stringify({ body } satisfies LogItem), order);
}
