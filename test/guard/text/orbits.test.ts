import { RE2JS } from 're2js';
import { expect, it } from 'vitest';
import { caseKey, caseOrbit, foldedUnits } from '../../../agent/src/guard/text/orbits.ts';

it('knows characters that differ in case only', () => {
  expect(caseOrbit(0x6b)).toEqual([0x4b, 0x6b, 0x212a]);
  expect(caseKey(0x17f)).toBe(0x73);
  expect(caseKey(0x37)).toBe(0x37);
});

it('is at least as wide as what RE2 takes for the same', () => {
  const cased = [...new Set([...foldedUnits()].flatMap(({ unit, key }) => [unit, key]))];
  const all = cased.map((unit) => String.fromCharCode(unit)).join('');
  // Every 23rd: all of them take a minute.
  for (const unit of cased.filter((_, index) => index % 23 === 0)) {
    const matcher = RE2JS.compile(`(?i)\\x{${unit.toString(16)}}`).matcher(all);
    while (matcher.find()) expect(caseOrbit(unit)).toContain(all.codePointAt(matcher.start()));
  }
});
