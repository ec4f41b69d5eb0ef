/**
 * Carries the outbox to one destination: a batch at a time, in order, each until it is taken or refused for good.
 * Owns no timer: `step` does what is due and says when to come again, so that days pass in a test as in a second.
 */
import type { DeviceIdentity } from '../../core/device.ts';
import type { Outbox, OutboxBatch, OutboxRecord, OutboxState, WorksCouncil } from '../../core/outbox.ts';
import { type BackoffLimits, retryDelayMs } from './backoff.ts';
import type { DeliveryProblem, DeliveryResult, Destination } from './destination.ts';
import { type AgentFacts, heartbeatNotice, heartbeatRecord } from './heartbeat.ts';

export interface CourierOptions {
  readonly outbox: Outbox;
  readonly destination: Destination;
  readonly device: DeviceIdentity;
  readonly facts: () => AgentFacts;
  readonly worksCouncil?: WorksCouncil | undefined;
  readonly heartbeatMs: number;
  readonly capBytes: number;
  /** Runs on in sleep or not, but is never set back. */
  readonly uptimeMs: () => number;
  readonly dateMs: () => number;
  readonly random: () => number;
}

export interface CourierView {
  readonly name: string;
  readonly lastDeliveryAtMs: number | undefined;
  readonly outbox: OutboxState | undefined;
  /** In a row; 0 when the last attempt went well. */
  readonly failures: number;
  readonly failuresTotal: number;
  readonly delivered: number;
  readonly problem: DeliveryProblem | undefined;
  readonly nextAttemptInMs: number;
}

/** Serialising this many costs the event loop a few milliseconds, no more. */
const MAX_RECORDS = 100;
const MAX_BYTES = 512 * 1024;
/** New records wait this long for company. */
export const GATHER_MS = 5_000;
const DELIVERY_TIMEOUT_MS = 30_000;
const BACKOFF: BackoffLimits = { firstMs: 5_000, lastMs: 300_000 };

export class Courier {
  readonly #options: CourierOptions;
  #limit = MAX_RECORDS;
  #failures = 0;
  #failuresTotal = 0;
  #delivered = 0;
  #problem: DeliveryProblem | undefined;
  #outbox: OutboxState | undefined;
  #lastDeliveryAtMs: number | undefined;
  #notBeforeMs = 0;
  #heartbeatAtMs = 0;
  #heartbeat: OutboxRecord | undefined;

  constructor(options: CourierOptions) {
    this.#options = options;
  }

  view(): CourierView {
    return {
      name: this.#options.destination.name,
      lastDeliveryAtMs: this.#lastDeliveryAtMs,
      outbox: this.#outbox,
      failures: this.#failures,
      failuresTotal: this.#failuresTotal,
      delivered: this.#delivered,
      problem: this.#problem,
      nextAttemptInMs: Math.max(0, this.#notBeforeMs - this.#options.uptimeMs()),
    };
  }

  /** Does what is due; resolves with how long there is nothing to do unless news comes. Never rejects. */
  async step(abort: AbortSignal): Promise<number> {
    const { uptimeMs } = this.#options;
    const nowMs = uptimeMs();
    if (nowMs < this.#notBeforeMs) return this.#notBeforeMs - nowMs;
    try {
      return await this.#deliverNext(nowMs, abort);
    } catch (error) {
      // The writer's thread or the disk: the records' own health tells of it.
      const why = error instanceof Error ? error.message : String(error);
      return this.#failed({ code: 'outbox-unreadable', text: `The outbox can't be read: ${why}` }, undefined);
    }
  }

  async #deliverNext(nowMs: number, abort: AbortSignal): Promise<number> {
    const { outbox, destination } = this.#options;
    const heartbeatDue = nowMs >= this.#heartbeatAtMs;
    const batch = await this.#take(heartbeatDue);
    this.#outbox = batch.state;
    const records = this.#heartbeat === undefined ? batch.records : [...batch.records, this.#heartbeat];
    this.#heartbeat = undefined;
    if (records.length === 0) {
      await this.#skipTo(batch);
      return this.#heartbeatAtMs - nowMs;
    }
    const signal = AbortSignal.any([abort, AbortSignal.timeout(DELIVERY_TIMEOUT_MS)]);
    const result = await destination.deliver(records, signal);
    if (result.type === 'later') return this.#failed(result.problem, result.retryAfterMs);
    const fromLog = inLog(batch);
    if (result.type === 'unacceptable' && fromLog === 0) return this.#failed(result.problem, undefined);
    if (result.type === 'unacceptable' && fromLog > 1) {
      this.#limit = Math.floor(fromLog / 2);
      this.#problem = result.problem;
      this.#failuresTotal++;
      return 0;
    }
    // A receiver that can't take a single record never will.
    const rejected = result.type === 'delivered' ? Math.min(result.rejected, fromLog) : fromLog;
    await outbox.settle({
      destination: destination.name,
      epoch: batch.epoch,
      upTo: batch.upTo,
      headSize: batch.headSize,
      rejected,
    });
    this.#succeeded(result, batch, rejected, heartbeatDue);
    const more = batch.state.waiting.records > fromLog;
    return more ? 0 : Math.max(0, this.#heartbeatAtMs - nowMs);
  }

  async #take(heartbeatDue: boolean): Promise<OutboxBatch> {
    const { outbox, destination, facts, device, worksCouncil, capBytes, dateMs } = this.#options;
    const told = facts();
    const notice = heartbeatDue ? heartbeatNotice(told, this.#outbox, device, dateMs()) : undefined;
    const asEntry = destination.format === 'entry';
    this.#heartbeat = notice && asEntry ? heartbeatRecord(told, this.#outbox, notice) : undefined;
    return outbox.take({
      destination: destination.name,
      format: destination.format,
      maxRecords: this.#limit,
      maxBytes: MAX_BYTES,
      capBytes,
      nowMs: dateMs(),
      notices: notice === undefined || asEntry ? [] : [notice],
      worksCouncil,
    });
  }

  /** Nothing in the log up to there is for this destination; without this it would be read again and again. */
  async #skipTo({ epoch, upTo, headSize }: OutboxBatch): Promise<void> {
    const { outbox, destination } = this.#options;
    if (upTo === this.#skippedTo) return;
    await outbox.settle({ destination: destination.name, epoch, upTo, headSize, rejected: 0 });
    this.#skippedTo = upTo;
  }
  #skippedTo: number | undefined;

  #failed(problem: DeliveryProblem, retryAfterMs: number | undefined): number {
    this.#failures++;
    this.#failuresTotal++;
    this.#problem = problem;
    const delay = retryDelayMs(this.#failures, this.#options.random(), retryAfterMs, BACKOFF);
    this.#notBeforeMs = this.#options.uptimeMs() + delay;
    return delay;
  }

  #succeeded(result: DeliveryResult, batch: OutboxBatch, rejected: number, heartbeatDue: boolean): void {
    const { dateMs, uptimeMs, heartbeatMs, random } = this.#options;
    this.#failures = 0;
    this.#problem = result.problem;
    this.#limit = Math.min(MAX_RECORDS, this.#limit * 2);
    if (result.type === 'delivered') {
      this.#lastDeliveryAtMs = dateMs();
      this.#delivered += inLog(batch) - rejected;
    }
    const sent = inLog(batch);
    const { waiting, dropped } = batch.state;
    this.#outbox = {
      // As it stood when the batch was taken, less the batch; measured again with the next one.
      waiting: {
        records: Math.max(0, waiting.records - sent),
        bytes: waiting.records <= sent ? 0 : Math.round(waiting.bytes * (1 - sent / waiting.records)),
      },
      dropped,
      rejected: batch.state.rejected + rejected,
    };
    if (heartbeatDue) this.#heartbeatAtMs = uptimeMs() + heartbeatMs * (0.9 + random() / 5);
  }
}

const inLog = ({ records }: OutboxBatch): number =>
  records.filter(({ sequence }) => sequence !== undefined).length;
