const BACKSLASH = 0x5c;
const COLON = 0x3a;
const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

/** Shows where the content of each string of a JSON text stands, names of members too. The text was parsed before. */
function visitLiterals(source: string, visit: (start: number, end: number, isName: boolean) => void): void {
  let at = source.indexOf('"');
  while (at >= 0) {
    const start = at + 1;
    let end = source.indexOf('"', start);
    while (end >= 0 && isEscaped(source, end, start)) end = source.indexOf('"', end + 1);
    if (end < 0) return;
    let next = end + 1;
    while (isSpace(source.charCodeAt(next))) next++;
    visit(start, end, source.charCodeAt(next) === COLON);
    at = source.indexOf('"', next);
  }
}

function isEscaped(source: string, quote: number, start: number): boolean {
  let backslashes = 0;
  while (quote - 1 - backslashes >= start && source.charCodeAt(quote - 1 - backslashes) === BACKSLASH)
    backslashes++;
  return backslashes % 2 === 1;
}

/**
 * True if some object of this JSON text names a member twice. Then readers disagree on what it says: RFC 8259
 * section 4 leaves it open, JSON.parse and most others take the last, some the first.
 */
export function hasRepeatedNames(source: string, parsed: unknown): boolean {
  let names = 0;
  visitLiterals(source, (_start, _end, isName) => {
    if (isName) names++;
  });
  return names > countMembers(parsed);
}

function countMembers(parsed: unknown): number {
  let count = 0;
  const waiting: unknown[] = [parsed];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (Array.isArray(value)) {
      for (const item of value) if (typeof item === 'object' && item !== null) waiting.push(item);
      continue;
    }
    if (typeof value !== 'object' || value === null) continue;
    for (const name in value) {
      count++;
      const member = (value as Record<string, unknown>)[name];
      if (typeof member === 'object' && member !== null) waiting.push(member);
    }
  }
  return count;
}

/** Every string of a JSON text, those that a later member of the same name hides from JSON.parse included. */
export function literalTexts(source: string): string[] {
  const texts: string[] = [];
  visitLiterals(source, (start, end) => {
    const content = source.slice(start, end);
    texts.push(content.includes('\\') ? (JSON.parse(`"${content}"`) as string) : content);
  });
  return texts;
}
