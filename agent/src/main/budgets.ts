import { hostname, userInfo } from 'node:os';
import { SpendBook } from '../account/spend/spend-book.ts';
import type { Place } from '../cli/ports.ts';
import type { BudgetState, BudgetTerms, SpendScope } from '../core/spend.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import { spendTermsOf } from '../journey/spend-terms.ts';
import type { BudgetView, LimitView } from '../serve/contract.ts';
import { policySource, requirePolicy } from './active-policy.ts';
import { withReader } from './history.ts';
import { settingsOf } from './settings.ts';

interface Here {
  readonly device: string;
  readonly user: string | undefined;
}

/** Every budget of the policy: for whom it has counted, and for this device and person even if it hasn't yet. */
export function budgetViews(book: SpendBook, policy: CompiledPolicy, here: Here): BudgetView[] {
  return [...spendTermsOf(policy).budgets.values()].flatMap((terms) => {
    const subjects = new Set(book.subjectsOf(terms.key));
    const own = ownSubject(terms.scope, here);
    if (own !== undefined) subjects.add(own);
    return [...subjects].sort().map((subject) => viewOf(book.state({ terms, subject })));
  });
}

/** Every limit of the policy, as it stands now: for whom it has counted, and for this device and person. */
export function limitViews(book: SpendBook, policy: CompiledPolicy, here: Here): LimitView[] {
  return [...spendTermsOf(policy).limits.values()].flatMap((terms) => {
    const { id, scope, action, shadow, requestsPerMinute, tokensPerMinute, concurrentStreams } = terms;
    const states = book.limitStates(terms, ownSubject(scope, here));
    return [...states]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([subject, state]) => ({
        id,
        scope,
        subject,
        action,
        shadow,
        ...(requestsPerMinute !== undefined && { requestsPerMinute, requestsLeft: state.requestsLeft ?? 0 }),
        ...(tokensPerMinute !== undefined && { tokensPerMinute, tokensLeft: state.tokensLeft ?? 0 }),
        ...(concurrentStreams !== undefined && { concurrentStreams, openStreams: state.openStreams ?? 0 }),
      }));
  });
}

function ownSubject(scope: SpendScope, here: Here): string | undefined {
  if (scope === 'device') return here.device;
  return scope === 'user' ? here.user : undefined;
}

function viewOf({ terms, subject, spent, held, slot, lost }: BudgetState): BudgetView {
  const { id, scope, window, timezone, action, shadow, limitNanoUsd, limitTokens } = terms;
  const left = (limit: number, used: number): number => (lost ? 0 : Math.max(0, limit - used));
  return {
    id,
    scope,
    subject,
    window,
    ...(timezone !== undefined && { timezone }),
    action,
    shadow,
    spentNanoUsd: spent.nanoUsd,
    heldNanoUsd: held.nanoUsd,
    ...(limitNanoUsd !== undefined && {
      limitNanoUsd,
      remainingNanoUsd: left(limitNanoUsd, spent.nanoUsd + held.nanoUsd),
    }),
    spentTokens: spent.tokens,
    heldTokens: held.tokens,
    ...(limitTokens !== undefined && {
      limitTokens,
      remainingTokens: left(limitTokens, spent.tokens + held.tokens),
    }),
    ...(slot.resetsAtMs !== undefined && { resetsAtMs: slot.resetsAtMs }),
    lost,
  };
}

/** The same from the database alone: what is still held counts as spent. */
export async function budgets(place: Place, policyFile: string | undefined): Promise<readonly BudgetView[]> {
  const policy = await requirePolicy(await policySource(settingsOf(place), policyFile, place.home));
  const snapshot = await withReader(place, (reader) => reader.loadSpend());
  const nowMs = Math.max(Date.now(), snapshot.seenMs);
  const book = new SpendBook({ nowMs: () => nowMs, monotonicMs: () => nowMs });
  book.restore(
    snapshot,
    slotFinder(policy, () => nowMs),
  );
  // A pseudonym is the running agent's secret: then only those who were counted are shown.
  const user = policy.policy.privacy.pseudonymous ? undefined : userInfo().username;
  return budgetViews(book, policy, { device: hostname(), user });
}

/** Where what an earlier run left open is charged; budgets that the policy doesn't have any more are not. */
export function slotFinder(policy: CompiledPolicy, nowMs: () => number) {
  const byKey = new Map<string, BudgetTerms>();
  for (const terms of spendTermsOf(policy).budgets.values()) byKey.set(terms.key, terms);
  return (budget: string) => byKey.get(budget)?.slotAt(nowMs());
}
