/** Records that are missing in the log between others: only somebody who had the file in hand can have removed them. */

/** Missing numbers, first and last of each run. */
export type Run = readonly [first: number, last: number];

const MAX_RUNS = 10;

/** Which numbers from `after + 1` to `upTo` are not among these, which are in order. */
export function missingRuns(present: Iterable<number>, after: number, upTo: number): Run[] {
  const runs: Run[] = [];
  let next = after + 1;
  for (const sequence of present) {
    if (sequence > next) runs.push([next, sequence - 1]);
    next = sequence + 1;
  }
  if (next <= upTo) runs.push([next, upTo]);
  return runs;
}

export function gapWords(runs: readonly Run[]): string {
  const count = runs.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  const named = runs
    .slice(0, MAX_RUNS)
    .map(([first, last]) => (first === last ? `${first}` : `${first} to ${last}`));
  const more = runs.length > MAX_RUNS ? ', and others' : '';
  const which = `${named.join(', ')}${more}`;
  return count === 1
    ? `1 record (number ${which}) is missing in the log: it was removed after it was written, and can not be sent.`
    : `${count} records (numbers ${which}) are missing in the log: they were removed after they were written, and can not be sent.`;
}
