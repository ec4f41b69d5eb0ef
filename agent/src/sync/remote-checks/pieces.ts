import type { Match } from '../../core/finding.ts';

/** A stretch of a text, short enough for the service. */
export interface Piece {
  readonly text: string;
  /** Where it begins in the whole text, in UTF-16 code units. */
  readonly offset: number;
}

/** What stands across a cut is seen whole in one of the two pieces. */
const OVERLAP_CHARS = 200;

/** A text in pieces of at most `maxChars`, cut at a blank where there is one and never within a character. */
export function piecesOf(text: string, maxChars: number): readonly Piece[] {
  const pieces: Piece[] = [];
  let offset = 0;
  while (text.length - offset > maxChars) {
    const end = cutBefore(text, offset + maxChars, offset + Math.floor(maxChars / 2));
    pieces.push({ text: text.slice(offset, end), offset });
    const overlap = Math.min(OVERLAP_CHARS, Math.floor(maxChars / 4));
    offset = wholeCharacter(text, end - overlap);
  }
  pieces.push({ text: offset === 0 ? text : text.slice(offset), offset });
  return pieces;
}

function cutBefore(text: string, latest: number, earliest: number): number {
  for (let at = latest; at > earliest; at--) if (/\s/.test(text[at - 1] as string)) return at;
  return wholeCharacter(text, latest);
}

/** Not between the halves of a surrogate pair. */
function wholeCharacter(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code < 0xe000 ? at - 1 : at;
}

/** Matches of one piece, placed in the whole text. */
export const moved = (matches: readonly Match[], offset: number): readonly Match[] =>
  offset === 0
    ? matches
    : matches.map((match) => ({ ...match, start: match.start + offset, end: match.end + offset }));

/** Of all pieces, each match once: an overlap is checked twice. */
export function distinct(matches: readonly Match[]): readonly Match[] {
  const seen = new Map<string, Match>();
  for (const match of matches) seen.set(`${match.kind} ${match.start} ${match.end}`, match);
  return [...seen.values()].sort((a, b) => a.start - b.start || a.end - b.end);
}
