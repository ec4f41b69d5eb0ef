import { describe, expect, it } from 'vitest';
import { readWrittenDate } from '../../../agent/src/guard/pii/birth-date.ts';
import { createPiiDetector } from '../../../agent/src/guard/pii/detector.ts';

const detector = createPiiDetector('pii', { kinds: ['birth-date'] });
const found = (text: string) => detector.scan(text).map(({ start, end }) => text.slice(start, end));

describe('dates of birth', () => {
  it.each([
    ['DOB: 03/12/1980', '03/12/1980'],
    ['date of birth 1980-03-12', '1980-03-12'],
    ['{"dateOfBirth":"1980-03-12"}', '1980-03-12'],
    ['birth_date=19800312', '19800312'],
    ['She was born on March 12, 1980 in Bergen', 'March 12, 1980'],
    ['born 12th of March 1980', '12th of March 1980'],
    ['geboren am 12. März 1980', '12. März 1980'],
    ['geb. 12.3.1980', '12.3.1980'],
    ['née le 3 février 1975', '3 février 1975'],
    ['Fecha de nacimiento: 3 de marzo de 1975', '3 de marzo de 1975'],
    ['født 03.12.80', '03.12.80'],
    ['生年月日 1980-03-12', '1980-03-12'],
  ])('%s', (text, expected) => {
    expect(found(text)).toEqual([expected]);
  });

  it.each([
    '1980-03-12 and March 12, 1980',
    'released on 12 March 1980',
    'born 1980',
    'date of birth 1980-13-12',
    'born 31 April 1980',
    'birth of the project, which took us until the summer and was done 1980-03-12',
    'born 12 Marchand 1980',
  ])('nothing in %s', (text) => {
    expect(found(text)).toEqual([]);
  });

  it('waits for the whole of a date, however it is cut', () => {
    for (const date of ['12 March 1980', 'March 12, 1980', '3 de marzo de 1975']) {
      for (let length = 1; length <= date.length; length++) {
        expect(readWrittenDate(date.slice(0, length), 0, false), date.slice(0, length)).toBe('more');
      }
      expect(readWrittenDate(`${date}.`, 0, false)).toBe(date.length);
    }
  });
});
