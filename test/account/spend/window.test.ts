import { describe, expect, it } from 'vitest';
import { compileWindow } from '../../../agent/src/account/spend/window.ts';
import { parseWindow } from '../../../policies/schema/budgets.ts';

const at = (text: string): number => Date.parse(text);

function bounds(window: string, timeZone: string | undefined, atMs: number) {
  const length = parseWindow(window);
  if (length === undefined) throw new Error(window);
  return compileWindow(length, timeZone)(atMs);
}

describe('windows along a calendar', () => {
  it.each([
    // Norway is two hours ahead of UTC in summer and one in winter.
    ['1d', 'Europe/Oslo', '2026-07-10T12:00Z', '2026-07-09T22:00Z', '2026-07-10T22:00Z', 24],
    // The clocks go forward on 29 March 2026 and back on 25 October.
    ['1d', 'Europe/Oslo', '2026-03-29T12:00Z', '2026-03-28T23:00Z', '2026-03-29T22:00Z', 23],
    ['1d', 'Europe/Oslo', '2026-10-25T12:00Z', '2026-10-24T22:00Z', '2026-10-25T23:00Z', 25],
    ['6h', 'Europe/Oslo', '2026-03-29T01:30Z', '2026-03-28T23:00Z', '2026-03-29T04:00Z', 5],
    // The hour from two to three comes twice; each is a window of its own.
    ['1h', 'Europe/Oslo', '2026-10-25T00:30Z', '2026-10-25T00:00Z', '2026-10-25T01:00Z', 1],
    ['1h', 'Europe/Oslo', '2026-10-25T01:30Z', '2026-10-25T01:00Z', '2026-10-25T02:00Z', 1],
    ['15m', 'UTC', '2026-11-24T10:44:59Z', '2026-11-24T10:30Z', '2026-11-24T10:45Z', 0.25],
    // India is five and a half hours ahead: its hours begin at our half hours.
    ['1h', 'Asia/Kolkata', '2026-11-24T10:44Z', '2026-11-24T10:30Z', '2026-11-24T11:30Z', 1],
    ['12h', 'Asia/Kolkata', '2026-11-24T10:44Z', '2026-11-24T06:30Z', '2026-11-24T18:30Z', 12],
    // Nepal: five and three quarters.
    ['1d', 'Asia/Kathmandu', '2026-11-24T18:20Z', '2026-11-24T18:15Z', '2026-11-25T18:15Z', 24],
    // Weeks begin on Monday; 29 November 2026 is a Sunday.
    ['1w', 'UTC', '2026-11-29T23:59Z', '2026-11-23T00:00Z', '2026-11-30T00:00Z', 168],
    ['7d', 'Europe/Oslo', '2026-03-29T12:00Z', '2026-03-22T23:00Z', '2026-03-29T22:00Z', 167],
    ['1mo', 'UTC', '2024-02-29T12:00Z', '2024-02-01T00:00Z', '2024-03-01T00:00Z', 29 * 24],
    ['3mo', 'America/New_York', '2026-02-10T00:00Z', '2026-01-01T05:00Z', '2026-04-01T04:00Z', 90 * 24 - 1],
    ['1y', 'Pacific/Auckland', '2026-12-31T11:30Z', '2026-12-31T11:00Z', '2027-12-31T11:00Z', 365 * 24],
    // Egypt and Chile change their clocks at midnight: the day begins at one.
    ['1d', 'Africa/Cairo', '2026-04-24T12:00Z', '2026-04-23T22:00Z', '2026-04-24T21:00Z', 23],
    ['1d', 'America/Santiago', '2026-09-06T12:00Z', '2026-09-06T04:00Z', '2026-09-07T03:00Z', 23],
  ])('%s in %s at %s: %s to %s, %s h', (window, timeZone, now, start, end, hours) => {
    const slot = bounds(window, timeZone, at(now));
    expect(new Date(slot.startMs).toISOString()).toBe(new Date(start).toISOString());
    expect(new Date(slot.resetsAtMs ?? 0).toISOString()).toBe(new Date(end).toISOString());
    expect((slot.untilMs - slot.startMs) / 3_600_000).toBe(hours);
    expect(slot.windowStartMs).toBe(slot.startMs);
  });

  it.each(['15m', '1h', '6h', '1d', '1w', '1mo', '1y'])(
    '%s tile time without gap or overlap, all over the world',
    (window) => {
      for (const zone of [
        'Europe/Oslo',
        'America/St_Johns',
        'Australia/Lord_Howe',
        'Africa/Cairo',
        'Pacific/Apia',
        'UTC',
      ]) {
        const slotAt = compileWindow(parseWindow(window) ?? { count: 1, unit: 'd' }, zone);
        let atMs = at('2026-01-01T00:00Z');
        for (let i = 0; i < 200; i += 1) {
          const slot = slotAt(atMs);
          expect(slot.startMs).toBeLessThanOrEqual(atMs);
          expect(slot.untilMs).toBeGreaterThan(atMs);
          const next = slotAt(slot.untilMs);
          expect(next.startMs).toBe(slot.untilMs);
          expect(slotAt(slot.untilMs - 1).startMs).toBe(slot.startMs);
          atMs = slot.untilMs;
        }
      }
    },
  );
});

describe('rolling windows', () => {
  it('forget nothing too early, and everything one sixtieth of the window late at most', () => {
    const slotAt = compileWindow({ count: 1, unit: 'h' }, undefined);
    const chargedMs = at('2026-11-24T10:00:59Z');
    const { startMs } = slotAt(chargedMs);
    expect(slotAt(chargedMs + 3_600_000).windowStartMs).toBeLessThanOrEqual(startMs);
    expect(slotAt(chargedMs + 3_600_000 + 60_000).windowStartMs).toBeGreaterThan(startMs);
    expect(slotAt(chargedMs).resetsAtMs).toBeUndefined();
  });
});
