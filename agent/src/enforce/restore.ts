import type { Detector, Match, StreamScan, StreamScanner } from '../core/finding.ts';
import type { Vault } from '../core/placeholder.ts';
import type { ResponseGuardrail, TextEvent } from './guardrail.ts';
import { CODE_AT_END, MAX_PLACEHOLDER_LENGTH, OPEN_PLACEHOLDER } from './vault.ts';

/**
 * Puts hidden values back where the model used their placeholders: in the answer's text, and in its tool calls where
 * the rule that hid them allows that. Text that the provider signs, and thinking, stays as the model wrote it, and so
 * do words in a URL: a web page that has given the model orders would get the value by a link or an image.
 */
export function restoreGuardrail(vault: Vault, service: string): ResponseGuardrail {
  return {
    id: 'restore-placeholders',
    action: 'restore',
    detector: placeholderDetector(vault, service),
    onFailure: 'warn',
    covers: ({ editable, kind }) => editable && kind !== 'thinking',
    accepts: () => true,
    replacementFor: ({ kind: code }, event) => valueFor(vault, service, code, event),
  };
}

function valueFor(vault: Vault, service: string, code: string, event: TextEvent): string | undefined {
  const entry = vault.find(service, code);
  if (entry === undefined) return undefined;
  if (event.kind === 'tool-call' && (!entry.restoreInToolCalls || ACTIVE.test(entry.value))) return undefined;
  // Inside JSON that is itself a string, the value has to be one of that JSON's strings.
  return event.json ? JSON.stringify(entry.value).slice(1, -1) : entry.value;
}

/**
 * What a shell takes for more than a word. The model didn't see the value when it wrote the command around it, and who
 * wrote the value may be a web page.
 */
const ACTIVE = /[`$;|&<>\r\n]/;

/** Whether a text stands in a URL, and the end that may go on into one. */
interface UrlState {
  readonly inUrl: boolean;
  readonly last: string;
}

const START: UrlState = { inUrl: false, last: '' };
const ENDS_RUN = /[\s"'`]/;
/** Also as JSON may write it. */
const URL_MARK = /\/\\{0,3}\//;
const MARK_CHARS = 4;

function urlStateAfter({ inUrl, last }: UrlState, text: string): UrlState {
  const joined = last + text;
  let from = joined.length;
  while (from > 0 && !ENDS_RUN.test(joined.charAt(from - 1))) from--;
  const run = joined.slice(from);
  return { inUrl: (from === 0 && inUrl) || URL_MARK.test(run), last: run.slice(-MARK_CHARS) };
}

/** Finds the words that the vault has given out; a match's `kind` is its code. */
function placeholderDetector(vault: Vault, service: string): Detector {
  const scan: Scan = (text, state) => {
    const matches: Match[] = [];
    let before = state;
    let from = 0;
    for (const { 1: code = '', 0: tail, index } of text.matchAll(CODE_AT_END)) {
      const entry = vault.find(service, code);
      if (entry === undefined) continue;
      const end = index + tail.length;
      const start = end - entry.placeholder.length;
      if (start < from || !text.startsWith(entry.placeholder, start)) continue;
      before = urlStateAfter(before, text.slice(from, start));
      from = start;
      if (!before.inUrl) matches.push(matchOf(code, start, end));
    }
    return matches;
  };
  return {
    id: 'placeholders',
    scan: (text) => scan(text, START),
    openStream: () => new PlaceholderStream(scan),
  };
}

type Scan = (text: string, before: UrlState) => Match[];

const matchOf = (code: string, start: number, end: number): Match => ({
  kind: code,
  label: 'placeholder',
  severity: 'low',
  confidence: 'high',
  start,
  end,
});

/** A word is known at its last character, so all that waits is the longest end that could begin one. */
class PlaceholderStream implements StreamScanner {
  readonly #scan: Scan;
  /** Of what stands before the tail. */
  #before: UrlState = START;
  #tail = '';
  /** Of the tail's start, in the whole text. */
  #offset = 0;

  constructor(scan: Scan) {
    this.#scan = scan;
  }

  push(delta: string): StreamScan {
    this.#tail += delta;
    const matches = this.#scan(this.#tail, this.#before).map((match) => ({
      ...match,
      start: match.start + this.#offset,
      end: match.end + this.#offset,
    }));
    const done = matches.at(-1)?.end ?? this.#offset;
    const window = this.#tail.slice(-(MAX_PLACEHOLDER_LENGTH - 1));
    const open = OPEN_PLACEHOLDER.exec(window);
    const end = this.#offset + this.#tail.length;
    const safeUpTo = Math.max(done, end - (open === null ? 0 : window.length - open.index));
    this.#before = urlStateAfter(this.#before, this.#tail.slice(0, safeUpTo - this.#offset));
    this.#tail = this.#tail.slice(safeUpTo - this.#offset);
    this.#offset = safeUpTo;
    return { matches, safeUpTo };
  }

  end(): StreamScan {
    const safeUpTo = this.#offset + this.#tail.length;
    this.#tail = '';
    this.#offset = safeUpTo;
    return { matches: [], safeUpTo };
  }
}
