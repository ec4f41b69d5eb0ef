/**
 * An expression as RE2 compiled it: a small graph of instructions. What can be known of an expression before it meets a
 * text (which characters, how long, which words it can't do without) is read from there, so that RE2's own parser is the
 * only one. The numbers are those of Go's regexp/syntax, which re2js follows; https://pkg.go.dev/regexp/syntax#InstOp
 */
import type { RE2JS } from 're2js';
import { caseOrbit } from '../text/orbits.ts';

const ALT = 1;
const ALT_MATCH = 2;
const CAPTURE = 3;
const EMPTY_WIDTH = 4;
const MATCH = 6;
const NOP = 7;
const RUNE = 8;
const RUNE1 = 9;
const RUNE_ANY = 10;
const RUNE_ANY_NOT_NEWLINE = 11;
const FOLD_CASE = 1;
/** `^` and `\A`, outside of multi-line mode. */
const EMPTY_BEGIN_TEXT = 4;
const LAST_POINT = 0x10ffff;

/** What one step through an expression may do. */
export interface Step {
  /** Undefined where nothing is read. Pairs of first and last code point. */
  readonly reads: readonly number[] | undefined;
  readonly next: readonly number[];
  readonly accepts: boolean;
  /** True where it depends on the character after it: `$`, `\b`. */
  readonly looksAhead: boolean;
}

export interface Program {
  readonly start: number;
  readonly steps: readonly Step[];
}

interface Instruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  readonly runes: Iterable<number>;
}

export function readProgram(expression: RE2JS): Program {
  const program: { readonly start: number; readonly inst: readonly Instruction[] } = expression.re2().prog;
  return { start: program.start, steps: program.inst.map(readInstruction) };
}

function readInstruction({ op, out, arg, runes }: Instruction): Step {
  const plain = { reads: undefined, accepts: false, looksAhead: false };
  switch (op) {
    case ALT:
    case ALT_MATCH:
      return { ...plain, next: [out, arg] };
    case CAPTURE:
    case NOP:
      return { ...plain, next: [out] };
    case EMPTY_WIDTH:
      return { ...plain, next: [out], looksAhead: arg !== EMPTY_BEGIN_TEXT };
    case MATCH:
      return { ...plain, next: [], accepts: true };
    case RUNE:
    case RUNE1:
      return { ...plain, next: [out], reads: rangesOf([...runes], op === RUNE && (arg & FOLD_CASE) !== 0) };
    case RUNE_ANY:
      return { ...plain, next: [out], reads: [0, LAST_POINT] };
    case RUNE_ANY_NOT_NEWLINE:
      return { ...plain, next: [out], reads: [0, 9, 11, LAST_POINT] };
    default:
      return { ...plain, next: [] };
  }
}

function rangesOf(runes: readonly number[], foldsCase: boolean): readonly number[] {
  if (runes.length !== 1) return runes;
  const point = runes[0] as number;
  return (foldsCase ? caseOrbit(point) : [point]).flatMap((each) => [each, each]);
}
