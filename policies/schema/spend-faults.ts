import { followsCalendar, MAX_WINDOW_MS, parseWindow, windowMs } from './budgets.ts';
import type { Policy } from './policy.ts';
import type { Fault } from './problem.ts';

type Budget = Policy['budgets'][number];
type Limit = Policy['limits'][number];

/** Budgets and limits whose settings don't fit together. */
export function* spendFaults(policy: Policy): Iterable<Fault> {
  yield* duplicates(policy.budgets, 'budgets');
  yield* duplicates(policy.limits, 'limits');
  for (const [index, budget] of policy.budgets.entries()) yield* budgetFaults(budget, ['budgets', index]);
  for (const [index, limit] of policy.limits.entries()) yield* limitFaults(limit, ['limits', index]);
}

function* duplicates(rules: readonly { readonly id: string }[], section: string): Iterable<Fault> {
  const first = new Map<string, number>();
  for (const [index, { id }] of rules.entries()) {
    const earlier = first.get(id);
    if (earlier === undefined) first.set(id, index);
    else {
      yield {
        path: [section, index, 'id'],
        message: `"${id}" is already the id of ${section}[${earlier}].`,
        mend: 'Give each its own id; refusals and the audit log name it.',
      };
    }
  }
}

function* budgetFaults(budget: Budget, path: Fault['path']): Iterable<Fault> {
  if (budget.limitUsd === undefined && budget.limitTokens === undefined) {
    yield { path, message: 'This budget has no limit.', mend: 'Add limitUsd, limitTokens or both.' };
  }
  if (budget.action === 'downgrade' && budget.model === undefined) {
    yield {
      path: [...path, 'action'],
      message: 'A downgrade needs a model to go to.',
      mend: 'Add "model": one name, or a list with one for each maker.',
    };
  }
  if (budget.action !== 'downgrade' && budget.model !== undefined) {
    yield {
      path: [...path, 'model'],
      message: `A model means nothing to the action "${budget.action}".`,
      mend: 'Use action: downgrade, or remove the model. To name the models that count, use "match".',
    };
  }
  yield* windowFaults(budget, path);
}

function* windowFaults({ window, align, timezone }: Budget, path: Fault['path']): Iterable<Fault> {
  const length = parseWindow(window);
  if (length === undefined) return;
  if (windowMs(length) > MAX_WINDOW_MS) {
    yield {
      path: [...path, 'window'],
      message: 'This window is longer than ten years.',
      mend: 'Use a shorter one.',
    };
  }
  if (align === 'calendar' && timezone === undefined) {
    yield {
      path: [...path, 'align'],
      message: 'Whose calendar is meant?',
      mend: 'Add a timezone, such as Europe/Oslo or UTC.',
    };
  }
  if (align === 'rolling' && timezone !== undefined) {
    yield {
      path: [...path, 'timezone'],
      message: 'A rolling window has no time zone.',
      mend: 'Remove it, or use align: calendar.',
    };
  }
  if (timezone !== undefined && align !== 'rolling' && !followsCalendar(length)) {
    yield {
      path: [...path, 'window'],
      message: `The calendar can't be cut into windows of ${window}.`,
      mend: 'Use minutes that divide an hour, hours that divide a day, 1d, 1w, months that divide a year or 1y; or remove the timezone for a rolling window.',
    };
  }
}

function* limitFaults(limit: Limit, path: Fault['path']): Iterable<Fault> {
  const { requestsPerMinute, tokensPerMinute, concurrentStreams } = limit;
  if (requestsPerMinute !== undefined || tokensPerMinute !== undefined || concurrentStreams !== undefined)
    return;
  yield {
    path,
    message: 'This limit limits nothing.',
    mend: 'Add requestsPerMinute, tokensPerMinute or concurrentStreams.',
  };
}
