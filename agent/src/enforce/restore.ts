import type { Detector, Match, StreamScan, StreamScanner } from '../core/finding.ts';
import type { Vault } from '../core/placeholder.ts';
import type { ResponseGuardrail, TextEvent } from './guardrail.ts';
import { CODE_AT_END, MAX_PLACEHOLDER_LENGTH, OPEN_PLACEHOLDER } from './vault.ts';

/**
 * Puts hidden values back where the model used their placeholders: in the answer's text, and in its tool calls where
 * the rule that hid them allows that. Text that the provider signs, and thinking, stays as the model wrote it.
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
  if (entry === undefined || (event.kind === 'tool-call' && !entry.restoreInToolCalls)) return undefined;
  // Inside JSON that is itself a string, the value has to be one of that JSON's strings.
  return event.json ? JSON.stringify(entry.value).slice(1, -1) : entry.value;
}

/** Finds the words that the vault has given out; a match's `kind` is its code. */
function placeholderDetector(vault: Vault, service: string): Detector {
  const scan = (text: string): Match[] => {
    const matches: Match[] = [];
    for (const { 1: code = '', 0: tail, index } of text.matchAll(CODE_AT_END)) {
      const entry = vault.find(service, code);
      if (entry === undefined) continue;
      const end = index + tail.length;
      const start = end - entry.placeholder.length;
      if (text.startsWith(entry.placeholder, start)) matches.push(matchOf(code, start, end));
    }
    return matches;
  };
  return { id: 'placeholders', scan, openStream: () => new PlaceholderStream(scan) };
}

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
  readonly #scan: (text: string) => readonly Match[];
  #tail = '';
  /** Of the tail's start, in the whole text. */
  #offset = 0;

  constructor(scan: (text: string) => readonly Match[]) {
    this.#scan = scan;
  }

  push(delta: string): StreamScan {
    this.#tail += delta;
    const matches = this.#scan(this.#tail).map((match) => ({
      ...match,
      start: match.start + this.#offset,
      end: match.end + this.#offset,
    }));
    const done = matches.at(-1)?.end ?? this.#offset;
    const window = this.#tail.slice(-(MAX_PLACEHOLDER_LENGTH - 1));
    const open = OPEN_PLACEHOLDER.exec(window);
    const end = this.#offset + this.#tail.length;
    const safeUpTo = Math.max(done, end - (open === null ? 0 : window.length - open.index));
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
