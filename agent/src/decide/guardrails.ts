import type { Action } from '../core/decision.ts';
import type { Part } from '../core/exchange.ts';
import type { Finding } from '../core/finding.ts';
import type { DetectorFailure, Evaluation } from './evaluation.ts';
import type { CompiledGuardrail } from './rules.ts';
import { describeFindings, type PartAt } from './words.ts';

/** Findings that a rule wants removed. */
export interface GuardrailOutcome {
  readonly redact: readonly Finding[];
}

const NOTHING: GuardrailOutcome = { redact: [] };

/** Applies every guardrail of the request side; their reasons add up, the strictest wins. */
export function applyRequestGuardrails(evaluation: Evaluation): GuardrailOutcome {
  const { request, compiled } = evaluation;
  if (
    request === undefined ||
    (request.findings.length === 0 && request.failures.length === 0 && !evaluation.accounts)
  ) {
    return NOTHING;
  }
  const partAt = partFinder(request.exchange.parts);
  const redact: Finding[] = [];
  for (const guardrail of compiled.rules.guardrails) {
    if (!guardrail.request) {
      evaluation.account({ kind: 'guardrail', id: guardrail.id }, 'skipped', 'allow', 'It is about answers.');
      continue;
    }
    applyFailures(evaluation, guardrail, request.failures);
    const found = request.findings.filter(guardrail.accepts);
    if (found.length === 0) accountNothing(evaluation, guardrail, request.findings.length);
    else if (isMet(evaluation, guardrail, undefined)) {
      const { removable, action } = whatToDo(guardrail, found, partAt);
      redact.push(...removable);
      addReason(evaluation, guardrail, action, found, partAt);
    }
  }
  return { redact };
}

/** `redact` becomes `block` where the provider signs the text: an edited call would fail in a way nobody understands. */
function whatToDo({ rule }: CompiledGuardrail, found: readonly Finding[], partAt: PartAt) {
  if (rule.action !== 'redact') return { action: rule.action as Action, removable: [] };
  const sealed = found.some(({ place }) => partAt(place)?.editable === false);
  return sealed
    ? { action: 'block' as Action, removable: [] }
    : { action: 'redact' as Action, removable: found };
}

function addReason(
  evaluation: Evaluation,
  { id, rule }: CompiledGuardrail,
  action: Action,
  findings: readonly Finding[],
  partAt: PartAt,
): void {
  const name = { kind: 'guardrail', id } as const;
  const what = describeFindings(findings, partAt);
  const sealed =
    rule.action === 'redact' && action === 'block'
      ? ', which the provider has signed and nobody can edit'
      : '';
  const text = `The rule "${id}" ${VERBS[action]} ${what}${sealed}.`;
  evaluation.add({ rule: name, action, text, message: rule.message, findings });
  evaluation.account(name, 'applied', action, text);
}

const VERBS: Readonly<Record<Action, string>> = {
  allow: 'noted',
  warn: 'noticed',
  redact: 'removed',
  justify: 'found',
  block: 'found',
};

/** True if the rule's condition is met. One that can't be evaluated is handled as the rule's `onFailure` says. */
export function isMet(
  evaluation: Evaluation,
  { id, rule, when }: CompiledGuardrail,
  findings: readonly Finding[] | undefined,
): boolean {
  if (when === undefined) return true;
  const result = findings === undefined ? evaluation.test(when) : evaluation.test(when, findings);
  const name = { kind: 'guardrail', id } as const;
  if (result.ok) {
    if (!result.value)
      evaluation.account(name, 'not-matched', 'allow', `Its condition isn't met: ${when.source}`);
    return result.value;
  }
  const text = `The condition of the rule "${id}" can't be evaluated (${result.error}).`;
  evaluation.account(name, 'failed', rule.onFailure, text);
  addFailure(evaluation, id, rule.onFailure, text, rule.message);
  return false;
}

export function applyFailures(
  evaluation: Evaluation,
  { id, rule }: CompiledGuardrail,
  failures: readonly DetectorFailure[],
): void {
  for (const failure of failures) {
    if (failure.detector !== rule.detect) continue;
    const text = `The rule "${id}" couldn't search this: its detector ${failure.why}.`;
    evaluation.account({ kind: 'guardrail', id }, 'failed', rule.onFailure, text);
    addFailure(evaluation, id, rule.onFailure, text, undefined);
  }
}

/** Even an allowed failure stays in the record: nothing is swallowed. */
function addFailure(
  evaluation: Evaluation,
  id: string,
  action: Action,
  text: string,
  message: string | undefined,
): void {
  evaluation.add({ rule: { kind: 'failure', id }, action, text, message, findings: [] });
}

function accountNothing(evaluation: Evaluation, { id, rule }: CompiledGuardrail, total: number): void {
  if (evaluation.accounts === undefined) return;
  const text =
    total === 0
      ? `Nothing was found (${rule.detect}).`
      : 'What was found is of another kind, place or strength.';
  evaluation.account({ kind: 'guardrail', id }, 'not-matched', 'allow', text);
}

/** Looks parts up by pointer; the index is only made when somebody asks. */
function partFinder(parts: readonly Part[]): PartAt {
  let byPointer: Map<string, Part> | undefined;
  return (place) => {
    byPointer ??= new Map(parts.map((part) => [part.pointer, part]));
    return byPointer.get(place);
  };
}
