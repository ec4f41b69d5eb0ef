import { hash } from 'node:crypto';
import type { Match } from '../../core/finding.ts';
import { type OwnReply, ReplyTooLarge, type SendHttp } from '../../core/http.ts';
import type { RemoteCheck, RemoteText } from '../../core/remote.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import type { RemoteCounters } from './counters.ts';
import { distinct, moved, piecesOf } from './pieces.ts';
import type { Provider, ProviderCall, RemoteRule } from './provider.ts';
import { asRemoteError, RemoteCheckError } from './remote-check-error.ts';
import { Slots } from './slots.ts';
import { VerdictCache } from './verdict-cache.ts';

export interface RemoteCheckPorts {
  readonly send: SendHttp;
  /** A clock that is never set back: deadlines, memory, the breaker. */
  readonly nowMs: () => number;
  /** The date, for signatures: a laptop's monotonic clock may stand still while it sleeps. */
  readonly dateMs: () => number;
  /** Content of the rule's credential file. Throws RemoteCheckError. */
  readonly credential: () => string | undefined;
  readonly counters: RemoteCounters;
  readonly log: (code: string, detail: string) => void;
}

const MAX_REPLY_BYTES = 1024 * 1024;
const MAX_WAITING = 256;
const CACHED_TEXTS = 5_000;
const CACHE_MS = 3_600_000;
const BREAKER = { failures: 5, openMs: 10_000, maxOpenMs: 120_000 };
/** Sampling decides by the text's hash: this many equal shares. */
const SHARES = 0x1_0000_0000;

interface Open {
  readonly key: string;
  readonly text: RemoteText;
}

/** One rule's service: remembers, samples, cuts to size, asks within the deadline, and leaves a dead service alone. */
export class ServiceCheck implements RemoteCheck {
  readonly #rule: RemoteRule;
  readonly #provider: Provider;
  readonly #ports: RemoteCheckPorts;
  readonly #breaker = new CircuitBreaker(BREAKER);
  readonly #slots: Slots;
  readonly #cache = new VerdictCache(CACHED_TEXTS, CACHE_MS);

  constructor(rule: RemoteRule, provider: Provider, ports: RemoteCheckPorts) {
    this.#rule = rule;
    this.#provider = provider;
    this.#ports = ports;
    this.#slots = new Slots(rule.maxConcurrent, MAX_WAITING);
  }

  async check(
    texts: readonly RemoteText[],
    direction: 'request' | 'response',
  ): Promise<readonly (readonly Match[])[]> {
    const keys = texts.map((text) => keyOf(text, direction));
    const open = this.#notKnown(texts, keys);
    const answered = open.length === 0 ? NOTHING : await this.#ask(open, direction);
    const nowMs = this.#ports.nowMs();
    return keys.map((key) => answered.get(key) ?? this.#cache.get(key, nowMs) ?? []);
  }

  /** Each text once, without those that have been answered or aren't in the sample. */
  #notKnown(texts: readonly RemoteText[], keys: readonly string[]): readonly Open[] {
    const { counters } = this.#ports;
    const nowMs = this.#ports.nowMs();
    const open = new Map<string, Open>();
    for (const [index, text] of texts.entries()) {
      const key = keys[index] as string;
      if (open.has(key)) continue;
      if (this.#cache.get(key, nowMs) !== undefined) counters.remembered++;
      else if (!isInSample(key, this.#rule.samplePercent)) counters.notInSample++;
      else open.set(key, { key, text });
    }
    return [...open.values()];
  }

  async #ask(
    open: readonly Open[],
    direction: 'request' | 'response',
  ): Promise<Map<string, readonly Match[]>> {
    const { counters } = this.#ports;
    const startedMs = this.#ports.nowMs();
    const deadline = AbortSignal.timeout(this.#rule.timeoutMs);
    counters.asked++;
    try {
      const chars = open.reduce((sum, { text }) => sum + text.text.length, 0);
      if (chars > this.#rule.maxChars) throw new RemoteCheckError('too-much-text');
      const answered = await beforeDeadline(deadline, this.#askAll(open, direction, deadline));
      counters.answered++;
      return answered;
    } catch (error) {
      const failure = deadline.aborted
        ? new RemoteCheckError('timeout', { cause: error })
        : asRemoteError(error);
      counters.failed[failure.code] = (counters.failed[failure.code] ?? 0) + 1;
      throw failure;
    } finally {
      counters.waitedMs += this.#ports.nowMs() - startedMs;
    }
  }

  async #askAll(
    open: readonly Open[],
    direction: 'request' | 'response',
    signal: AbortSignal,
  ): Promise<Map<string, readonly Match[]>> {
    const { maxChars, maxTexts } = this.#provider;
    const pieces = open.flatMap(({ key, text }) =>
      piecesOf(text.text, maxChars).map(({ offset, text: piece }) => ({
        key,
        offset,
        text: { ...text, text: piece },
      })),
    );
    const found = new Map<string, Match[]>(open.map(({ key }) => [key, []]));
    const left = new Map<string, number>();
    for (const { key } of pieces) left.set(key, (left.get(key) ?? 0) + 1);
    const answered = new Map<string, readonly Match[]>();
    const answer = (key: string): void => {
      left.set(key, (left.get(key) ?? 0) - 1);
      if (left.get(key) !== 0) return;
      const matches = distinct(found.get(key) ?? []);
      answered.set(key, matches);
      // At once: what was answered before the deadline needn't be asked again by a second attempt.
      this.#cache.set(key, matches, this.#ports.nowMs());
    };
    await Promise.all(
      inBatches(pieces, maxTexts, maxChars).map(async (batch) => {
        const texts = batch.map(({ text }) => text);
        for (const matches of await this.#askBatch(texts, direction, signal)) {
          for (const [index, { key, offset }] of batch.entries())
            found.get(key)?.push(...moved(matches[index] ?? [], offset));
        }
        for (const { key } of batch) answer(key);
      }),
    );
    return answered;
  }

  async #askBatch(texts: readonly RemoteText[], direction: 'request' | 'response', signal: AbortSignal) {
    const credential = this.#ports.credential();
    const nowMs = this.#ports.dateMs();
    const calls = await this.#provider.calls({ texts, direction, nowMs, credential });
    return Promise.all(calls.map((call) => this.#slots.use(signal, () => this.#call(call, signal))));
  }

  async #call(call: ProviderCall, signal: AbortSignal): Promise<readonly (readonly Match[])[]> {
    if (!this.#breaker.mayCall(this.#ports.nowMs())) throw new RemoteCheckError('service-down');
    let reply: OwnReply;
    try {
      reply = await this.#send(call, signal);
      if (reply.status >= 500 || reply.status === 429) throw new RemoteCheckError('refused');
    } catch (error) {
      this.#noteFailure();
      throw error;
    }
    // It answers: whatever it says, it isn't dead.
    if (this.#breaker.succeeded())
      this.#ports.log('remote-check-up', `${this.#rule.id}: the service answers again`);
    if (reply.status < 200 || reply.status > 299) throw new RemoteCheckError('refused');
    try {
      return call.read(JSON.parse(Buffer.from(reply.body).toString('utf8')));
    } catch (cause) {
      throw cause instanceof RemoteCheckError ? cause : new RemoteCheckError('bad-answer', { cause });
    }
  }

  async #send({ url, headers, body }: ProviderCall, signal: AbortSignal): Promise<OwnReply> {
    const { counters, send } = this.#ports;
    counters.calls++;
    counters.sentChars += body.length;
    try {
      return await send({
        url,
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
        body,
        signal,
        maxReplyBytes: MAX_REPLY_BYTES,
      });
    } catch (cause) {
      if (signal.aborted) throw new RemoteCheckError('timeout', { cause });
      throw new RemoteCheckError(cause instanceof ReplyTooLarge ? 'answer-too-large' : 'unreachable', {
        cause,
      });
    }
  }

  #noteFailure(): void {
    if (!this.#breaker.failed(this.#ports.nowMs())) return;
    this.#ports.counters.opened++;
    this.#ports.log(
      'remote-check-down',
      `${this.#rule.id}: the service doesn't answer; calls no longer wait for it`,
    );
  }
}

const NOTHING: ReadonlyMap<string, readonly Match[]> = new Map();

/** The same words mean something else as a tool's result, and in an answer. */
const keyOf = ({ text, kind, role }: RemoteText, direction: string): string =>
  hash('sha256', `${direction} ${role} ${kind}\n${text}`, 'hex');

const isInSample = (key: string, percent: number): boolean =>
  percent >= 100 || Number.parseInt(key.slice(0, 8), 16) < (SHARES * percent) / 100;

function inBatches<Piece extends { readonly text: RemoteText }>(
  pieces: readonly Piece[],
  maxTexts: number,
  maxChars: number,
): readonly (readonly Piece[])[] {
  const batches: Piece[][] = [];
  let chars = Number.POSITIVE_INFINITY;
  for (const piece of pieces) {
    const size = piece.text.text.length;
    const last = batches.at(-1);
    if (last === undefined || last.length >= maxTexts || chars + size > maxChars) {
      batches.push([piece]);
      chars = size;
    } else {
      last.push(piece);
      chars += size;
    }
  }
  return batches;
}

/** A sender that doesn't heed its signal must not hold up anybody. */
function beforeDeadline<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const tooLate = (): void => reject(new RemoteCheckError('timeout'));
    signal.addEventListener('abort', tooLate, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', tooLate));
  });
}
