import { hash } from 'node:crypto';
import type { Detector, Match } from '../core/finding.ts';

/**
 * Remembers what was found in texts seen before: clients resend the whole conversation with every message. Keyed by
 * the text's SHA-256 (0.8 ms per MB, where a scan costs 5 and a Map keyed by the text itself 1.5), so that no prompt
 * text outlives its request; kept in memory only.
 */
export interface ScanCache {
  /** The same as `detector.scan(text)`. */
  scan(detector: Detector, text: string): readonly Match[];
  readonly hits: number;
  readonly misses: number;
}

/** One remembered text, between its neighbours in the order of use. */
interface Entry {
  readonly key: string;
  readonly matches: readonly Match[];
  older: Entry | undefined;
  newer: Entry | undefined;
}

/**
 * A list beside the map: the map's own order would have to be asked by an iterator, and one that is kept holds every
 * table which the map has outgrown since (300 bytes a call), while one made anew passes the traces of all the deleted.
 */
class Remembered {
  readonly #entries = new Map<string, Entry>();
  #oldest: Entry | undefined;
  #newest: Entry | undefined;

  get size(): number {
    return this.#entries.size;
  }

  /** Counts as a use. */
  get(key: string): readonly Match[] | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry !== this.#newest) {
      this.#unlink(entry);
      this.#append(entry);
    }
    return entry.matches;
  }

  /** `key` is not yet known. */
  add(key: string, matches: readonly Match[]): void {
    const entry: Entry = { key, matches, older: undefined, newer: undefined };
    this.#entries.set(key, entry);
    this.#append(entry);
  }

  dropOldest(): void {
    const oldest = this.#oldest;
    if (oldest === undefined) return;
    this.#entries.delete(oldest.key);
    this.#unlink(oldest);
  }

  #append(entry: Entry): void {
    entry.older = this.#newest;
    entry.newer = undefined;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
  }

  #unlink({ older, newer }: Entry): void {
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
  }
}

export interface ScanCacheOptions {
  /** Texts remembered per detector; the one unused for longest goes first. An entry takes about 150 bytes. */
  readonly maxEntries?: number;
  /** Shorter texts are scanned outright: that is as fast as asking. */
  readonly minChars?: number;
}

export function createScanCache({ maxEntries = 20_000, minChars = 512 }: ScanCacheOptions = {}): ScanCache {
  const known = new WeakMap<Detector, Remembered>();
  let hits = 0;
  let misses = 0;

  function rememberedOf(detector: Detector): Remembered {
    let remembered = known.get(detector);
    if (remembered === undefined) {
      remembered = new Remembered();
      known.set(detector, remembered);
    }
    return remembered;
  }

  return {
    scan(detector, text) {
      if (text.length < minChars) return detector.scan(text);
      const remembered = rememberedOf(detector);
      const key = hash('sha256', text, 'base64');
      const found = remembered.get(key);
      if (found !== undefined) {
        hits++;
        return found;
      }
      misses++;
      const matches = detector.scan(text);
      remembered.add(key, matches);
      if (remembered.size > maxEntries) remembered.dropOldest();
      return matches;
    },
    get hits() {
      return hits;
    },
    get misses() {
      return misses;
    },
  };
}
