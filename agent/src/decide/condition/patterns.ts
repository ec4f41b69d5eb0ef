/**
 * The patterns of `matches()`, compiled once each: CEL's own implementation compiles at every call, which takes half a
 * millisecond, times the length of a list in a loop. Matching is RE2's: linear in the text whatever the pattern.
 */
import { RE2JS } from 're2js';

/** RE2 instructions; time per character grows with them. */
export const MAX_PATTERN_SIZE = 500;
/** A policy has tens of patterns; a policy that is taken over again has the same ones. */
const MAX_REMEMBERED = 500;

const remembered = new Map<string, RE2JS>();

/** Throws RE2JSException. */
export function compilePattern(source: string): RE2JS {
  const known = remembered.get(source);
  if (known !== undefined) return known;
  const compiled = RE2JS.compile(source);
  if (remembered.size === MAX_REMEMBERED) remembered.clear();
  remembered.set(source, compiled);
  return compiled;
}

/** For CEL's environment. */
export const linearPatterns = { compile: compilePattern };
