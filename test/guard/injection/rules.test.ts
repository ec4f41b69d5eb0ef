import { describe, expect, it } from 'vitest';
import { parsePattern } from '../../../agent/src/guard/engine/pattern.ts';
import { families } from '../../../agent/src/guard/injection/families.ts';
import { injectionRules } from '../../../agent/src/guard/injection/rules.ts';

describe.each(['conversation', 'content'] as const)('rules for %s', (origin) => {
  const rules = injectionRules(origin);

  it('are bounded', () => {
    for (const { pattern } of rules) expect(parsePattern(pattern).maxLength).toBeLessThan(900);
  });

  it('are those of the families that mean something there', () => {
    const wanted = families
      .filter(({ confidence }) => confidence[origin] !== undefined)
      .map(({ kind }) => kind);
    expect([...new Set(rules.map(({ id }) => id))]).toEqual(wanted);
  });
});

it('families have words for the employee and a public source', () => {
  expect(families.length).toBeGreaterThanOrEqual(10);
  for (const { kind, label, source } of families) {
    expect(label, kind).toMatch(/^(?:[a-z]+ ){1,9}(?:(?:AI|AI's) )?(?:[a-z]+ ){0,8}(?:[a-z]+|AI)$/);
    expect(source).toMatch(/^https:/);
  }
});
