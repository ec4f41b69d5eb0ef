import type { Match } from '../../core/finding.ts';

interface Entry {
  readonly matches: readonly Match[];
  readonly untilMs: number;
}

/** What a service said about a text, by the text's hash: clients resend the whole conversation with every message. */
export class VerdictCache {
  readonly #entries = new Map<string, Entry>();
  readonly #maxEntries: number;
  readonly #keepMs: number;

  constructor(maxEntries: number, keepMs: number) {
    this.#maxEntries = maxEntries;
    this.#keepMs = keepMs;
  }

  get(key: string, nowMs: number): readonly Match[] | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.untilMs <= nowMs) return undefined;
    this.#entries.set(key, entry);
    return entry.matches;
  }

  set(key: string, matches: readonly Match[], nowMs: number): void {
    this.#entries.set(key, { matches, untilMs: nowMs + this.#keepMs });
    if (this.#entries.size > this.#maxEntries)
      this.#entries.delete(this.#entries.keys().next().value as string);
  }
}
