/** Whether digits can be a person's date of birth. No clock here: the latest year is far enough ahead to be never wrong. */

const FIRST_YEAR = 1890;
const LAST_YEAR = 2059;
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** Day and month of a year that isn't known (or has two digits): 29 February passes. */
export const isDayOfMonth = (month: number, day: number): boolean =>
  month >= 1 && month <= 12 && day >= 1 && day <= (DAYS[month - 1] as number);

export function isBirthDate(year: number, month: number, day: number): boolean {
  if (year < FIRST_YEAR || year > LAST_YEAR || !isDayOfMonth(month, day)) return false;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month !== 2 || day < 29 || leap;
}

/** `YYMMDD` at the start of `digits`. */
export const isYymmdd = (digits: string): boolean =>
  isDayOfMonth(Number(digits.slice(2, 4)), Number(digits.slice(4, 6)));

/** `DDMMYY` at the start of `digits`. */
export const isDdmmyy = (digits: string): boolean =>
  isDayOfMonth(Number(digits.slice(2, 4)), Number(digits.slice(0, 2)));

/** `YYYYMMDD` at the start of `digits`. */
export const isYyyymmdd = (digits: string): boolean =>
  isBirthDate(Number(digits.slice(0, 4)), Number(digits.slice(4, 6)), Number(digits.slice(6, 8)));
