import {
  type Detector,
  type Finding,
  isRequestDetector,
  type Match,
  type RequestDetector,
  type StreamScan,
  type StreamScanner,
} from '../core/finding.ts';
import { maskFor } from '../core/placeholder.ts';
import { AskedText, tearsJson } from './asked-text.ts';
import type { ChannelCut, GateObserver, ResponseGuardrail, TextEvent } from './guardrail.ts';
import { addRedaction, editsWithin, type Redaction } from './redaction.ts';
import { SpelledScanner } from './spelled-scanner.ts';
import { scanWhole } from './whole-text.ts';
import type { Window } from './windows.ts';

/** How a detector looks at a text that comes in pieces. */
export type OpenScanner = (detector: Detector) => StreamScanner;

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

/** Another service on one channel: it is asked about windows, and text waits until it has spoken. */
interface AskedWatch {
  readonly detector: RequestDetector;
  readonly guardrails: readonly ResponseGuardrail[];
  readonly holds: boolean;
  readonly text: AskedText;
  snapshot: AskedText | undefined;
}

const DEFAULT_WINDOW_CHARS = 400;
const NOBODY: readonly AskedWatch[] = [];

/** The text of one channel of a response: scanned as it grows, with what must be redacted and how far it is cleared. */
export class Channel {
  /** UTF-16 code units received as deltas. */
  length = 0;
  /** As far as our own detectors are concerned. */
  #searchedUpTo = Number.POSITIVE_INFINITY;
  /** Deltas before this are out. */
  #emittedUpTo = 0;
  readonly redactions: Redaction[] = [];
  readonly #first: TextEvent;
  readonly #observer: GateObserver;
  readonly #uneditable: 'block' | 'pass';
  readonly #guardrails: readonly ResponseGuardrail[];
  readonly #open: OpenScanner;
  readonly #told = new Set<string>();
  #watches: Watch[];
  #asked: readonly AskedWatch[] = NOBODY;

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
    this.#watches = [];
    for (const [detector, users] of Map.groupBy(covering, (one) => one.detector)) {
      const holds = users.some((one) => this.#effect(one) !== 'warn' || one.onFailure === 'block');
      const watch = { guardrails: users, holds, snapshot: undefined };
      if (isRequestDetector(detector)) {
        const text = new AskedText(windowCharsOf(detector));
        this.#asked = [...this.#asked, { ...watch, detector, text }];
      } else this.#watches.push({ ...watch, detector, scanner: undefined, base: 0, safeUpTo: 0 });
    }
  }

  /** Text before this offset may go out. */
  get clearedUpTo(): number {
    let cleared = this.#searchedUpTo;
    for (const { holds, text } of this.#asked) if (holds) cleared = Math.min(cleared, text.clearedUpTo);
    return cleared;
  }

  /** True if it is the text of the deltas, rather than a repetition that differs. */
  asks(asked: AskedText): boolean {
    return this.#asked.some(({ text }) => text === asked);
  }

  delta(text: string): ChannelCut | undefined {
    const start = this.length;
    this.length += text.length;
    for (const watch of this.#asked) this.#ask(watch, watch.text, watch.text.push(text));
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
    for (const watch of this.#asked) this.#ask(watch, watch.text, watch.text.end());
    const cut = this.#advance((watch) => {
      const scan = watch.scanner?.end();
      watch.scanner = undefined;
      return scan;
    });
    if (cut === undefined) this.#searchedUpTo = Number.POSITIVE_INFINITY;
    return cut;
  }

  /** A repetition of the whole text: its own redactions, the same as the deltas'. */
  snapshot(event: TextEvent): {
    readonly redactions: readonly Redaction[];
    readonly cut: ChannelCut | undefined;
    /** Texts whose windows have to be cleared before it may go out. */
    readonly asked: readonly AskedText[];
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
    const asked = this.#asked.flatMap((watch) => {
      const text = this.#askAboutSnapshot(watch, event.text);
      return watch.holds ? [text] : [];
    });
    return { redactions, cut, asked };
  }

  /** Edits for the delta `[start, end)`. Call in order: redactions that lie behind are forgotten. */
  takeEdits(pointer: string, start: number, end: number) {
    this.#emittedUpTo = end;
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
    this.#searchedUpTo = cleared;
    return cut;
  }

  /** A repetition of what the service has seen as deltas is the same text. */
  #askAboutSnapshot(watch: AskedWatch, text: string): AskedText {
    if (watch.text.text === text) {
      this.#ask(watch, watch.text, watch.text.end());
      return watch.text;
    }
    if (watch.snapshot?.text !== text) {
      const whole = new AskedText(windowCharsOf(watch.detector));
      watch.snapshot = whole;
      this.#ask(watch, whole, [...whole.push(text), ...whole.end()]);
    }
    return watch.snapshot as AskedText;
  }

  #ask(watch: AskedWatch, asked: AskedText, windows: readonly Window[]): void {
    const { channel, kind } = this.#first;
    for (const window of windows) {
      this.#observer.ask?.({
        detector: watch.detector,
        text: { channel, kind, text: window.text },
        channel,
        asked,
        answered: (matches) => this.#answered(watch, asked, window, matches),
        failed: (error) => {
          const cut = this.#tellFailure(watch.guardrails, error, asked.clearedUpTo);
          if (cut === undefined) asked.settle(window);
          return cut;
        },
      });
    }
  }

  #answered(
    { text, guardrails }: AskedWatch,
    asked: AskedText,
    window: Window,
    matches: readonly Match[],
  ): ChannelCut | undefined {
    let cut: ChannelCut | undefined;
    const redactions: Redaction[] = [];
    for (const match of matches) {
      // An opinion without a place is about the window; what was sent along for context has had its own.
      const isAboutAll = match.start <= 0 && match.end >= window.text.length;
      const start = isAboutAll ? window.start : window.contextStart + match.start;
      const placed = { ...match, start, end: window.contextStart + match.end };
      const relative = { start: start - window.contextStart, end: match.end };
      const editable = this.#first.json !== true || !tearsJson(window.text, relative);
      cut = earlier(cut, this.#judgeOne(guardrails, placed, redactions, editable));
    }
    for (const redaction of redactions) {
      addRedaction(asked.redactions, redaction);
      // What is out can't be taken back: the rest of it is removed.
      const from = Math.max(redaction.start, this.#emittedUpTo);
      if (asked === text && redaction.end > from)
        addRedaction(this.redactions, { ...redaction, start: from });
    }
    if (cut === undefined) asked.settle(window);
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
      cut = earlier(cut, this.#judgeOne(watch.guardrails, placed, redactions, true));
    }
    return cut;
  }

  #judgeOne(
    guardrails: readonly ResponseGuardrail[],
    placed: Match,
    redactions: Redaction[],
    editable: boolean,
  ): ChannelCut | undefined {
    let cut: ChannelCut | undefined;
    for (const guardrail of guardrails) {
      if (!guardrail.accepts(placed)) continue;
      const effect = this.#effect(guardrail, editable);
      const rank = this.#guardrails.indexOf(guardrail);
      if (effect === 'restore') {
        const value = guardrail.replacementFor?.(placed, this.#first);
        if (value !== undefined)
          addRedaction(redactions, { start: placed.start, end: placed.end, placeholder: value, rank });
        continue;
      }
      const finding = this.#tell(guardrail, placed, editable);
      if (effect === 'block') {
        cut = earlier(cut, { from: placed.start, cause: { type: 'finding', guardrail, finding } });
      } else if (effect === 'redact') {
        const placeholder = maskFor(placed.kind);
        addRedaction(redactions, { start: placed.start, end: placed.end, placeholder, rank });
      }
    }
    return cut;
  }

  /** Text that the provider signs can't be redacted without breaking the call's next turn. */
  #effect(guardrail: ResponseGuardrail, editable = true): ResponseGuardrail['action'] {
    if (guardrail.action !== 'redact' || (this.#first.editable && editable)) return guardrail.action;
    return this.#uneditable === 'block' ? 'block' : 'warn';
  }

  #tell(guardrail: ResponseGuardrail, match: Match, editable: boolean): Finding {
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
      this.#observer.found(guardrail, finding, editable);
    }
    return finding;
  }

  #fail(watch: Watch, error: unknown): ChannelCut | undefined {
    this.#watches = this.#watches.filter((one) => one !== watch);
    return this.#tellFailure(watch.guardrails, error, watch.safeUpTo);
  }

  #tellFailure(
    guardrails: readonly ResponseGuardrail[],
    error: unknown,
    from: number,
  ): ChannelCut | undefined {
    for (const guardrail of guardrails) this.#observer.failed(guardrail, error);
    const blocking = guardrails.find((one) => one.onFailure === 'block');
    return blocking && { from, cause: { type: 'failure', guardrail: blocking, error } };
  }
}

const windowCharsOf = ({ windowChars = DEFAULT_WINDOW_CHARS }: RequestDetector): number => windowChars;

function earlier(a: ChannelCut | undefined, b: ChannelCut | undefined): ChannelCut | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.from < a.from ? b : a;
}
