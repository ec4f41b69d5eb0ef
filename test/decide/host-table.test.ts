import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coversPattern, HostTable } from '../../agent/src/decide/host-table.ts';

const label = fc.constantFrom('a', 'b', 'c');
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const pattern = fc.tuple(fc.boolean(), name).map(([wild, host]) => (wild ? `*.${host}` : host));

/** What a pattern means, said as simply as possible. */
const means = (each: string, host: string) =>
  each.startsWith('*.') ? host.endsWith(each.slice(1)) && host.length > each.length - 1 : host === each;

describe('HostTable', () => {
  it('finds the exact entry, else the longest suffix', () => {
    fc.assert(
      fc.property(fc.uniqueArray(pattern, { maxLength: 8 }), name, (patterns, host) => {
        const table = new HostTable<string>();
        for (const each of patterns) table.set(each, each);
        const fitting = patterns.filter((each) => means(each, host));
        const exact = fitting.find((each) => each === host);
        const longest = fitting.sort((a, b) => b.length - a.length)[0];
        expect(table.find(host)).toBe(exact ?? longest);
      }),
    );
  });

  it('answers hostile names at once', () => {
    const table = new HostTable<number>();
    table.set('*.example.com', 1);
    const host = `${'a.'.repeat(100_000)}example.org`;
    const startedMs = performance.now();
    expect(table.find(host.slice(-253))).toBeUndefined();
    expect(performance.now() - startedMs).toBeLessThan(20);
  });
});

it('coversPattern: every host of the inner pattern is one of the outer', () => {
  fc.assert(
    fc.property(pattern, pattern, name, (outer, inner, host) => {
      if (coversPattern(outer, inner) && means(inner, host)) expect(means(outer, host)).toBe(true);
    }),
  );
  expect(coversPattern('*.a.com', '*.b.a.com')).toBe(true);
  expect(coversPattern('*.a.com', 'a.com')).toBe(false);
  expect(coversPattern('a.com', '*.a.com')).toBe(false);
});
