import { expect, it } from 'vitest';
import { kindPattern, unknownKinds } from '../../agent/src/guard/kinds.ts';

it.each([
  ['us-*', 'us-ssn', true],
  ['us-*', 'aus-tfn', false],
  ['*', 'anything', true],
  ['iban', 'ibans', false],
  ['a.b', 'axb', false],
])('%s covers %s: %s', (glob, kind, covers) => {
  expect(kindPattern(glob).test(kind)).toBe(covers);
});

it('names kinds that are never found, with what was probably meant', () => {
  expect(unknownKinds(undefined, ['iban'])).toEqual([]);
  expect(unknownKinds(['iban', 'ibna', 'zebra'], ['iban', 'us-ssn'])).toMatchObject([
    { path: ['kinds', 1], mend: 'Did you mean "iban"?' },
    { path: ['kinds', 2], mend: 'Use some of: iban, us-ssn.' },
  ]);
});
