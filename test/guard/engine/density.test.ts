import { expect, it } from 'vitest';
import type { CompiledRule } from '../../../agent/src/guard/engine/compile.ts';
import { KeywordDensity } from '../../../agent/src/guard/engine/density.ts';

const ruleWith = (reach: { usual: number; dense: number } | undefined): CompiledRule =>
  ({ expression: { reach } }) as unknown as CompiledRule;

it('shortens the reach where keywords of one rule follow closely, and only there', () => {
  const density = new KeywordDensity();
  const rule = ruleWith({ usual: 1000, dense: 10 });
  const reaches = Array.from({ length: 40 }, (_, i) => density.limitAt(rule, i * 100) - i * 100);
  expect(reaches.slice(0, 15)).toEqual(Array(15).fill(1000));
  expect(reaches.slice(15)).toEqual(Array(25).fill(10));
  expect(density.limitAt(ruleWith({ usual: 1000, dense: 10 }), 4000)).toBe(5000);
  expect(density.limitAt(rule, 100_000)).toBe(101_000);
});

it('leaves a rule alone whose expression is bounded by itself', () => {
  expect(new KeywordDensity().limitAt(ruleWith(undefined), 7)).toBe(Number.POSITIVE_INFINITY);
});
