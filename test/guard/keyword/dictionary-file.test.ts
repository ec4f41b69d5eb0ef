import { expect, it } from 'vitest';
import { readDictionary } from '../../../agent/src/guard/keyword/dictionary-file.ts';

it('reads a term a line, without comments, empty lines and the byte order mark', () => {
  expect(readDictionary('names.txt', '\ufeffAcme Corp\r\n# customers\n\n  Falcon  \nC#\n', 10)).toEqual({
    terms: ['Acme Corp', 'Falcon', 'C#'],
    problems: [],
  });
});

it.each([
  ['Acme\nM\ufffdller\nx', "names.txt, line 2: this isn't UTF-8 text."],
  ['A\0c\0m\0e\0', "names.txt, line 1: this isn't UTF-8 text."],
  ['Acme\nx\n', 'names.txt, line 2: This term is too short: it would be found in every text.'],
  ['a1\nb1\nc1\nd1', 'names.txt, line 4: more than 3 terms.'],
])('tells file, line and mend: %j', (text, message) => {
  const { problems } = readDictionary('names.txt', text, 3);
  expect(problems).toEqual([{ message, mend: expect.stringMatching(/\.$/) }]);
});

it('stops after ten problems', () => {
  expect(readDictionary('names.txt', 'x\n'.repeat(100), 1000).problems).toHaveLength(10);
});
