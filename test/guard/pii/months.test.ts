import { expect, it } from 'vitest';
import { MONTH_NAMES, monthOf } from '../../../agent/src/guard/pii/months.ts';

it('knows months in several languages, in any case', () => {
  expect(['March', 'MÄRZ', 'mars', 'dez', 'lipca', 'mayor'].map(monthOf)).toEqual([
    3,
    3,
    3,
    12,
    7,
    undefined,
  ]);
});

it('lists no name before a longer one that begins with it', () => {
  MONTH_NAMES.forEach((name, i) => {
    for (const later of MONTH_NAMES.slice(i + 1))
      expect(later.startsWith(name), `${name} ${later}`).toBe(false);
  });
});
