import { expect, it } from 'vitest';
import {
  isBirthDate,
  isDayOfMonth,
  isDdmmyy,
  isYymmdd,
  isYyyymmdd,
} from '../../../agent/src/guard/pii/dates.ts';

it.each([
  [1980, 3, 12, true],
  [2000, 2, 29, true],
  [1900, 2, 29, false],
  [1981, 2, 29, false],
  [1980, 4, 31, false],
  [1980, 13, 1, false],
  [1980, 0, 1, false],
  [1850, 1, 1, false],
  [2101, 1, 1, false],
])('%i-%i-%i is a date of birth: %s', (year, month, day, expected) => {
  expect(isBirthDate(year, month, day)).toBe(expected);
});

it('reads the orders in which countries write them', () => {
  expect([isYymmdd('800312'), isYymmdd('801312')]).toEqual([true, false]);
  expect([isDdmmyy('120380'), isDdmmyy('320380')]).toEqual([true, false]);
  expect([isYyyymmdd('19800312'), isYyyymmdd('19801312')]).toEqual([true, false]);
  expect(isDayOfMonth(2, 29)).toBe(true);
});
