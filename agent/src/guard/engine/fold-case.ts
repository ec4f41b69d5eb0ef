/**
 * Spells `(?i:key)` out as `(?:[kK][eE][yY])`. V8 13.6 (Node 24) sometimes misses a match inside a modifier group:
 * `/(?i:go[\s*]{1,3}(?:all )?back[\s*]{1,3}now)/` doesn't find `GO BACK NOW`, or only if it is sticky, depending on how
 * it looks ahead. Sets have no such trouble.
 */
export function foldCase(source: string): string {
  const folds: boolean[] = [];
  let folded = '';
  for (let at = 0; at < source.length; ) {
    const isFolding = folds.at(-1) === true;
    const part = PART.exec(source.slice(at))?.[0] ?? '';
    at += part.length;
    if (part.startsWith('(')) {
      folds.push(isFolding || part === '(?i:');
      folded += part === '(?i:' ? '(?:' : part;
      continue;
    }
    if (part === ')') folds.pop();
    folded += isFolding ? foldPart(part) : part;
  }
  return folded;
}

/** An escape, a set, an opening, a quantifier, or one character. A set without its end is left to the parser's refusal. */
const PART = /^(?:\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|\((?:\?(?:<?[=!]|i?:))?|\{[^}]*\}|[\s\S])/;

function foldPart(part: string): string {
  // In front, since a set may end in a dash that means itself.
  if (part.startsWith('[') && part.length > 1)
    return part.replace(/^\[\^?/, (open) => open + otherCases(part));
  const other = part.length === 1 ? otherCase(part) : undefined;
  return other === undefined ? part : `[${part}${other}]`;
}

/** The letters and ranges of a set, in the other case. */
const otherCases = (set: string): string =>
  set
    .slice(1, -1)
    .replace(/\\[\s\S]|^\^/g, '')
    .replace(/([\s\S])-([\s\S])|[\s\S]/g, (one, from?: string, to?: string) => {
      if (from === undefined || to === undefined) return otherCase(one) ?? '';
      const [a, b] = [otherCase(from), otherCase(to)];
      return a === undefined || b === undefined ? '' : `${a}-${b}`;
    });

function otherCase(one: string): string | undefined {
  const [lower, upper] = [one.toLowerCase(), one.toUpperCase()];
  if (lower === upper || lower.length !== 1 || upper.length !== 1) return undefined;
  return one === lower ? upper : lower;
}
