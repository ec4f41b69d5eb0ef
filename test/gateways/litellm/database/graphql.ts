/**
 * The small part of GraphQL (October 2021, section 2) that Prisma's Python client writes: one operation, no fragments, no
 * variables, no directives.
 */

export interface Field {
  /** Its alias, if it has one. */
  readonly as: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Undefined: a scalar. */
  readonly fields: readonly Field[] | undefined;
}

/** Section 2.1: strings, names, numbers, punctuation; commas and white space say nothing. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[_A-Za-z]\w*|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[{}()[\]:]/g;
const WORDS: Readonly<Record<string, unknown>> = { true: true, false: false, null: null };

export function parseOperation(document: string): readonly Field[] {
  const tokens = document.match(TOKENS) ?? [];
  let at = 0;
  const peek = (): string => tokens[at] ?? '';
  const next = (): string => {
    at += 1;
    return tokens[at - 1] ?? '';
  };
  const expect = (token: string): void => {
    const found = next();
    if (found !== token) throw new Error(`GraphQL: "${token}" is missing at "${found}" (token ${at})`);
  };
  const until = <Item>(end: string, read: () => Item): Item[] => {
    const items: Item[] = [];
    while (peek() !== end) {
      if (at >= tokens.length) throw new Error(`GraphQL: "${end}" is missing at the end`);
      items.push(read());
    }
    next();
    return items;
  };
  const value = (): unknown => {
    const token = next();
    if (token === '[') return until(']', value);
    if (token === '{') return Object.fromEntries(until('}', pair));
    if (token.startsWith('"') || /^-?\d/.test(token)) return JSON.parse(token);
    // Enums are words.
    return token in WORDS ? WORDS[token] : token;
  };
  const pair = (): readonly [string, unknown] => {
    const name = next();
    expect(':');
    return [name, value()];
  };
  const optional = <Result>(token: string, read: () => Result): Result | undefined => {
    if (peek() !== token) return undefined;
    next();
    return read();
  };
  const field = (): Field => {
    const first = next();
    const name = optional(':', next) ?? first;
    const given = optional('(', () => until(')', pair)) ?? [];
    const fields = optional('{', () => until('}', field));
    return { as: first, name, arguments: Object.fromEntries(given), fields };
  };
  if (/^(query|mutation)$/.test(peek())) next();
  expect('{');
  return until('}', field);
}
