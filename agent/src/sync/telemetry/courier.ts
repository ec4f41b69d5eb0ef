/**
 * Carries the outbox to one destination: a batch at a time, in order, each until it is taken or refused for good.
 * Owns no timer: `step` does what is due and says when to come again, so that days pass in a test as in a second.
 */
import type { DeviceIdentity } from '../../core/device.ts';
import type { Outbox, OutboxBatch, OutboxRecord, OutboxState, WorksCouncil } from '../../core/outbox.ts';
import type { BackoffLimits } from './backoff.ts';
import { DeliveryHealth, type DeliveryView } from './delivery-health.ts';
import type { DeliveryProblem, DeliveryResult, Destination } from './destination.ts';
import { type AgentFacts, heartbeatNotice, heartbeatRecord } from './heartbeat.ts';
import { refusesEverything } from './problems.ts';

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

export interface CourierView extends DeliveryView {
  readonly name: string;
  readonly outbox: OutboxState | undefined;
  readonly delivered: number;
  readonly lastRefusal: Refusal | undefined;
}

/** Records that the destination refused for good: they are set aside, counted, and stay in the log. */
export interface Refusal {
  readonly atMs: number;
  readonly records: number;
  /** Place in the log, where it is known which record it was. */
  readonly sequence: number | undefined;
  readonly problem: DeliveryProblem;
}

/** Serialising this many costs the event loop a few milliseconds, no more. */
const MAX_RECORDS = 100;
const MAX_BYTES = 512 * 1024;
/** New records wait this long for company. */
export const GATHER_MS = 5_000;
const DELIVERY_TIMEOUT_MS = 30_000;
const BACKOFF: BackoffLimits = { firstMs: 5_000, lastMs: 300_000 };
/** A collector that refuses one record after the other isn't to be asked a thousand times a second. */
const AFTER_REFUSAL_MS = 1_000;

export class Courier {
  readonly #options: CourierOptions;
  readonly #health: DeliveryHealth;
  #limit = MAX_RECORDS;
  #delivered = 0;
  #lastRefusal: Refusal | undefined;
  #outbox: OutboxState | undefined;
  #heartbeatAtMs = 0;
  #pausedUntilMs = 0;
  #skippedTo: number | undefined;

  constructor(options: CourierOptions) {
    this.#options = options;
    this.#health = new DeliveryHealth(options, BACKOFF);
  }

  view(): CourierView {
    return {
      ...this.#health.view(),
      name: this.#options.destination.name,
      outbox: this.#outbox,
      delivered: this.#delivered,
      lastRefusal: this.#lastRefusal,
    };
  }

  /** Does what is due; resolves with how long there is nothing to do unless news comes. Never rejects. */
  async step(abort: AbortSignal): Promise<number> {
    const nowMs = this.#options.uptimeMs();
    const waitMs = Math.max(this.#health.waitMs(), this.#pausedUntilMs - nowMs);
    if (waitMs > 0) return waitMs;
    try {
      return await this.#deliverNext(nowMs, abort);
    } catch (error) {
      // The writer's thread or the disk: the records' own health tells of it.
      const why = error instanceof Error ? error.message : String(error);
      return this.#health.failed({ code: 'outbox-unreadable', text: `The outbox can't be read: ${why}` });
    }
  }

  async #deliverNext(nowMs: number, abort: AbortSignal): Promise<number> {
    // A record that may be the reason of a refusal goes alone: what else goes along could be the reason as well.
    const alone = this.#limit === 1;
    const heartbeatDue = nowMs >= this.#heartbeatAtMs && !alone;
    const batch = await this.#take(heartbeatDue, alone);
    this.#outbox = batch.state;
    if (batch.records.length === 0) {
      if (alone) this.#limit = MAX_RECORDS;
      await this.#skipTo(batch);
      return alone ? 0 : this.#heartbeatAtMs - nowMs;
    }
    const signal = AbortSignal.any([abort, AbortSignal.timeout(DELIVERY_TIMEOUT_MS)]);
    const result = await this.#options.destination.deliver(batch.records, signal);
    if (result.type === 'later') return this.#health.failed(result.problem, result.retryAfterMs);
    if (result.type === 'unacceptable') return this.#refused(batch, result.problem, alone, signal);
    await this.#taken(batch, result);
    if (heartbeatDue) this.#heartbeatSent();
    const more = batch.state.waiting.records > inLog(batch);
    return more ? 0 : Math.max(0, this.#heartbeatAtMs - nowMs);
  }

  /** What is to be sent next, the heartbeat included. */
  async #take(heartbeatDue: boolean, alone: boolean): Promise<OutboxBatch> {
    const { outbox, destination, worksCouncil, capBytes, dateMs } = this.#options;
    const asEntry = destination.format === 'entry';
    const batch = await outbox.take({
      destination: destination.name,
      format: destination.format,
      maxRecords: this.#limit,
      maxBytes: MAX_BYTES,
      capBytes,
      nowMs: dateMs(),
      notices: heartbeatDue && !asEntry ? [this.#heartbeat().notice] : [],
      worksCouncil,
      withHead: !alone,
    });
    if (heartbeatDue && asEntry) return { ...batch, records: [...batch.records, this.#heartbeat().record] };
    return batch;
  }

  #heartbeat() {
    const { facts, device, dateMs } = this.#options;
    const told = facts();
    const notice = heartbeatNotice(told, this.#outbox, device, dateMs());
    return { notice, record: heartbeatRecord(told, this.#outbox, notice) };
  }

  #heartbeatSent(): void {
    const { uptimeMs, heartbeatMs, random } = this.#options;
    this.#heartbeatAtMs = uptimeMs() + heartbeatMs * (0.9 + random() / 5);
  }

  /** Nothing in the log up to there is for this destination; without this it would be read again and again. */
  async #skipTo({ epoch, upTo, headSize }: OutboxBatch): Promise<void> {
    const { outbox, destination } = this.#options;
    if (upTo === this.#skippedTo) return;
    await outbox.settle({ destination: destination.name, epoch, upTo, headSize, rejected: 0 });
    this.#skippedTo = upTo;
  }

  async #taken(batch: OutboxBatch, { rejected: told, problem }: Delivered): Promise<void> {
    const sent = inLog(batch);
    const rejected = Math.min(told, sent);
    await this.#settle(batch, rejected);
    this.#health.succeeded(problem, true);
    this.#limit = Math.min(MAX_RECORDS, this.#limit * 2);
    this.#delivered += sent - rejected;
    if (rejected > 0 && problem !== undefined) this.#setAside(rejected, undefined, problem);
  }

  /** Smaller and smaller batches, until the record that can't be taken is found. */
  async #refused(
    batch: OutboxBatch,
    problem: DeliveryProblem,
    alone: boolean,
    signal: AbortSignal,
  ): Promise<number> {
    const fromLog = inLog(batch);
    if (fromLog === 0) return this.#health.failed(refusesEverything(problem));
    if (!alone) {
      this.#limit = Math.max(1, Math.floor(fromLog / 2));
      return 0;
    }
    // A collector that takes nothing at all is set up wrongly: that must not cost the outbox one record after the other.
    const probe = await this.#options.destination.deliver([this.#heartbeat().record], signal);
    if (probe.type === 'later') return this.#health.failed(probe.problem, probe.retryAfterMs);
    if (probe.type === 'unacceptable' || probe.rejected > 0)
      return this.#health.failed(refusesEverything(problem));
    this.#heartbeatSent();
    await this.#settle(batch, 1);
    this.#health.succeeded(problem, false);
    this.#setAside(1, batch.records.find(isInLog)?.sequence, problem);
    this.#pausedUntilMs = this.#options.uptimeMs() + AFTER_REFUSAL_MS;
    return AFTER_REFUSAL_MS;
  }

  #setAside(records: number, sequence: number | undefined, problem: DeliveryProblem): void {
    this.#lastRefusal = { atMs: this.#options.dateMs(), records, sequence, problem };
  }

  async #settle(batch: OutboxBatch, rejected: number): Promise<void> {
    const { outbox, destination } = this.#options;
    const { epoch, upTo, headSize, state } = batch;
    await outbox.settle({ destination: destination.name, epoch, upTo, headSize, rejected });
    const sent = inLog(batch);
    const { waiting, dropped } = state;
    this.#outbox = {
      // As it stood when the batch was taken, less the batch; measured again with the next one.
      waiting: {
        records: Math.max(0, waiting.records - sent),
        bytes: waiting.records <= sent ? 0 : Math.round(waiting.bytes * (1 - sent / waiting.records)),
      },
      dropped,
      rejected: state.rejected + rejected,
    };
  }
}

type Delivered = Extract<DeliveryResult, { type: 'delivered' }>;

const inLog = ({ records }: { readonly records: readonly OutboxRecord[] }): number =>
  records.filter(isInLog).length;

const isInLog = ({ sequence }: OutboxRecord): boolean => sequence !== undefined;
