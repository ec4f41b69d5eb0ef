import type { Match } from '../../core/finding.ts';

/** `US_SSN` and `Prompt Attack` as a policy's `kinds` has them. */
export const kebabOf = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60) || 'finding';

/** `US_SSN` as a person reads it. */
export const wordsOf = (name: string): string => name.replaceAll('_', ' ').toLowerCase().slice(0, 60);

/** A verdict on a text as a whole. */
export const onWhole = (text: string, match: Omit<Match, 'start' | 'end'>): Match => ({
  ...match,
  start: 0,
  end: text.length,
});

const MAX_PLACES = 1_000;

/** Every place of a value that a service has quoted; the whole text if it can't be found there. */
export function wherever(text: string, value: string, match: Omit<Match, 'start' | 'end'>): readonly Match[] {
  const matches: Match[] = [];
  if (value !== '') {
    for (
      let at = text.indexOf(value);
      at >= 0 && matches.length < MAX_PLACES;
      at = text.indexOf(value, at + value.length)
    )
      matches.push({ ...match, start: at, end: at + value.length });
  }
  return matches.length === 0 ? [onWhole(text, match)] : matches;
}
