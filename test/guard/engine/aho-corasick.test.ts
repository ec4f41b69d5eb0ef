import fc from 'fast-check';
import { expect, it } from 'vitest';
import { buildKeywordAutomaton } from '../../../agent/src/guard/engine/aho-corasick.ts';

/** Start offset and keyword of every hit. */
function hits(keywords: readonly string[], text: string): string[] {
  const { table, classOf, output, rowLength } = buildKeywordAutomaton(keywords);
  const found: string[] = [];
  let state = 0;
  for (let i = 0; i < text.length; i++) {
    state = table[state + (classOf[text.charCodeAt(i)] as number)] as number;
    if (state >= 0) continue;
    state = ~state;
    for (const index of output[state / rowLength] ?? []) {
      const keyword = keywords[index] as string;
      found.push(`${i + 1 - keyword.length} ${keyword}`);
    }
  }
  return found.sort();
}

function naiveHits(keywords: readonly string[], text: string): string[] {
  const folded = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return keywords
    .flatMap((keyword) =>
      Array.from(folded, (_, at) => at)
        .filter((at) => folded.startsWith(keyword, at))
        .map((at) => `${at} ${keyword}`),
    )
    .sort();
}

it('finds keywords inside keywords, in any case', () => {
  expect(hits(['she', 'he', 'hers', 'his'], 'uSHErs')).toEqual(['1 she', '2 he', '2 hers']);
});

it('folds ASCII only: the Kelvin sign is no k', () => {
  expect(hits(['k'], '\u212a')).toEqual([]);
});

it('agrees with a search for every keyword at every place', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '-', '_'), minLength: 1, maxLength: 5 });
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'A', 'B', '-', '_', 'é', 'z'), maxLength: 60 });
  fc.assert(
    fc.property(fc.uniqueArray(word, { minLength: 1, maxLength: 8 }), text, (keywords, haystack) => {
      expect(hits(keywords, haystack)).toEqual(naiveHits(keywords, haystack));
    }),
    { numRuns: 500 },
  );
});
