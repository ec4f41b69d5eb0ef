/** Break-glass codes: what a help desk makes, a device understands without a network; guesses get nowhere. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OverrideKeeper } from '../../agent/src/main/override.ts';
import { endOf, makeCode, readCode, secretOfDevice } from '../../agent/src/main/override-code.ts';
import { deviceSecret, issueCode, makeMaster, readSecret } from '../../agent/src/main/override-desk.ts';

const NOW = Date.UTC(2026, 10, 26, 9, 0, 0);
const HOUR = 3_600_000;
const master = Buffer.alloc(32, 7);
const secret = secretOfDevice(master, 'ann-laptop');

describe('a code', () => {
  it('is twelve characters that say what, until when, and for whom, however they are typed', () => {
    const code = makeCode(secret, 'ann-laptop', 'observe', endOf(NOW, 4));
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$/);
    const expected = { ok: true, scope: 'observe', untilMs: NOW + 4 * HOUR };
    expect(readCode(secret, 'ann-laptop', code, NOW)).toEqual(expected);
    expect(readCode(secret, 'ANN-laptop', ` ${code.toLowerCase().replaceAll('-', ' ')} `, NOW)).toEqual(
      expected,
    );
    expect(readCode(secret, 'ann-laptop', code.replaceAll('0', 'o').replaceAll('1', 'l'), NOW)).toEqual(
      expected,
    );
  });

  it('counts on its own device only, until its end, and no longer than three days', () => {
    const code = makeCode(secret, 'ann-laptop', 'aside', endOf(NOW, 4));
    const wrong = { ok: false, why: 'wrong' };
    expect(readCode(secretOfDevice(master, 'bob-laptop'), 'bob-laptop', code, NOW)).toEqual(wrong);
    expect(readCode(secretOfDevice(Buffer.alloc(32, 8), 'ann-laptop'), 'ann-laptop', code, NOW)).toEqual(
      wrong,
    );
    expect(readCode(secret, 'ann-laptop', code, NOW + 4 * HOUR)).toEqual({ ok: false, why: 'ended' });
    expect(readCode(secret, 'ann-laptop', code, NOW - 80 * HOUR)).toEqual({ ok: false, why: 'too-long' });
    expect(readCode(secret, 'ann-laptop', 'nonsense', NOW)).toEqual({ ok: false, why: 'not-a-code' });
  });

  it('any change of it is wrong', () => {
    const code = makeCode(secret, 'ann-laptop', 'observe', endOf(NOW, 4)).replaceAll('-', '');
    const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
    fc.assert(
      fc.property(fc.nat(11), fc.nat(31), (index, letter) => {
        const other = code.slice(0, index) + letters[letter] + code.slice(index + 1);
        const { ok } = readCode(secret, 'ann-laptop', other, NOW);
        expect(ok).toBe(other === code);
      }),
    );
  });
});

describe('on the device', () => {
  let folder: string;
  let nowMs = NOW;
  const events: string[] = [];
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'pstn-override-'));
    nowMs = NOW;
    events.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const open = (given: Uint8Array | undefined = secret): OverrideKeeper =>
    new OverrideKeeper({
      secret: () => given,
      device: 'ann-laptop',
      file: path.join(folder, 'override.json'),
      nowMs: () => nowMs,
      event: (code, detail) => events.push(`${code}: ${detail}`),
      onChange: () => undefined,
    });
  const code = (): string => makeCode(secret, 'ann-laptop', 'observe', endOf(NOW, 2));

  it('is in force across restarts until its end, is recorded, and can be ended', () => {
    const keeper = open();
    expect(keeper.enter(code())).toEqual({ scope: 'observe', untilMs: NOW + 2 * HOUR });
    expect(open().inForce()).toEqual({ scope: 'observe', untilMs: NOW + 2 * HOUR });
    expect(events).toEqual(['override-entered: observe until 2026-11-26T11:00:00.000Z']);
    nowMs = NOW + 2 * HOUR;
    expect(open().inForce()).toBeUndefined();
    nowMs = NOW - HOUR;
    expect(open().inForce()).toBeUndefined();
    nowMs = NOW;
    expect(keeper.end()).toBe(true);
    expect(keeper.inForce()).toBeUndefined();
    expect(open().end()).toBe(false);
  });

  it('five wrong codes are free, then each costs twice the wait; the right one waits too', () => {
    const keeper = open();
    for (let guess = 0; guess < 5; guess += 1) expect(() => keeper.enter('0000-0000-000A')).toThrow(/wrong/);
    expect(() => keeper.enter(code())).toThrow(/wait 1 minutes/);
    expect(() => open().enter(code())).toThrow(/wait 1 minutes/);
    nowMs += 61_000;
    expect(() => keeper.enter('0000-0000-000A')).toThrow(/wrong/);
    nowMs += 61_000;
    expect(() => keeper.enter(code())).toThrow(/wait/);
    nowMs += 61_000;
    expect(keeper.enter(code())).toMatchObject({ scope: 'observe' });
    expect(() => keeper.enter('too short')).toThrow(/twelve/);
    expect(events.filter((event) => event.startsWith('override-refused'))).toHaveLength(6);
  });

  it('is not possible where the organisation set nothing up', () => {
    const bare = new OverrideKeeper({
      secret: () => undefined,
      device: 'ann-laptop',
      file: path.join(folder, 'none.json'),
      nowMs: () => NOW,
      event: () => undefined,
      onChange: () => undefined,
    });
    expect(() => bare.enter(code())).toThrow(/has not set up/);
  });

  it("the desk's files lead to the same code", () => {
    const file = path.join(folder, 'desk.secret');
    makeMaster(file);
    expect(() => makeMaster(file)).toThrow(/exists already/);
    const own = path.join(folder, 'device.secret');
    writeFileSync(own, deviceSecret(file, 'ann-laptop'));
    const issued = issueCode({ masterFile: file, device: 'ann-laptop', scope: 'aside', hours: 1 });
    nowMs = Date.now();
    expect(open(readSecret(own)).enter(issued.code)).toEqual({ scope: 'aside', untilMs: issued.untilMs });
    expect(() => issueCode({ masterFile: file, device: 'x', scope: 'aside', hours: 100 })).toThrow(
      /72 hours/,
    );
    expect(() => readSecret(path.join(folder, 'none'))).toThrow(/can't be read/);
  });
});
