import type { Detector, Finding, Match, StreamScan, StreamScanner } from '../core/finding.ts';
import { maskFor } from '../core/placeholder.ts';
import type { CutCause, GateObserver, ResponseGuardrail, TextEvent } from './guardrail.ts';
import { addRedaction, editsWithin, type Redaction } from './redaction.ts';
import { SpelledScanner } from './spelled-scanner.ts';
import { scanWhole } from './whole-text.ts';

/** How a detector looks at a text that comes in pieces. */
export type OpenScanner = (detector: Detector) => StreamScanner;

/** A channel must be cut; text from `from` on has not been cleared. */
export interface ChannelCut {
  readonly from: number;
  readonly cause: CutCause;
}

/** One detector on one channel, for all guardrails that use it. */
interface Watch {
  readonly detector: Detector;
  readonly guardrails: readonly ResponseGuardrail[];
  /** False if all of them only warn. */
  readonly holds: boolean;
  scanner: StreamScanner | undefined;
  /** Where the scanner's text starts in the channel. */
  base: number;
  safeUpTo: number;
  snapshot: { readonly text: string; readonly matches: readonly Match[] } | undefined;
}

/** The text of one channel of a response: scanned as it grows, with what must be redacted and how far it is cleared. */
export class Channel {
  /** UTF-16 code units received as deltas. */
  length = 0;
  /** Text before this offset may go out. */
  clearedUpTo = Number.POSITIVE_INFINITY;
  readonly redactions: Redaction[] = [];
  readonly #first: TextEvent;
  readonly #observer: GateObserver;
  readonly #uneditable: 'block' | 'pass';
  readonly #guardrails: readonly ResponseGuardrail[];
  readonly #open: OpenScanner;
  readonly #told = new Set<string>();
  #watches: Watch[];

  constructor(
    first: TextEvent,
    guardrails: readonly ResponseGuardrail[],
    observer: GateObserver,
    uneditable: 'block' | 'pass',
    open: OpenScanner,
  ) {
    this.#first = first;
    this.#observer = observer;
    this.#uneditable = uneditable;
    this.#guardrails = guardrails;
    this.#open = open;
    const covering = guardrails.filter((one) => one.covers(first));
    this.#watches = [...Map.groupBy(covering, (one) => one.detector)].map(([detector, users]) => ({
      detector,
      guardrails: users,
      holds: users.some((one) => this.#effect(one) !== 'warn' || one.onFailure === 'block'),
      scanner: undefined,
      base: 0,
      safeUpTo: 0,
      snapshot: undefined,
    }));
  }

  delta(text: string): ChannelCut | undefined {
    const start = this.length;
    this.length += text.length;
    return this.#advance((watch) => {
      if (watch.scanner === undefined) {
        watch.scanner = this.#openScanner(watch);
        watch.base = start;
      }
      return watch.scanner.push(text);
    });
  }

  /** No more text for now: what was held is decided. Deltas that come nevertheless start a text of their own. */
  end(): ChannelCut | undefined {
    const cut = this.#advance((watch) => {
      const scan = watch.scanner?.end();
      watch.scanner = undefined;
      return scan;
    });
    if (cut === undefined) this.clearedUpTo = Number.POSITIVE_INFINITY;
    return cut;
  }

  /** A repetition of the whole text: its own redactions, the same as the deltas'. */
  snapshot(event: TextEvent): {
    readonly redactions: readonly Redaction[];
    readonly cut: ChannelCut | undefined;
  } {
    const redactions: Redaction[] = [];
    let cut: ChannelCut | undefined;
    for (const watch of this.#watches) {
      try {
        if (watch.snapshot?.text !== event.text) {
          watch.snapshot = { text: event.text, matches: scanWhole(watch.detector, event.text) };
        }
        cut = earlier(cut, this.#judge(watch, watch.snapshot.matches, 0, redactions));
      } catch (error) {
        cut = earlier(cut, this.#fail(watch, error));
      }
    }
    return { redactions, cut };
  }

  /** Edits for the delta `[start, end)`. Call in order: redactions that lie behind are forgotten. */
  takeEdits(pointer: string, start: number, end: number) {
    const edits = editsWithin(this.redactions, pointer, start, end);
    while (this.redactions.length > 0 && (this.redactions[0] as Redaction).end <= end)
      this.redactions.shift();
    return edits;
  }

  /** Placeholders are words that nobody escapes; all else is also searched as what its escapes stand for. */
  #openScanner({ detector, guardrails }: Watch): StreamScanner {
    if (guardrails.every(({ action }) => action === 'restore')) return this.#open(detector);
    return new SpelledScanner(() => this.#open(detector));
  }

  #advance(scan: (watch: Watch) => StreamScan | undefined): ChannelCut | undefined {
    let cut: ChannelCut | undefined;
    let cleared = Number.POSITIVE_INFINITY;
    for (const watch of this.#watches) {
      try {
        const result = scan(watch);
        if (result === undefined) continue;
        watch.safeUpTo = watch.base + result.safeUpTo;
        if (result.matches.length > 0) {
          cut = earlier(cut, this.#judge(watch, result.matches, watch.base, this.redactions));
        }
        if (watch.holds) cleared = Math.min(cleared, watch.safeUpTo);
      } catch (error) {
        cut = earlier(cut, this.#fail(watch, error));
      }
    }
    this.clearedUpTo = cleared;
    return cut;
  }

  #judge(
    watch: Watch,
    matches: readonly Match[],
    base: number,
    redactions: Redaction[],
  ): ChannelCut | undefined {
    let cut: ChannelCut | undefined;
    for (const match of matches) {
      const placed = base === 0 ? match : { ...match, start: match.start + base, end: match.end + base };
      for (const guardrail of watch.guardrails) {
        if (!guardrail.accepts(match)) continue;
        const effect = this.#effect(guardrail);
        const rank = this.#guardrails.indexOf(guardrail);
        if (effect === 'restore') {
          const value = guardrail.replacementFor?.(match, this.#first);
          if (value !== undefined)
            addRedaction(redactions, { start: placed.start, end: placed.end, placeholder: value, rank });
          continue;
        }
        const finding = this.#tell(guardrail, placed);
        if (effect === 'block') {
          cut = earlier(cut, { from: placed.start, cause: { type: 'finding', guardrail, finding } });
        } else if (effect === 'redact') {
          const placeholder = maskFor(match.kind);
          addRedaction(redactions, { start: placed.start, end: placed.end, placeholder, rank });
        }
      }
    }
    return cut;
  }

  /** Text that the provider signs can't be redacted without breaking the call's next turn. */
  #effect(guardrail: ResponseGuardrail): ResponseGuardrail['action'] {
    if (guardrail.action !== 'redact' || this.#first.editable) return guardrail.action;
    return this.#uneditable === 'block' ? 'block' : 'warn';
  }

  #tell(guardrail: ResponseGuardrail, match: Match): Finding {
    const finding: Finding = {
      ...match,
      detector: guardrail.detector.id,
      direction: 'response',
      place: this.#first.channel,
      partKind: this.#first.kind,
      role: this.#first.kind === 'tool-result' ? 'tool' : 'assistant',
    };
    const key = `${guardrail.id} ${match.kind} ${match.start} ${match.end}`;
    if (!this.#told.has(key)) {
      this.#told.add(key);
      this.#observer.found(guardrail, finding);
    }
    return finding;
  }

  #fail(watch: Watch, error: unknown): ChannelCut | undefined {
    this.#watches = this.#watches.filter((one) => one !== watch);
    for (const guardrail of watch.guardrails) this.#observer.failed(guardrail, error);
    const blocking = watch.guardrails.find((one) => one.onFailure === 'block');
    if (blocking === undefined) return undefined;
    return { from: watch.safeUpTo, cause: { type: 'failure', guardrail: blocking, error } };
  }
}

function earlier(a: ChannelCut | undefined, b: ChannelCut | undefined): ChannelCut | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.from < a.from ? b : a;
}
