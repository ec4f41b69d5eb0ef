/** How most credentials look, so that a catalogue line says only what differs. */
import type { Confidence, Severity } from '../../core/finding.ts';
import type { Lead } from '../engine/lead.ts';
import type { Rule } from '../engine/rule.ts';
import type { Run } from '../engine/run.ts';
import { entropyBits, looksLikeExample } from './checks.ts';

export const BASE62 = 'A-Za-z0-9';
export const BASE64URL = 'A-Za-z0-9_-';
export const HEX = '0-9a-f';
export const LOWER = 'a-z0-9';

/**
 * Before a token: not inside a word. An escaped line break (`\n` of JSON in JSON), an escaped or percent-encoded
 * character (`\u003d`, `%3D`) and a terminal's colour (`ESC [93m`) end a word too, although their last character is one.
 */
export const LEFT = '(?<=^|[^A-Za-z0-9_]|\\\\[nrt]|%[0-9A-Fa-f]{2}|\\\\u[0-9A-Fa-f]{4}|\\[[0-9;]{1,8}m)';

export interface Shape {
  readonly id: string;
  readonly label: string;
  readonly source: string;
  readonly severity?: Severity;
  readonly confidence?: Confidence;
  readonly keywords: readonly string[];
  readonly pattern: string;
  readonly minEntropy?: number;
  readonly specificity?: number;
  readonly lead?: Lead;
  readonly run?: Run;
  /** The match leaves the vendor's prefix standing: where that begins like a common word, a stream would be held too often. */
  readonly keepPrefix?: boolean;
  /** Proof that the secret is real (a checksum): no heuristics then. */
  readonly proof?: (secret: string) => boolean;
  /** Further grounds to refuse (`undefined`) or to doubt a secret that isn't an example. */
  readonly judge?: (secret: string, before: string) => Confidence | undefined;
}

/** Random text has more than this; words and runs have less. */
const TOKEN_ENTROPY = 3;
const SPECIFIC = 100;
export const CONTEXTUAL = 50;
export const GENERIC = 0;

export function secret(shape: Shape): Rule {
  const {
    minEntropy = TOKEN_ENTROPY,
    confidence = 'high',
    severity = 'high',
    specificity = SPECIFIC,
  } = shape;
  return {
    id: shape.id,
    label: shape.label,
    severity,
    confidence,
    source: shape.source,
    keywords: shape.keywords,
    pattern: shape.pattern,
    specificity,
    ...(shape.lead === undefined ? {} : { lead: shape.lead }),
    ...(shape.run === undefined ? {} : { run: shape.run }),
    judge(value, before) {
      if (shape.proof?.(value) === true) return confidence;
      if (entropyBits(value) < minEntropy || looksLikeExample(value)) return undefined;
      return shape.judge === undefined ? confidence : shape.judge(value, before);
    },
  };
}

/** Length of the random part: exactly, or from and to. */
export type Length = number | readonly [number, number];

const quantifier = (length: Length): string =>
  typeof length === 'number' ? `{${length}}` : `{${length[0]},${length[1]}}`;

/** `literal` written as a pattern. */
const escapePattern = (literal: string): string => literal.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** A token that announces itself: one of the prefixes, then `length` characters of `set`, then the word ends. */
export function token(
  id: string,
  label: string,
  source: string,
  prefixes: string | readonly string[],
  set: string,
  length: Length,
  extra: Partial<Shape> = {},
): Rule {
  const keywords = typeof prefixes === 'string' ? [prefixes] : prefixes;
  const head =
    keywords.length === 1
      ? escapePattern(keywords[0] as string)
      : `(?:${keywords.map(escapePattern).join('|')})`;
  // Padding ends a token: were it part of the set, a run of `key=key=` would be read again from every `key`.
  const own = set.replace('=', '');
  const random = `[${own}]${quantifier(length)}${set.includes('=') ? '={0,2}' : ''}`;
  const [min, max] = typeof length === 'number' ? [length, length] : length;
  const endsWithRun = WORDS.test(set);
  return secret({
    id,
    label,
    source,
    keywords,
    pattern: `${LEFT}${head}${extra.keepPrefix === true ? `(${random})` : random}${rightBoundary(set)}`,
    ...(extra.pattern === undefined ? { run: { set: own, min, max: endsWithRun ? max : undefined } } : {}),
    ...extra,
  });
}

/** After a token: neither a letter, a digit, nor another character of the token's own set. */
const rightBoundary = (set: string): string => {
  const dot = set.includes('.') ? '|\\.[A-Za-z0-9]' : '';
  return `(?![A-Za-z0-9_${set.includes('-') && set.endsWith('-') ? '-' : ''}]${dot})`;
};

/** Sets of which every character is kept from following a token. */
const WORDS = /^(?:[A-Za-z0-9]-[A-Za-z0-9])*_?-?$/;

/** Between a name and its value: `=`, `:`, `=>`, `:=`, quotes (escaped ones too), a type or an index bracket. */
export const ASSIGNMENT =
  '\\\\{0,3}["\'`]?\\]?[ \\t]{0,4}(?:=>|:=|=|:)[ \\t]{0,4}(?:\\\\{0,3}["\'`])?(?:Bearer |Token )?';

/**
 * A value without a shape of its own, known by the name it is given: `names`, then anything identifier-like (`_API_KEY`,
 * `.token`), an assignment, then `length` characters of `set`.
 */
export function named(
  id: string,
  label: string,
  source: string,
  names: readonly string[],
  set: string,
  length: Length,
  extra: Partial<Shape> = {},
): Rule {
  const head = names.map((name) => escapePattern(name).replace(/[ _-]/g, '[ _-]?')).join('|');
  return secret({
    id,
    label,
    source,
    confidence: 'medium',
    specificity: CONTEXTUAL,
    keywords: spellings(names),
    pattern: `(?i:${head})[\\w.-]{0,32}${ASSIGNMENT}([${set}]${quantifier(length)})${rightBoundary(set)}`,
    ...extra,
  });
}

/** `new relic` is also written `new_relic`, `new-relic` and `newrelic`. */
function spellings(names: readonly string[]): string[] {
  return names.flatMap((name) =>
    /[ _-]/.test(name) ? ['', ' ', '_', '-'].map((joint) => name.replace(/[ _-]/g, joint)) : [name],
  );
}
