/** Budgets: how much a device, person, app, service, model or virtual key may spend in a window of time. */
import { z } from 'zod';
import { condition, kebab, message, nonEmpty } from './words.ts';

/** Who is counted by itself: `user` gives each person a budget of their own, `model` each model. */
export const SPEND_SCOPES = ['device', 'user', 'app', 'service', 'model', 'key'] as const;
export const spendScope = z.enum(SPEND_SCOPES);

const WINDOW = /^([1-9]\d{0,3})(m|h|d|w|mo|y)$/;
export type WindowUnit = 'm' | 'h' | 'd' | 'w' | 'mo' | 'y';

export interface WindowLength {
  readonly count: number;
  readonly unit: WindowUnit;
}

/** `15m`, `1h`, `7d`, `1mo`, `1y`; undefined if it is none of these. */
export function parseWindow(text: string): WindowLength | undefined {
  const match = WINDOW.exec(text);
  return match === null ? undefined : { count: Number(match[1]), unit: match[2] as WindowUnit };
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Rolling months and years are of an even length; the calendar's are what they are. */
const UNIT_MS: Readonly<Record<WindowUnit, number>> = {
  m: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
  w: 7 * DAY_MS,
  mo: 30 * DAY_MS,
  y: 365 * DAY_MS,
};
export const MAX_WINDOW_MS = 10 * UNIT_MS.y;

export const windowMs = ({ count, unit }: WindowLength): number => count * UNIT_MS[unit];

/** Windows that tile the calendar: quarters of an hour, eighths of a day, days, weeks, months, quarters, years. */
export function followsCalendar({ count, unit }: WindowLength): boolean {
  if (unit === 'm') return 60 % count === 0;
  if (unit === 'h') return 24 % count === 0;
  if (unit === 'd') return count === 1 || count === 7;
  if (unit === 'mo') return 12 % count === 0;
  return count === 1;
}

export const isTimeZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
};

export const budgetRule = z.strictObject({
  id: kebab,
  scope: spendScope,
  window: z
    .string()
    .refine(
      (text) => parseWindow(text) !== undefined,
      'write a number and a unit: 15m, 1h, 1d, 1w, 1mo or 1y',
    ),
  /** With a time zone the window follows its calendar: a day begins at midnight there, a week on Monday. */
  timezone: z
    .string()
    .refine(isTimeZone, 'use a name of the IANA time zone database, such as Europe/Oslo or UTC')
    .optional(),
  /** Default: `calendar` where a time zone is named, else `rolling`: the time just past, at every moment. */
  align: z.enum(['calendar', 'rolling']).optional(),
  limitUsd: z.number().min(0).max(1_000_000).optional(),
  limitTokens: z.int().min(0).max(1e12).optional(),
  /** Shares of the limit at which the person is told, once per window each. */
  warnAt: nonEmpty(z.number().gt(0).max(1)).default([]),
  /**
   * What happens once nothing is left. `block`: calls are refused and running answers cut. `downgrade`: calls go to
   * `model` instead. `warn`: the person is told.
   */
  action: z.enum(['warn', 'downgrade', 'block']),
  /** Of `downgrade`: the model to use instead, one for each maker; the first that the called service has a price for. */
  model: nonEmpty(z.string().min(1)).optional(),
  /** Globs over the model's name: only these calls count, and only they are stopped. */
  match: nonEmpty(z.string().min(1)).optional(),
  when: condition.optional(),
  /** On trial: it counts and is told of, but stops nothing. */
  shadow: z.boolean().default(false),
  message: message.optional(),
});

export type BudgetRule = z.infer<typeof budgetRule>;
