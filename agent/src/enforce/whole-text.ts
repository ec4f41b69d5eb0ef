import type { Detector, Match, StreamScanner } from '../core/finding.ts';
import { SpelledScanner } from './spelled-scanner.ts';

const NOTHING: readonly Match[] = [];

/** Where nothing leaves before the end, a text is scanned once, whole: the same matches for half the work. */
export class WholeText implements StreamScanner {
  readonly #detector: Detector;
  #text = '';

  constructor(detector: Detector) {
    this.#detector = detector;
  }

  push(delta: string): ReturnType<StreamScanner['push']> {
    this.#text += delta;
    return { matches: NOTHING, safeUpTo: 0 };
  }

  end(): ReturnType<StreamScanner['end']> {
    return { matches: this.#detector.scan(this.#text), safeUpTo: this.#text.length };
  }
}

/** All matches in a complete text, as it stands and as what its escapes stand for. */
export function scanWhole(detector: Detector, text: string): readonly Match[] {
  if (!text.includes('\\')) return detector.scan(text);
  const scanner = new SpelledScanner(() => new WholeText(detector));
  scanner.push(text);
  return scanner.end().matches;
}
