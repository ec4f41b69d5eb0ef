import { describe, expect, it } from 'vitest';
import type { CompiledRule } from '../../../agent/src/guard/engine/compile.ts';
import { Runs } from '../../../agent/src/guard/engine/runs.ts';
import { secretsCatalogue } from '../../../agent/src/guard/secrets/catalogue.ts';
import { sampleOf } from '../../kit/pattern-sample.ts';
import { createRandom } from '../../kit/random-text.ts';

const ruleWith = (run: object | undefined) => ({ rule: { pattern: '', run } }) as unknown as CompiledRule;

describe('runs', () => {
  const hex = ruleWith({ set: '0-9a-f', min: 3, max: 5 });

  it('tell what can not match from its length', () => {
    const allowed = (text: string) => new Runs(text).allows(hex, 2);
    expect(['k=ab', 'k=abc', 'k=abcde.', 'k=abcdef', 'k=xyz', 'k='].map(allowed)).toEqual([
      false,
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(new Runs('k=abcdef').allows(ruleWith({ set: '0-9a-f', min: 3, max: undefined }), 2)).toBe(true);
    expect(new Runs('').allows(ruleWith(undefined), 0)).toBe(true);
  });

  it('are read once, however many keywords stand in them', () => {
    const text = 'ab'.repeat(50_000);
    let reads = 0;
    const counted = new Proxy(new String(text), {
      get(target, key) {
        if (key === 'charCodeAt') reads++;
        const value = Reflect.get(target, key) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    }) as unknown as string;
    const runs = new Runs(counted);
    for (let at = 0; at < text.length; at += 2) runs.allows(hex, at);
    expect(reads).toBeLessThanOrEqual(text.length + 1);
  });

  it('never deny what the pattern matches', () => {
    for (const rule of secretsCatalogue) {
      if (rule.run === undefined) continue;
      for (let seed = 0; seed < 20; seed++) {
        const sample = sampleOf(rule, createRandom(seed));
        const runs = new Runs(`${sample} `);
        const lengths = rule.keywords
          .filter((keyword) => sample.startsWith(keyword))
          .map(({ length }) => length);
        expect(
          lengths.some((length) => runs.allows({ rule } as unknown as CompiledRule, length)),
          sample,
        ).toBe(true);
      }
    }
  });
});
