import { InvalidArgumentError } from 'commander';
import { parseSince } from './format.ts';
import { CommandFailure } from './ports.ts';

/** Option parser: an age or a date. */
export function moment(text: string): number {
  const atMs = parseSince(text, Date.now());
  if (atMs === undefined)
    throw new InvalidArgumentError('Give an age such as 24h or 7d, or a date such as 2026-11-23.');
  return atMs;
}

/** A period that ends before it begins is a slip of the pen, not an empty answer. */
export function checkPeriod(sinceMs: number | undefined, untilMs: number | undefined): void {
  if (sinceMs === undefined || untilMs === undefined || sinceMs < untilMs) return;
  throw new CommandFailure('empty-period', 2, '--until lies before --since.', 'Swap the two.');
}
