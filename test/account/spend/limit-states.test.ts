import { expect, it } from 'vitest';
import { SpendBook } from '../../../agent/src/account/spend/spend-book.ts';
import type { LimitTerms } from '../../../agent/src/core/spend.ts';

const terms: LimitTerms = {
  id: 'pace',
  scope: 'user',
  requestsPerMinute: 6,
  tokensPerMinute: 600,
  concurrentStreams: undefined,
  action: 'block',
  message: undefined,
  shadow: false,
};

it('tells what is left of a minute for everybody who was counted, and for oneself before the first call', () => {
  let monotonicMs = 0;
  const book = new SpendBook({ nowMs: () => 0, monotonicMs: () => monotonicMs });
  const states = () => Object.fromEntries(book.limitStates(terms, 'ann'));
  expect(states()).toEqual({ ann: { requestsLeft: 6, tokensLeft: 600, openStreams: undefined } });
  const open = (callId: string, subject: string) =>
    book.open({
      callId,
      budgets: [],
      limits: [{ terms, subject }],
      hold: { nanoUsd: 0, tokens: 250 },
      enforced: true,
    });
  open('a', 'ann');
  open('b', 'ann');
  open('c', 'bob');
  expect(states()).toMatchObject({
    ann: { requestsLeft: 4, tokensLeft: 100 },
    bob: { requestsLeft: 5, tokensLeft: 350 },
  });
  monotonicMs = 20_000;
  expect(states()).toMatchObject({ ann: { requestsLeft: 6, tokensLeft: 300 } });
  // Others' limits are none of this one's.
  expect([...book.limitStates({ ...terms, id: 'pac' }, undefined)]).toEqual([]);
});
