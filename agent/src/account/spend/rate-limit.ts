/** Requests and tokens per minute, and calls at once, for one subject of one limit. Time is a monotonic clock's. */
import type { LimitState, LimitTerms, Stop } from '../../core/spend.ts';

const MINUTE_MS = 60_000;

/** A bucket that holds one minute's worth and fills evenly. */
class Bucket {
  #level: number;
  #atMs: number;

  constructor(perMinute: number, atMs: number) {
    this.#level = perMinute;
    this.#atMs = atMs;
  }

  /** How long until `amount` fits; 0 if it does now. What is larger than a whole minute's worth fits a full bucket. */
  waitMs(perMinute: number, amount: number, atMs: number): number {
    this.#fill(perMinute, atMs);
    const missing = Math.min(amount, perMinute) - this.#level;
    return missing <= 0 ? 0 : (missing / perMinute) * MINUTE_MS;
  }

  /** What is left of this minute's worth, in whole units. */
  left(perMinute: number, atMs: number): number {
    this.#fill(perMinute, atMs);
    return Math.max(0, Math.floor(this.#level));
  }

  /** May go below nothing: what was used counts, also where it was expected to be less. */
  take(amount: number): void {
    this.#level -= amount;
  }

  #fill(perMinute: number, atMs: number): void {
    // A clock that goes back fills nothing and loses nothing.
    const passedMs = Math.max(0, atMs - this.#atMs);
    this.#level = Math.min(perMinute, this.#level + (passedMs / MINUTE_MS) * perMinute);
    this.#atMs = Math.max(this.#atMs, atMs);
  }
}

export class RateLimit {
  readonly #requests: Bucket;
  readonly #tokens: Bucket;
  streams = 0;

  constructor(terms: LimitTerms, atMs: number) {
    this.#requests = new Bucket(terms.requestsPerMinute ?? 0, atMs);
    this.#tokens = new Bucket(terms.tokensPerMinute ?? 0, atMs);
  }

  check(terms: LimitTerms, subject: string, tokens: number, atMs: number): Stop | undefined {
    const stop = (
      which: 'requests' | 'tokens' | 'streams',
      limit: number,
      waitMs: number | undefined,
    ): Stop => ({
      kind: 'limit',
      terms,
      subject,
      which,
      limit,
      waitMs,
    });
    const { requestsPerMinute, tokensPerMinute, concurrentStreams } = terms;
    if (requestsPerMinute !== undefined) {
      const waitMs = this.#requests.waitMs(requestsPerMinute, 1, atMs);
      if (waitMs > 0) return stop('requests', requestsPerMinute, waitMs);
    }
    if (tokensPerMinute !== undefined) {
      const waitMs = this.#tokens.waitMs(tokensPerMinute, tokens, atMs);
      if (waitMs > 0) return stop('tokens', tokensPerMinute, waitMs);
    }
    if (concurrentStreams !== undefined && this.streams >= concurrentStreams) {
      return stop('streams', concurrentStreams, undefined);
    }
    return undefined;
  }

  /** Each undefined where the terms set no such limit. */
  state({ requestsPerMinute, tokensPerMinute, concurrentStreams }: LimitTerms, atMs: number): LimitState {
    return {
      requestsLeft:
        requestsPerMinute === undefined ? undefined : this.#requests.left(requestsPerMinute, atMs),
      tokensLeft: tokensPerMinute === undefined ? undefined : this.#tokens.left(tokensPerMinute, atMs),
      openStreams: concurrentStreams === undefined ? undefined : this.streams,
    };
  }

  begin(tokens: number): void {
    this.#requests.take(1);
    this.#tokens.take(tokens);
    this.streams += 1;
  }

  /** `correction`: tokens used beyond what was taken; negative if fewer. */
  end(correction: number): void {
    this.#tokens.take(correction);
    this.streams -= 1;
  }
}
