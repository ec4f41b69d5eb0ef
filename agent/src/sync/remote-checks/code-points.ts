/** Offsets in Unicode code points, as Python counts them, to UTF-16 code units, as JavaScript does. */
export function fromCodePoints(text: string): (codePoint: number) => number {
  if (!/[\ud800-\udbff]/.test(text)) return (codePoint) => codePoint;
  // Where each surrogate pair begins, in code points: every one before an offset adds a unit to it.
  const pairs: number[] = [];
  let codePoints = 0;
  for (const character of text) {
    if (character.length === 2) pairs.push(codePoints);
    codePoints += 1;
  }
  return (codePoint) => codePoint + countBelow(pairs, codePoint);
}

/** How many of the sorted numbers are below a limit. */
function countBelow(sorted: readonly number[], limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
