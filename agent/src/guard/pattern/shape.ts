import type { Program, Step } from './program.ts';

const FIRST_ASTRAL = 0x10000;

/** What is known of all texts that an expression matches. */
export interface ExpressionShape {
  /** A bit for every UTF-16 code unit that can be part of a match. */
  readonly alphabet: Uint8Array;
  /** How many units (0 to 65,536) that are. */
  readonly alphabetSize: number;
  /** In code units. */
  readonly minLength: number;
  /** Infinity where it repeats without bounds. */
  readonly maxLength: number;
  readonly looksAhead: boolean;
}

export const has = (alphabet: Uint8Array, unit: number): boolean =>
  ((alphabet[unit >>> 3] as number) & (1 << (unit & 7))) !== 0;

export function shapeOf(program: Program): ExpressionShape {
  const reached = reachable(program, () => false);
  const alphabet = new Uint8Array(8_192);
  let looksAhead = false;
  for (const index of reached) {
    const step = program.steps[index] as Step;
    looksAhead ||= step.looksAhead;
    for (let i = 0; i < (step.reads?.length ?? 0); i += 2) {
      addRange(alphabet, step.reads?.[i] as number, step.reads?.[i + 1] as number);
    }
  }
  return {
    alphabet,
    alphabetSize: alphabet.reduce(
      (sum, byte) => sum + (BITS[byte & 15] as number) + (BITS[byte >>> 4] as number),
      0,
    ),
    minLength: shortest(program),
    maxLength: longestTo(
      program,
      (step) => step.accepts,
      () => false,
    ),
    looksAhead,
  };
}

function addRange(alphabet: Uint8Array, first: number, last: number): void {
  for (let unit = first; unit <= Math.min(last, 0xffff); unit++) add(alphabet, unit);
  // Halves of surrogate pairs: which ones doesn't matter, text that is cut between them does.
  if (last >= FIRST_ASTRAL) for (let unit = 0xd800; unit < 0xe000; unit++) add(alphabet, unit);
}

const add = (alphabet: Uint8Array, unit: number): void => {
  alphabet[unit >>> 3] = (alphabet[unit >>> 3] as number) | (1 << (unit & 7));
};

/** Steps that can be reached without passing (entering) one that is barred. */
export function reachable({ start, steps }: Program, barred: (index: number) => boolean): Set<number> {
  const seen = new Set<number>();
  const open = [start];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (seen.has(index) || barred(index)) continue;
    seen.add(index);
    open.push(...(steps[index] as Step).next);
  }
  return seen;
}

export const canMatch = (program: Program, barred: (index: number) => boolean): boolean => {
  for (const index of reachable(program, barred)) if ((program.steps[index] as Step).accepts) return true;
  return false;
};

function shortest({ start, steps }: Program): number {
  const best = new Map([[start, 0]]);
  let open = [start];
  while (open.length > 0) {
    const next: number[] = [];
    for (const index of open) {
      const step = steps[index] as Step;
      const length = (best.get(index) as number) + lengthOf(step, Math.min);
      for (const target of step.next) {
        if (length >= (best.get(target) ?? Infinity)) continue;
        best.set(target, length);
        next.push(target);
      }
    }
    open = next;
  }
  let least = Infinity;
  for (const [index, length] of best) if ((steps[index] as Step).accepts) least = Math.min(least, length);
  return least;
}

/** The most code units read on any way from the start to a goal; Infinity if some way goes round in circles. -1: no way. */
export function longestTo(
  program: Program,
  isGoal: (step: Step, index: number) => boolean,
  barred: (index: number) => boolean,
): number {
  const { steps, start } = program;
  const nextOf = (index: number): readonly number[] => {
    const step = steps[index] as Step;
    return isGoal(step, index) || barred(index) ? [] : step.next;
  };
  const useful = onTheWay(steps.length, start, nextOf, (index) => isGoal(steps[index] as Step, index));
  const arrivals = new Map<number, number>();
  for (const index of useful) {
    for (const target of nextOf(index)) {
      if (useful.has(target)) arrivals.set(target, (arrivals.get(target) ?? 0) + 1);
    }
  }
  const length = new Map([[start, 0]]);
  const ready = useful.has(start) && !arrivals.has(start) ? [start] : [];
  let done = 0;
  let longest = -1;
  for (let index = ready.pop(); index !== undefined; index = ready.pop()) {
    done++;
    const step = steps[index] as Step;
    const so = length.get(index) as number;
    if (isGoal(step, index)) longest = Math.max(longest, so);
    const after = so + lengthOf(step, Math.max);
    for (const target of nextOf(index)) {
      if (!useful.has(target)) continue;
      length.set(target, Math.max(length.get(target) ?? 0, after));
      const left = (arrivals.get(target) as number) - 1;
      arrivals.set(target, left);
      if (left === 0) ready.push(target);
    }
  }
  return done < useful.size ? Infinity : longest;
}

/** What lies on some way from the start to a goal. */
function onTheWay(
  count: number,
  start: number,
  nextOf: (index: number) => readonly number[],
  isGoal: (index: number) => boolean,
): Set<number> {
  const before: number[][] = Array.from({ length: count }, () => []);
  const seen = new Set<number>();
  const goals: number[] = [];
  const open = [start];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (seen.has(index)) continue;
    seen.add(index);
    if (isGoal(index)) goals.push(index);
    for (const target of nextOf(index)) {
      (before[target] as number[]).push(index);
      open.push(target);
    }
  }
  const useful = new Set<number>();
  for (let index = goals.pop(); index !== undefined; index = goals.pop()) {
    if (useful.has(index)) continue;
    useful.add(index);
    goals.push(...(before[index] as number[]));
  }
  return useful;
}

function lengthOf({ reads }: Step, choose: (a: number, b: number) => number): number {
  if (reads === undefined) return 0;
  const units = (point: number): number => (point >= FIRST_ASTRAL ? 2 : 1);
  return choose(units(reads[0] ?? 0), units(reads.at(-1) ?? 0));
}

const BITS = Uint8Array.from(
  { length: 16 },
  (_, nibble) => [...nibble.toString(2)].filter((bit) => bit === '1').length,
);
