/**
 * Characters that nobody sees and a model reads: whole sentences fit into Unicode tags, runs of zero-width characters or
 * variation selectors. One of them alone is ordinary (emoji, Persian, flags); what is told is what no typist makes.
 */
import type { Confidence, Match, Severity } from '../../core/finding.ts';
import type { Progress, TextWindow, Walk, Walker } from '../walk.ts';

type Alphabet = 'tags' | 'zero-width' | 'variation' | 'bidi';

interface Kind {
  readonly kind: string;
  readonly label: string;
  readonly severity: Severity;
  /** Fewer in a row are nothing. */
  readonly least: number;
  /** From this many in a row on there is no innocent reading. */
  readonly certain: number;
}

const KINDS: Readonly<Record<Alphabet, Kind>> = {
  // Unicode 16 section 23.9: only flags of regions use them.
  tags: {
    kind: 'invisible-tags',
    label: 'run of invisible characters (Unicode tags)',
    severity: 'critical',
    least: 2,
    certain: 2,
  },
  'zero-width': {
    kind: 'zero-width-run',
    label: 'run of invisible characters (zero-width)',
    severity: 'high',
    least: 5,
    certain: 12,
  },
  // Unicode 16 section 23.4: one selector after a base character, never two.
  variation: {
    kind: 'variation-selectors',
    label: 'run of invisible characters (variation selectors)',
    severity: 'critical',
    least: 3,
    certain: 6,
  },
  // Overrides only, the means of CVE-2021-42574: marks, embeddings and isolates belong to ordinary Hebrew and Arabic.
  bidi: {
    kind: 'bidi-override',
    label: 'reading-direction override',
    severity: 'high',
    least: 1,
    certain: 99,
  },
};

export const invisibleKinds: readonly string[] = Object.values(KINDS).map(({ kind }) => kind);

/** A longer run is told in pieces, so that a stream needn't keep it. */
const MAX_RUN_UNITS = 1024;
const LEAD_SURROGATE = 0xdb40;
const BLACK_FLAG = '\u{1f3f4}';
const CANCEL_TAG = 0xdc7f;

export const invisibleWalker: Walker = { lookBehind: 8, begin: (): Walk => ({ advance }) };

function advance({ text, base, isEnd }: TextWindow, from: number, found: Match[]): Progress {
  let at = from;
  while (at < text.length) {
    if (text.charCodeAt(at) < 0x180b) {
      at++;
      continue;
    }
    const alphabet = alphabetAt(text, at, isEnd);
    if (alphabet === 'more') break;
    if (alphabet === undefined) {
      at++;
      continue;
    }
    const end = runEnd(text, at, alphabet, isEnd);
    if (end === undefined) break;
    const match = judge(text, at, end, alphabet);
    if (match !== undefined) found.push({ ...match, start: match.start + base, end: match.end + base });
    at = end;
  }
  return { at, safeUpTo: at };
}

function alphabetAt(text: string, at: number, isEnd: boolean): Alphabet | 'more' | undefined {
  const unit = text.charCodeAt(at);
  if (unit === LEAD_SURROGATE) {
    if (at + 1 >= text.length) return isEnd ? undefined : 'more';
    const trail = text.charCodeAt(at + 1);
    if (trail >= 0xdc00 && trail <= CANCEL_TAG) return 'tags';
    return trail >= 0xdd00 && trail <= 0xddef ? 'variation' : undefined;
  }
  if (unit >= 0xfe00 && unit <= 0xfe0f) return 'variation';
  if (unit === 0x202d || unit === 0x202e) return 'bidi';
  const isZeroWidth =
    (unit >= 0x200b && unit <= 0x200d) ||
    (unit >= 0x2060 && unit <= 0x2064) ||
    unit === 0xfeff ||
    unit === 0x180e;
  return isZeroWidth ? 'zero-width' : undefined;
}

/** Undefined if more text could lengthen it. */
function runEnd(text: string, start: number, alphabet: Alphabet, isEnd: boolean): number | undefined {
  let end = start;
  while (end - start < MAX_RUN_UNITS) {
    if (end >= text.length) return isEnd ? end : undefined;
    const next = alphabetAt(text, end, isEnd);
    if (next === 'more') return undefined;
    if (next !== alphabet) return end;
    end += text.charCodeAt(end) === LEAD_SURROGATE ? 2 : 1;
  }
  return end;
}

function judge(text: string, start: number, end: number, alphabet: Alphabet): Match | undefined {
  const { kind, label, severity, least, certain } = KINDS[alphabet];
  const count = [...text.slice(start, end)].length;
  if (count < least) return undefined;
  // 🏴󠁧󠁢󠁳󠁣󠁴󠁿: a flag, five or six letters and the end.
  const isFlag =
    alphabet === 'tags' &&
    count <= 7 &&
    text.endsWith(BLACK_FLAG, start) &&
    text.charCodeAt(end - 1) === CANCEL_TAG;
  if (isFlag || (alphabet === 'zero-width' && new Set(text.slice(start, end)).size === 1 && count < certain))
    return undefined;
  const confidence: Confidence = count >= certain ? 'high' : 'medium';
  return { kind, label, severity, confidence, start, end };
}
