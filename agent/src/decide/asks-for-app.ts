import type { Policy } from '../../../policies/schema/policy.ts';

/** True if anything in the policy depends on which app is calling: then it is worth waiting to be told by the system. */
export function asksForApp(policy: Policy): boolean {
  const { rules } = policy.apps;
  if (rules.length > 0 || policy.apps.default === 'deny') return true;
  return [...policy.budgets, ...policy.limits].some(({ scope }) => scope === 'app') || inConditions(policy);
}

/** CEL's own word boundaries: a text that merely holds the word costs some patience, no more. */
function inConditions(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false;
  return Object.entries(node).some(([key, value]) =>
    key === 'when' && typeof value === 'string' ? /\bapp\b/.test(value) : inConditions(value),
  );
}
