import type { Candidate, Judged, Reading } from './candidate.ts';
import { isJoinedAfter, isJoinedBefore, isWordAt, separatorAt } from './characters.ts';
import { contextWords } from './context.ts';
import type { IdRule } from './id-rule.ts';

/** Names of values that are long numbers and nobody's: they take away a number in one piece that no other word names. */
const OTHER_NUMBERS = contextWords([
  'id',
  'ids',
  'uid',
  'guid',
  'uuid',
  'hash',
  'checksum',
  'crc',
  'sha',
  'md5',
  'digest',
  'seed',
  'nonce',
  'timestamp',
  'time',
  'ts',
  'offset',
  'size',
  'length',
  'bytes',
  'ptr',
  'address',
  'version',
  'revision',
  'commit',
  'build',
  'serial',
  'serial number',
  'isbn',
  'issn',
  'ean',
  'upc',
  'gtin',
  'sku',
  'imei',
  'imsi',
  'iccid',
  'tracking',
  'order',
  'order number',
  'order no',
  'invoice',
  'ticket',
  'doi',
  'orcid',
  'status',
  'tweet',
  'snowflake',
  'random',
]);
/** How near such a name must stand. */
const NEXT_TO_CHARACTERS = 16;

/** An official number as a reading: valid, not part of something longer, and either named or unmistakable. */
export function readingOf(rule: IdRule): Reading {
  const words = contextWords(rule.words);
  const examples = new Set(rule.examples);
  const { kind, label, severity, shapes } = rule;

  function judge(candidate: Candidate): Judged | undefined {
    const { text, start, end, characters, context } = candidate;
    const isGrouped = end - start > characters.length;
    if (isJoinedBefore(text, start) || isJoinedAfter(text, end) || !rule.isValid(characters))
      return undefined;
    const namedAt = words.lastIn(context);
    const isNamed = namedAt >= 0 || candidate.follows(kind);
    if (!isNamed && isPartOfTable(text, candidate)) return undefined;
    const confidence = isNamed ? rule.named : isGrouped ? rule.bare?.grouped : rule.bare?.compact;
    if (confidence === undefined) return undefined;
    if (!isNamed && !isGrouped && isOtherNumber(context)) return undefined;
    return { confidence: examples.has(characters) ? 'low' : confidence, namedAt };
  }

  return { kind, label, severity, shapes, judge };
}

const isOtherNumber = (context: string): boolean =>
  OTHER_NUMBERS.lastIn(context) >= context.length - NEXT_TO_CHARACTERS && OTHER_NUMBERS.lastIn(context) >= 0;

/** Groups of the same length before or after, with the same separator: figures in a table. */
function isPartOfTable(text: string, { start, end, shape }: Candidate): boolean {
  if (!/^d4.*d4$/.test(shape)) return false;
  const isFour = (from: number, to: number) =>
    /^\d{4}$/.test(text.slice(from, to)) && !isWordAt(text, from - 1) && !isWordAt(text, to);
  return (
    (separatorAt(text, end) !== undefined && isFour(end + 1, end + 5)) ||
    (separatorAt(text, start - 1) !== undefined && isFour(start - 5, start - 1))
  );
}
