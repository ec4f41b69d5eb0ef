import type { Evaluation } from './evaluation.ts';
import type { CompiledModelRule } from './rules.ts';
import { modelNamed } from './words.ts';

/** Applies the first model rule that fits. A condition that can't be evaluated counts where the rule restricts. */
export function applyModelRules(evaluation: Evaluation): void {
  const model = evaluation.request?.exchange.model;
  let decided = false;
  for (const compiled of evaluation.compiled.rules.models) {
    const rule = { kind: 'model', id: compiled.id } as const;
    if (decided || model === undefined || !compiled.matches(model)) {
      if (evaluation.accounts !== undefined) accountSkipped(evaluation, compiled, model, decided);
      continue;
    }
    const { action, message } = compiled.rule;
    if (!evaluation.holds(rule, compiled.when, action !== 'allow')) continue;
    decided = true;
    const shown = modelNamed(model);
    const text =
      action === 'block'
        ? `The policy doesn't allow the ${shown} here (${compiled.id}).`
        : action === 'warn'
          ? `The policy advises against the ${shown} here (${compiled.id}).`
          : `${compiled.id} allows the ${shown}.`;
    if (action !== 'allow') evaluation.add({ rule, action, text, message, findings: [] });
    evaluation.account(rule, 'applied', action, text);
    if (evaluation.accounts === undefined) return;
  }
}

function accountSkipped(
  evaluation: Evaluation,
  { id, rule }: CompiledModelRule,
  model: string | undefined,
  decided: boolean,
): void {
  const name = { kind: 'model', id } as const;
  if (decided) evaluation.account(name, 'skipped', 'allow', 'An earlier rule had already decided.');
  else if (model === undefined) evaluation.account(name, 'not-matched', 'allow', 'The call names no model.');
  else {
    const text = `The ${modelNamed(model)} doesn't match ${rule.match.join(', ')}.`;
    evaluation.account(name, 'not-matched', 'allow', text);
  }
}
