import type { Mode } from '../core/decision.ts';
import type { Evaluation } from './evaluation.ts';
import type { CompiledServiceRule } from './rules.ts';

/**
 * The mode of a call's service: the first rule that applies, else the catalogue's default. `undefined`: it depends
 * on the body, which isn't there yet. A condition that can't be evaluated counts as fulfilled where the rule blocks
 * and as unfulfilled where it doesn't, and is reported.
 */
export function serviceMode(evaluation: Evaluation, bodyWillBeRead: boolean): Mode | undefined {
  const { service, serviceRules } = evaluation.call.location;
  const seen = evaluation.accounts === undefined ? undefined : new Set<CompiledServiceRule>();
  for (const compiled of serviceRules) {
    if (bodyWillBeRead && compiled.when?.needsBody === true && evaluation.request === undefined)
      return undefined;
    seen?.add(compiled);
    const { mode, message } = compiled.rule;
    const rule = { kind: 'service', id: compiled.id } as const;
    if (!evaluation.holds(rule, compiled.when, mode === 'block')) continue;
    const text =
      mode === 'block'
        ? `The policy doesn't allow ${service.name} here (${compiled.id}).`
        : `${compiled.id} sets ${service.name} to ${mode}.`;
    if (mode === 'block') evaluation.add({ rule, action: 'block', text, message, findings: [] });
    evaluation.account(rule, 'applied', mode === 'block' ? 'block' : 'allow', text);
    accountOthers(evaluation, seen, `${compiled.id} had already decided.`);
    return mode;
  }
  accountOthers(evaluation, seen, '');
  const text = `${service.name} has the catalogue's default mode, ${service.defaultMode}.`;
  const rule = { kind: 'default', id: service.id } as const;
  const action = service.defaultMode === 'block' ? 'block' : 'allow';
  if (action === 'block') evaluation.add({ rule, action, text, message: undefined, findings: [] });
  evaluation.account(rule, 'applied', action, text);
  return service.defaultMode;
}

/** Rules that weren't asked: about other services, or after the one that decided. */
function accountOthers(
  evaluation: Evaluation,
  seen: ReadonlySet<CompiledServiceRule> | undefined,
  later: string,
): void {
  if (seen === undefined) return;
  const { service, serviceRules } = evaluation.call.location;
  for (const compiled of evaluation.compiled.rules.services) {
    if (seen.has(compiled)) continue;
    const about = serviceRules.includes(compiled);
    const text = about ? later : `It isn't about ${service.name}.`;
    evaluation.account({ kind: 'service', id: compiled.id }, 'skipped', 'allow', text);
  }
}
