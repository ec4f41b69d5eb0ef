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

interface Remembered {
  readonly entries: Map<string, readonly Match[]>;
  /**
   * Goes over the entries once, in the order they were last used: what it has passed is gone or stands at the end. One
   * made for each eviction would have to pass the traces of all that were deleted before.
   */
  readonly oldest: MapIterator<string>;
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
      const entries = new Map<string, readonly Match[]>();
      remembered = { entries, oldest: entries.keys() };
      known.set(detector, remembered);
    }
    return remembered;
  }

  return {
    scan(detector, text) {
      if (text.length < minChars) return detector.scan(text);
      const { entries, oldest } = rememberedOf(detector);
      const key = hash('sha256', text, 'base64');
      const found = entries.get(key);
      if (found !== undefined) {
        hits++;
        entries.delete(key);
        entries.set(key, found);
        return found;
      }
      misses++;
      const matches = detector.scan(text);
      entries.set(key, matches);
      if (entries.size > maxEntries) entries.delete(oldest.next().value as string);
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
