import { RecogniseError } from '../errors.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const COMMA = 0x2c;

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

/**
 * A cursor over JSON text that was parsed before: it finds values, it doesn't validate them. Skipping is iterative,
 * so that nesting costs no stack, and strings are crossed by `indexOf`, at the speed of a memory scan.
 */
export class JsonScanner {
  readonly #source: string;
  at = 0;

  constructor(source: string) {
    this.#source = source;
    // A byte order mark; RFC 8259 section 8.1 lets parsers ignore it.
    if (source.charCodeAt(0) === 0xfeff) this.at = 1;
  }

  peek(): string {
    return this.#source.charAt(this.at);
  }

  skipSpace(): void {
    while (isSpace(this.#source.charCodeAt(this.at))) this.at++;
  }

  /** Takes the token if it comes next. */
  accept(token: string): boolean {
    this.skipSpace();
    if (this.peek() !== token) return false;
    this.at++;
    return true;
  }

  expect(token: string): void {
    if (!this.accept(token)) throw this.#broken();
  }

  /** The decoded name of the next member. */
  readKey(): string {
    this.skipSpace();
    const start = this.at;
    this.skipString();
    const content = this.#source.slice(start + 1, this.at - 1);
    if (!content.includes('\\')) return content;
    try {
      return JSON.parse(`"${content}"`) as string;
    } catch (cause) {
      throw new RecogniseError('patch-not-json', 'A key is not a JSON string.', { cause });
    }
  }

  skipString(): void {
    if (this.#source.charCodeAt(this.at) !== QUOTE) throw this.#broken();
    let closing = this.at;
    for (;;) {
      closing = this.#source.indexOf('"', closing + 1);
      if (closing < 0) throw this.#broken();
      let backslashes = 0;
      while (this.#source.charCodeAt(closing - 1 - backslashes) === BACKSLASH) backslashes++;
      if (backslashes % 2 === 0) break;
    }
    this.at = closing + 1;
  }

  skipValue(): void {
    this.skipSpace();
    const start = this.at;
    let depth = 0;
    for (; this.at < this.#source.length; ) {
      const code = this.#source.charCodeAt(this.at);
      if (code === QUOTE) {
        this.skipString();
        if (depth === 0) return;
        continue;
      }
      if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
      else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
        if (depth === 0) break;
        depth--;
        if (depth === 0) {
          this.at++;
          return;
        }
      } else if (depth === 0 && (code === COMMA || isSpace(code))) break;
      this.at++;
    }
    if (depth > 0 || this.at === start) throw this.#broken();
  }

  #broken(): RecogniseError {
    return new RecogniseError('patch-not-json', `Unexpected JSON at offset ${this.at}.`);
  }
}
