/** Budgets and limits in words: what is used up, of how much, for whom, and when there is room again. */
import type { Reason } from '../core/decision.ts';
import type { BudgetState, Crossing, Stop } from '../core/spend.ts';
import { modelNamed } from './words.ts';

export function stopReason(stop: Stop, nowMs: number): Reason {
  const { terms } = stop;
  const text = stop.kind === 'budget' ? budgetText(stop.state, stop.wanted, nowMs) : limitText(stop, nowMs);
  return {
    rule: { kind: stop.kind, id: terms.id },
    action: terms.action === 'warn' ? 'warn' : 'block',
    text,
    message: terms.message,
    findings: [],
    ...(terms.shadow ? { shadow: true } : {}),
  };
}

/** An answer that used up the last of a budget. */
export function cutReason(state: BudgetState, nowMs: number): Reason {
  const { terms } = state;
  return {
    rule: { kind: 'budget', id: terms.id },
    action: 'block',
    text: `This answer used up ${budgetNamed(state)}: ${usedOf(state)}. It was cut here. ${roomText(state, nowMs)}`,
    message: terms.message,
    findings: [],
  };
}

export function crossingReason({ terms, state, share }: Crossing): Reason {
  const text =
    share >= 1
      ? `${sentence(budgetNamed(state))} is used up: ${usedOf(state)}.`
      : `${sentence(budgetNamed(state))} is more than ${Math.round(share * 100)} % used: ${usedOf(state)}.`;
  return { rule: { kind: 'budget', id: terms.id }, action: 'warn', text, message: undefined, findings: [] };
}

export function downgradeReason(state: BudgetState, from: string, to: string): Reason {
  const text = `${sentence(budgetNamed(state))} has no room for this call (${usedOf(state)}), so it went to the ${modelNamed(to)} instead of the ${modelNamed(from)}.`;
  return {
    rule: { kind: 'budget', id: state.terms.id },
    action: 'warn',
    text,
    message: state.terms.message,
    findings: [],
  };
}

/** A budget in dollars can't count a call whose price nobody knows. */
export function unpricedReason(id: string, model: string): Reason {
  const text = `The price of the ${modelNamed(model)} isn't known, so the budget "${id}" could not count this call's cost.`;
  return { rule: { kind: 'budget', id }, action: 'warn', text, message: undefined, findings: [] };
}

function budgetText(state: BudgetState, wanted: { nanoUsd: number; tokens: number }, nowMs: number): string {
  const room = roomText(state, nowMs);
  if (state.lost) {
    return `The record of what ${budgetNamed(state)} has spent was lost, so it counts as used up. ${room}`;
  }
  const { limitNanoUsd, limitTokens } = state.terms;
  const leftNanoUsd =
    limitNanoUsd === undefined ? undefined : limitNanoUsd - state.spent.nanoUsd - state.held.nanoUsd;
  const leftTokens =
    limitTokens === undefined ? undefined : limitTokens - state.spent.tokens - state.held.tokens;
  const needs =
    leftNanoUsd !== undefined && leftNanoUsd > 0 && wanted.nanoUsd > leftNanoUsd
      ? `This call may cost ${usd(wanted.nanoUsd)}, and ${budgetNamed(state)} has ${usd(leftNanoUsd)} of ${usd(limitNanoUsd ?? 0)} left`
      : leftTokens !== undefined && leftTokens > 0 && wanted.tokens > leftTokens
        ? `This call may take ${count(wanted.tokens)} tokens, and ${budgetNamed(state)} has ${count(leftTokens)} of ${count(limitTokens ?? 0)} left`
        : `${sentence(budgetNamed(state))} is used up: ${usedOf(state)}`;
  return `${needs}. ${room}`;
}

function limitText({ terms, which, limit, waitMs }: Extract<Stop, { kind: 'limit' }>, nowMs: number): string {
  const what =
    which === 'requests'
      ? `${counted(limit, 'call')} per minute`
      : which === 'tokens'
        ? `${counted(limit, 'token')} per minute`
        : `${counted(limit, 'call')} at the same time`;
  const until =
    waitMs === undefined
      ? 'There is room again when one of the running answers ends.'
      : `There is room again in ${duration(waitMs)} (${clock(nowMs + waitMs, 'UTC')} UTC).`;
  return `The limit "${terms.id}" allows ${what}${forWhom(terms.scope)}. ${until}`;
}

const budgetNamed = ({ terms, subject }: BudgetState): string => {
  const whose = terms.scope === 'model' ? ` for the ${modelNamed(subject)}` : forWhom(terms.scope);
  return `the budget "${terms.id}"${whose}`;
};

const WHOM: Readonly<Record<BudgetState['terms']['scope'], string>> = {
  device: ' for this device',
  user: ' for each person',
  app: ' for each app',
  service: ' for each service',
  model: ' for each model',
  key: ' for each key',
};
const forWhom = (scope: BudgetState['terms']['scope']): string => WHOM[scope];

function usedOf({ terms, spent, held }: BudgetState): string {
  const parts: string[] = [];
  if (terms.limitNanoUsd !== undefined) {
    parts.push(`${usd(spent.nanoUsd + held.nanoUsd)} of ${usd(terms.limitNanoUsd)}`);
  }
  if (terms.limitTokens !== undefined) {
    parts.push(`${count(spent.tokens + held.tokens)} of ${count(terms.limitTokens)} tokens`);
  }
  return `${parts.join(' and ')} in ${windowWords(terms.window)}`;
}

const UNITS: Readonly<Record<string, string>> = {
  m: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  mo: 'month',
  y: 'year',
};

/** `1d` as `1 day`, `15m` as `15 minutes`. */
function windowWords(window: string): string {
  const [, number, unit] = /^(\d+)(\w+)$/.exec(window) ?? [];
  if (number === undefined || unit === undefined) return window;
  return `${number} ${UNITS[unit] ?? unit}${number === '1' ? '' : 's'}`;
}

function roomText({ terms, roomAtMs }: BudgetState, nowMs: number): string {
  if (roomAtMs === undefined) return 'There is room again when running calls end, or in a new window.';
  const zone = terms.timezone ?? 'UTC';
  return `There is room again in ${duration(roomAtMs - nowMs)} (${dated(roomAtMs, nowMs, zone)} ${zone}).`;
}

/** Dollars with as many digits as say something: `$20.00`, `$0.0312`. */
export function usd(nanoUsd: number): string {
  const dollars = Math.max(0, nanoUsd) / 1e9;
  if (dollars === 0 || dollars >= 1) return `$${dollars.toFixed(2)}`;
  return dollars < 0.0001 ? '<$0.0001' : `$${dollars.toFixed(dollars >= 0.1 ? 2 : 4)}`;
}

const counted = (value: number, what: string): string => `${count(value)} ${what}${value === 1 ? '' : 's'}`;

const count = (value: number): string => Math.max(0, Math.round(value)).toLocaleString('en-US');

/** The two largest units, rounded up: nobody should come back too early. */
export function duration(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}

const clock = (atMs: number, timeZone: string): string =>
  new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).format(atMs);

function dated(atMs: number, nowMs: number, timeZone: string): string {
  const day = (ms: number) => new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'long' }).format(ms);
  const time = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' }).format(
    atMs,
  );
  return day(atMs) === day(nowMs) ? time : `${day(atMs)}, ${time}`;
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
