import type { Evaluation } from './evaluation.ts';

/**
 * Whether the calling app may do this. The first rule that applies decides, else the policy's default. `false`: it
 * depends on the body, which isn't there yet. A condition that can't be evaluated counts against the app.
 */
export function applyAppRules(evaluation: Evaluation, bodyWillBeRead: boolean): boolean {
  const { app } = evaluation.call;
  const { rules, policy } = evaluation.compiled;
  let decided = false;
  for (const compiled of rules.apps) {
    const rule = { kind: 'app', id: compiled.id } as const;
    const { match, state, message } = compiled.rule;
    if (decided || !(match.includes(app.id) || match.includes('*'))) {
      const text = decided ? 'An earlier rule had already decided.' : `It isn't about ${app.name}.`;
      evaluation.account(rule, 'skipped', 'allow', text);
      continue;
    }
    if (bodyWillBeRead && compiled.when?.needsBody === true && evaluation.request === undefined) return false;
    if (!evaluation.holds(rule, compiled.when, state === 'denied')) continue;
    decided = true;
    const action = state === 'denied' ? 'block' : 'allow';
    const text =
      state === 'denied'
        ? `The policy doesn't allow ${app.name} here (${compiled.id}).`
        : `${compiled.id} allows ${app.name}.`;
    if (action === 'block') evaluation.add({ rule, action, text, message, findings: [] });
    evaluation.account(rule, 'applied', action, text);
    if (evaluation.accounts === undefined) return true;
  }
  if (!decided && policy.apps.default === 'deny') {
    const rule = { kind: 'app', id: 'apps.default' } as const;
    const text = `The policy allows listed apps only, and ${app.name} isn't one of them.`;
    evaluation.add({ rule, action: 'block', text, message: undefined, findings: [] });
    evaluation.account(rule, 'applied', 'block', text);
  }
  return true;
}
