import type { BudgetView } from '../../agent/src/serve/contract.ts';

/** A budget of 200 dollars, a quarter used. */
export function oneBudget(changes: Partial<BudgetView> = {}): BudgetView {
  return {
    id: 'month',
    scope: 'user',
    subject: 'ann',
    window: '1mo',
    action: 'block',
    shadow: false,
    spentNanoUsd: 50e9,
    heldNanoUsd: 0,
    limitNanoUsd: 200e9,
    remainingNanoUsd: 150e9,
    spentTokens: 0,
    heldTokens: 0,
    lost: false,
    ...changes,
  };
}
