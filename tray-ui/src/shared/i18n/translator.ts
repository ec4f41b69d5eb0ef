/** Words and numbers in the person's language. Pure: the caller says which languages are wanted. */
import { de } from './de.ts';
import { deProblems } from './de-problems.ts';
import { en } from './en.ts';
import type { Message, MessageKey, Messages, MessageValues } from './messages.ts';
import { nb } from './nb.ts';
import { nbProblems } from './nb-problems.ts';
import type { ProblemWords } from './problem-words.ts';

/** Norwegian is asked for as `no`, `nb` or `nn`. */
const LANGUAGES: Readonly<Record<string, Messages>> = { en, de, nb, no: nb, nn: nb };

const PROBLEMS: Readonly<Record<string, ProblemWords>> = {
  de: deProblems,
  nb: nbProblems,
  no: nbProblems,
  nn: nbProblems,
};

export interface Translator {
  /** BCP 47 tag for `lang` and for formatting. */
  readonly locale: string;
  /** `count` chooses the plural form. */
  t(key: MessageKey, values?: MessageValues): string;
  /** A problem of the agent in this language; undefined where the agent's own (English) words have to do. */
  problem(code: string): ProblemWords[string] | undefined;
  money(nanoUsd: number): string;
  number(value: number): string;
  percent(share: number): string;
  bytes(bytes: number): string;
  time(atMs: number): string;
  dateTime(atMs: number): string;
  date(atMs: number): string;
  /** `24h` as `24 hours`: how long a budget looks back. */
  span(window: string): string;
  /** `in 12 minutes`, `3 hours ago`. */
  relative(atMs: number, nowMs: number): string;
}

/** The first wanted language that there is, else English. */
export function createTranslator(locales: readonly string[]): Translator {
  const locale = locales.find((tag) => languageOf(tag) in LANGUAGES && isLocale(tag)) ?? 'en';
  const messages = LANGUAGES[languageOf(locale)] ?? en;
  const problems = PROBLEMS[languageOf(locale)];
  const plurals = new Intl.PluralRules(locale);
  const numbers = new Intl.NumberFormat(locale);
  const cents = new Intl.NumberFormat(locale, { style: 'currency', currency: 'USD' });
  // Most calls cost less than a cent.
  const fractions = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency: 'USD',
    maximumSignificantDigits: 2,
  });
  const percents = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
  const times = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
  const dates = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
  const dateTimes = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  const relatives = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });

  return {
    locale,
    t(key, values = {}) {
      const message = messages[key];
      const text = typeof message === 'string' ? message : pluralForm(message, values['count']);
      return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
        const value = values[name];
        if (value === undefined) return whole;
        return typeof value === 'number' ? numbers.format(value) : value;
      });
    },
    problem: (code) => problems?.[code],
    money(nanoUsd) {
      const usd = nanoUsd / 1e9;
      return usd !== 0 && Math.abs(usd) < 0.01 ? fractions.format(usd) : cents.format(usd);
    },
    number: (value) => numbers.format(value),
    percent: (share) => percents.format(share),
    bytes: (bytes) => formatBytes(locale, bytes),
    time: (atMs) => times.format(atMs),
    date: (atMs) => dates.format(atMs),
    dateTime: (atMs) => dateTimes.format(atMs),
    span: (window) => formatSpan(locale, window),
    relative(atMs, nowMs) {
      const seconds = Math.round((atMs - nowMs) / 1000);
      for (const [unit, size] of UNITS)
        if (Math.abs(seconds) >= size) return relatives.format(Math.trunc(seconds / size), unit);
      return relatives.format(0, 'second');
    },
  };

  function pluralForm(message: Exclude<Message, string>, count: string | number | undefined): string {
    return plurals.select(Number(count ?? 0)) === 'one' ? message.one : message.other;
  }
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

const SPAN_UNITS = { m: 'minute', h: 'hour', d: 'day', w: 'week', mo: 'month' } as const;

function formatSpan(locale: string, window: string): string {
  const { count, unit } = /^(?<count>\d+)(?<unit>mo|[mhdw])$/.exec(window)?.groups ?? {};
  if (count === undefined || unit === undefined) return window;
  // "The last 1 day" is nobody's way to say it.
  const [number, name] =
    count === '1' && unit === 'd'
      ? [24, 'hour']
      : [Number(count), SPAN_UNITS[unit as keyof typeof SPAN_UNITS]];
  return new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'long' }).format(number);
}

const languageOf = (tag: string): string => tag.toLowerCase().split(/[-_]/)[0] ?? '';

function isLocale(tag: string): boolean {
  try {
    return Intl.NumberFormat.supportedLocalesOf(tag).length > 0;
  } catch {
    return false; // not a well-formed tag: the next one is asked
  }
}

function formatBytes(locale: string, bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: units[power],
    unitDisplay: 'short',
    maximumFractionDigits: power === 0 ? 0 : 1,
  }).format(bytes / 1000 ** power);
}
