/** Where things are in a JSON text: errors name line and column, which JSON.parse doesn't. */

export interface Position {
  /** Both count from 1; columns in UTF-16 code units. */
  readonly line: number;
  readonly column: number;
}

export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

/** Offset of every value (key path joined with `.`) and, under `#path`, of every member's key. */
export type Offsets = ReadonlyMap<string, number>;

export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const MAX_DEPTH = 100;
const SPACE = /[ \t\n\r]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 8259 section 7 excludes exactly these.
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** Reads strict JSON (RFC 8259). Repeated keys are errors: which of two policies was meant must not be a guess. */
export function locateJson(text: string): { readonly value: unknown; readonly offsets: Offsets } {
  const offsets = new Map<string, number>();
  let at = 0;

  const fail = (message: string, offset = at): never => {
    throw new JsonSyntaxError(message, offset);
  };
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const skip = (): void => void match(SPACE);
  const found = (): string => (at >= text.length ? 'the end of the file' : JSON.stringify(text[at]));

  const readMembers = (path: string, depth: number): Record<string, unknown> => {
    const entries = new Map<string, unknown>();
    readList('}', () => {
      const keyAt = at;
      const key = match(STRING) ?? fail(`expected a key in double quotes, found ${found()}`);
      const name = String(JSON.parse(key));
      if (entries.has(name)) fail(`the key ${key} appears twice`, keyAt);
      const inner = path === '' ? name : `${path}.${name}`;
      offsets.set(`#${inner}`, keyAt);
      skip();
      if (text[at] !== ':') fail(`expected ":" after ${key}, found ${found()}`);
      at += 1;
      entries.set(name, readValue(inner, depth + 1));
    });
    return Object.fromEntries(entries);
  };

  const readList = (close: string, readItem: (index: number) => void): void => {
    at += 1;
    skip();
    if (text[at] === close) {
      at += 1;
      return;
    }
    for (let index = 0; ; index += 1) {
      skip();
      readItem(index);
      skip();
      const next = text[at];
      if (next !== ',' && next !== close) fail(`expected "," or "${close}", found ${found()}`);
      at += 1;
      if (next === close) return;
    }
  };

  const readValue = (path: string, depth: number): unknown => {
    skip();
    if (depth > MAX_DEPTH) fail('nested too deeply');
    offsets.set(path, at);
    if (text[at] === '{') return readMembers(path, depth);
    if (text[at] === '[') {
      const items: unknown[] = [];
      readList(']', (index) => items.push(readValue(`${path}.${index}`, depth + 1)));
      return items;
    }
    const scalar = text[at] === '"' ? match(STRING) : match(SCALAR);
    if (scalar === undefined || scalar === '') return fail(`expected a value, found ${found()}`);
    return JSON.parse(scalar);
  };

  const value = readValue('', 0);
  skip();
  if (at < text.length) fail(`expected the end of the file, found ${found()}`);
  return { value, offsets };
}
