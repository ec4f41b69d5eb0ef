import { expect, it } from 'vitest';
import type { Vault } from '../../agent/src/core/placeholder.ts';
import type { RequestContext } from '../../agent/src/decide/evaluation.ts';
import { placeholders } from '../../agent/src/decide/placeholders.ts';
import { findingOf } from '../kit/decide.ts';

it('gives no word for what is too long to be kept', () => {
  const kept: string[] = [];
  const vault: Vault = {
    placeholderFor: (_service, { value }) => {
      kept.push(value);
      return 'WORD';
    },
    find: () => undefined,
    knows: () => false,
  };
  const text = 'x'.repeat(5000);
  const part = { kind: 'text', role: 'user', pointer: '/a', text, editable: true } as const;
  const replace = placeholders({
    exchange: { parts: [part] },
    location: { service: { id: 'openai' } },
    vault,
  } as unknown as RequestContext);
  const stretch = {
    place: '/a',
    start: 0,
    named: findingOf({ kind: 'k' }),
    reversible: true,
    restoreInToolCalls: true,
  };
  expect(replace({ ...stretch, end: 5000 })).toBe('[REDACTED:k]');
  expect(replace({ ...stretch, end: 3 })).toBe('WORD');
  expect(kept).toEqual(['xxx']);
});
