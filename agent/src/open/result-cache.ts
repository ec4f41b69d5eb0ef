import type { OpenedAttachment } from '../core/attachment.ts';

interface Entry {
  readonly opened: OpenedAttachment;
  readonly chars: number;
  forgetter: NodeJS.Timeout;
}

/** Results by content hash; bounded by the text in them, each forgotten some time after its last use. */
export class ResultCache {
  readonly #entries = new Map<string, Entry>();
  readonly #keepMs: number;
  readonly #maxChars: number;
  #chars = 0;

  constructor(keepMs: number, maxChars: number) {
    this.#keepMs = keepMs;
    this.#maxChars = maxChars;
  }

  get(key: string): OpenedAttachment | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.forgetter.refresh();
    return entry.opened;
  }

  set(key: string, opened: OpenedAttachment): void {
    const chars = opened.reduce((sum, { text, name = '' }) => sum + text.length + name.length + 100, 0);
    if (chars > this.#maxChars) return;
    this.#forget(key);
    const forgetter = setTimeout(() => this.#forget(key), this.#keepMs).unref();
    this.#entries.set(key, { opened, chars, forgetter });
    this.#chars += chars;
    while (this.#chars > this.#maxChars) this.#forget(this.#entries.keys().next().value as string);
  }

  clear(): void {
    for (const key of [...this.#entries.keys()]) this.#forget(key);
  }

  #forget(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    clearTimeout(entry.forgetter);
    this.#entries.delete(key);
    this.#chars -= entry.chars;
  }
}
