/** Globs, compiled once per policy. */

/** Longer texts are compared by their first characters only; no model or finding kind comes near. */
const MAX_TEXT = 256;

/**
 * Matches names (models, finding kinds): `*` stands for any characters, case doesn't matter. Takes time in
 * proportion to text times pattern at worst, whatever the pattern.
 */
export function compileNameGlob(pattern: string): (text: string) => boolean {
  const lower = pattern.toLowerCase();
  if (/^\*+$/.test(lower)) return () => true;
  if (!lower.includes('*')) return (text) => text.toLowerCase() === lower;
  return (text) => matchStars(lower, text.slice(0, MAX_TEXT).toLowerCase());
}

/** Greedy with one point of return: the last star, which may always take one character more. */
function matchStars(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let starAt = -1;
  let starText = 0;
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === '*') {
      starAt = p++;
      starText = t;
    } else if (p < pattern.length && pattern[p] === text[t]) {
      p++;
      t++;
    } else if (starAt >= 0) {
      p = starAt + 1;
      t = ++starText;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/**
 * A path glob of the catalogue as a regular expression over a lower-case path. Its schema allows one `**` per
 * pattern and one `*` per segment, so that matching never backtracks across more than one segment at a time.
 */
export function pathGlob(pattern: string): RegExp {
  const source = pattern
    .toLowerCase()
    .split(/(\*\*|\*)/)
    .map((piece) =>
      piece === '**' ? '.*' : piece === '*' ? '[^/]*' : piece.replace(/[$()+.?[\\\]^{|}]/g, '\\$&'),
    )
    .join('');
  // `/**/x` also means `/x`.
  return new RegExp(`^${source.replaceAll('/.*/', '/(?:.*/)?')}$`, 's');
}
