/**
 * Tells when a file's text has changed, however it was changed: written in place, renamed over (editors), reached
 * through a symlink that was swapped (Kubernetes, MDM), gone and back. Folder events make it quick where they work;
 * a poll makes it certain where they don't (network file systems, containers).
 */
import fs from 'node:fs';
import path from 'node:path';

export interface FileWatcherOptions {
  readonly file: string;
  /** The new text, also after the file was missing. Not called for the text at the start: watch first, then load. */
  readonly onText: (text: string) => void;
  /** The file has gone, or can't be read; told once until it is back. */
  readonly onMissing?: (cause: Error) => void;
  readonly debounceMs?: number;
  readonly pollMs?: number;
}

export interface FileWatcher {
  /** Looks now instead of at the next poll. */
  check(): void;
  close(): void;
}

const DEBOUNCE_MS = 100;
const POLL_MS = 2000;

export function watchFile(options: FileWatcherOptions): FileWatcher {
  const watcher = new Watcher(options);
  return { check: () => watcher.check(), close: () => watcher.close() };
}

class Watcher {
  readonly #options: FileWatcherOptions;
  readonly #poll: NodeJS.Timeout;
  #debounce: NodeJS.Timeout | undefined;
  #folder: { readonly watcher: fs.FSWatcher; readonly identity: string } | undefined;
  #signature: string;
  #text: string | undefined;
  #missing = false;
  #closed = false;

  constructor(options: FileWatcherOptions) {
    this.#options = options;
    this.#signature = signatureOf(options.file);
    this.#text = this.#read();
    this.#missing = this.#text === undefined;
    this.#attach();
    this.#poll = setInterval(() => this.check(), options.pollMs ?? POLL_MS);
    this.#poll.unref();
  }

  check(): void {
    if (this.#closed) return;
    this.#attach();
    if (signatureOf(this.#options.file) !== this.#signature) this.#soon();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#debounce);
    this.#folder?.watcher.close();
  }

  /** Waits until the writer has paused: a half-written file is nobody's intention. */
  #soon(): void {
    clearTimeout(this.#debounce);
    const before = signatureOf(this.#options.file);
    this.#debounce = setTimeout(() => {
      if (signatureOf(this.#options.file) === before) this.#deliver(before);
      else this.#soon();
    }, this.#options.debounceMs ?? DEBOUNCE_MS);
    this.#debounce.unref();
  }

  #deliver(signature: string): void {
    if (this.#closed) return;
    this.#signature = signature;
    const text = this.#read();
    if (text === undefined) return;
    const wasMissing = this.#missing;
    this.#missing = false;
    if (text === this.#text && !wasMissing) return;
    this.#text = text;
    this.#options.onText(text);
  }

  #read(): string | undefined {
    try {
      // Reading a pipe or a device would wait for ever.
      if (!fs.statSync(this.#options.file).isFile()) throw new Error(`${this.#options.file} isn't a file.`);
      return fs.readFileSync(this.#options.file, 'utf8');
    } catch (error) {
      if (!this.#missing && this.#text !== undefined) {
        this.#options.onMissing?.(error instanceof Error ? error : new Error(String(error)));
      }
      this.#missing = true;
      return undefined;
    }
  }

  /** Watches the folder, not the file: a watched file that is renamed over stays the old one. */
  #attach(): void {
    const folder = path.dirname(this.#options.file);
    const identity = identityOf(folder);
    if (this.#folder?.identity === identity) return;
    this.#folder?.watcher.close();
    this.#folder = undefined;
    if (identity === '') return; // not there yet: the poll will look again
    try {
      const watcher = fs.watch(folder, { persistent: false }, () => {
        if (!this.#closed && signatureOf(this.#options.file) !== this.#signature) this.#soon();
      });
      watcher.on('error', () => {
        // The folder went away, or watches ran out: the poll goes on and attaches again when it can.
        watcher.close();
        this.#folder = undefined;
      });
      this.#folder = { watcher, identity };
    } catch {
      this.#folder = undefined; // no watches here (ENOSPC, network share): the poll alone does it
    }
  }
}

const bigint = { bigint: true, throwIfNoEntry: false } as const;

/** Changes whenever the file that the path leads to may have changed; empty if there is none. */
function signatureOf(file: string): string {
  try {
    const stat = fs.statSync(file, bigint);
    return stat ? `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}` : '';
  } catch {
    return ''; // unreachable counts as gone
  }
}

function identityOf(folder: string): string {
  try {
    const stat = fs.statSync(folder, bigint);
    return stat ? `${stat.dev}:${stat.ino}` : '';
  } catch {
    return '';
  }
}
