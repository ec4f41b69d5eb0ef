import type { Action } from '../core/decision.ts';
import type { Part } from '../core/exchange.ts';
import type { Finding } from '../core/finding.ts';
import type { DetectorFailure, Evaluation } from './evaluation.ts';
import type { Removal } from './redaction.ts';
import type { CompiledGuardrail } from './rules.ts';
import { describeFindings, type PartAt } from './words.ts';

/** What rules want out of the call. */
export interface GuardrailOutcome {
  readonly redact: readonly Removal[];
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
  const redact: Removal[] = [];
  for (const guardrail of compiled.rules.guardrails) {
    if (!guardrail.request) {
      evaluation.account({ kind: 'guardrail', id: guardrail.id }, 'skipped', 'allow', 'It is about answers.');
      continue;
    }
    applyFailures(evaluation, guardrail, request.failures);
    const found = request.findings.filter(guardrail.accepts);
    if (found.length === 0) accountNothing(evaluation, guardrail, request.findings.length);
    else if (isMet(evaluation, guardrail, undefined)) {
      const action = actionOn(guardrail, found, partAt);
      if (action === 'redact' && !guardrail.rule.shadow) redact.push(...removals(guardrail, found));
      if (action === 'justify') addJustify(evaluation, guardrail, found, partAt);
      else addReason(evaluation, guardrail, action, found, partAt);
    }
  }
  return { redact };
}

/** `redact` becomes `block` where the provider signs the text: an edited call would fail in a way nobody understands. */
function actionOn({ rule }: CompiledGuardrail, found: readonly Finding[], partAt: PartAt): Action {
  if (rule.action !== 'redact') return rule.action;
  return found.some(({ place }) => partAt(place)?.editable !== true) ? 'block' : 'redact';
}

function removals({ rule }: CompiledGuardrail, found: readonly Finding[]): Removal[] {
  const reversible = rule.redaction === 'reversible';
  const restoreInToolCalls = rule.restoreInToolCalls ?? rule.detect !== 'secrets';
  return found.map((finding) => ({ finding, reversible, restoreInToolCalls }));
}

/** A rule that wants a reason: it stops the call until one is given, and then lets the app pass for a while. */
function addJustify(
  evaluation: Evaluation,
  guardrail: CompiledGuardrail,
  findings: readonly Finding[],
  partAt: PartAt,
): void {
  const { id, rule } = guardrail;
  const exception = evaluation.call.exceptionFor?.(id);
  if (exception === undefined) {
    addReason(evaluation, guardrail, 'justify', findings, partAt);
    return;
  }
  const minutes = Math.ceil((exception.untilMs - evaluation.call.nowMs) / 60_000);
  const what = describeFindings(findings, partAt);
  const text = `The rule "${id}" noticed ${what}; a reason was given (${exception.id}), which holds for ${minutes} more min.`;
  const name = { kind: 'guardrail', id } as const;
  evaluation.add({
    rule: name,
    action: 'warn',
    text,
    message: rule.message,
    findings,
    ...onTrial(rule),
  });
  evaluation.account(name, 'applied', 'warn', text);
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
  const sealed = rule.action === 'redact' && action === 'block' ? whySealed(findings, partAt) : '';
  const text = `The rule "${id}" ${VERBS[action]} ${what}${sealed}.`;
  evaluation.add({ rule: name, action, text, message: rule.message, findings, ...onTrial(rule) });
  evaluation.account(name, 'applied', action, text);
}

function whySealed(findings: readonly Finding[], partAt: PartAt): string {
  const inFile = findings.some(({ place }) => partAt(place)?.file !== undefined);
  return inFile ? ", and can't edit a file" : ', which the provider has signed and nobody can edit';
}

/** Marks the reasons of a rule in shadow. */
export const onTrial = (rule: CompiledGuardrail['rule']): { readonly shadow?: true } =>
  rule.shadow ? { shadow: true } : {};

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
  guardrail: CompiledGuardrail,
  findings: readonly Finding[] | undefined,
): boolean {
  const { id, rule, when } = guardrail;
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
  addFailure(evaluation, guardrail, text, rule.message);
  return false;
}

export function applyFailures(
  evaluation: Evaluation,
  guardrail: CompiledGuardrail,
  failures: readonly DetectorFailure[],
): void {
  const { id, rule, detectorKey } = guardrail;
  for (const failure of failures) {
    if (failure.detector !== detectorKey) continue;
    const text = `The rule "${id}" couldn't search this: its detector ${failure.why}.`;
    evaluation.account({ kind: 'guardrail', id }, 'failed', rule.onFailure, text);
    addFailure(evaluation, guardrail, text, undefined);
  }
}

/** Even an allowed failure stays in the record: nothing is swallowed. */
function addFailure(
  evaluation: Evaluation,
  { id, rule }: CompiledGuardrail,
  text: string,
  message: string | undefined,
): void {
  evaluation.add({
    rule: { kind: 'failure', id },
    action: rule.onFailure,
    text,
    message,
    findings: [],
    ...onTrial(rule),
  });
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
