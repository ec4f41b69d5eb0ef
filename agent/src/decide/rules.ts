import type { BudgetRule } from '../../../policies/schema/budgets.ts';
import type { LimitRule } from '../../../policies/schema/limits.ts';
import type {
  AppRule,
  GuardrailRule,
  ModelRule,
  Policy,
  ServiceRule,
} from '../../../policies/schema/policy.ts';
import type { Fault, Path } from '../../../policies/schema/problem.ts';
import { type DetectorSet, type Finding, isRequestDetector } from '../core/finding.ts';
import { type Condition, compileCondition } from './condition/compile.ts';
import { compileNameGlob } from './glob.ts';
import { CONFIDENCES, SEVERITIES } from './ranks.ts';

export interface CompiledServiceRule {
  readonly id: string;
  readonly rule: ServiceRule;
  readonly when: Condition | undefined;
}

export interface CompiledModelRule {
  readonly id: string;
  readonly rule: ModelRule;
  readonly when: Condition | undefined;
  readonly matches: (model: string) => boolean;
}

interface CompiledAppRule {
  readonly id: string;
  readonly rule: AppRule;
  readonly when: Condition | undefined;
}

export interface CompiledGuardrail {
  readonly id: string;
  readonly rule: GuardrailRule;
  readonly when: Condition | undefined;
  /** Names its detector in the policy's `DetectorSet`. */
  readonly detectorKey: string;
  /** Where it looks. */
  readonly request: boolean;
  readonly response: boolean;
  /** True if this finding is of a kind, strength and place that the rule is about. */
  readonly accepts: (finding: Finding) => boolean;
}

/** What budgets and limits have in common. */
export interface CompiledSpendRule<Rule> {
  readonly id: string;
  readonly rule: Rule;
  readonly when: Condition | undefined;
  readonly matches: ((model: string) => boolean) | undefined;
}

export interface CompiledRules {
  readonly budgets: readonly CompiledSpendRule<BudgetRule>[];
  readonly limits: readonly CompiledSpendRule<LimitRule>[];
  readonly services: readonly CompiledServiceRule[];
  readonly models: readonly CompiledModelRule[];
  readonly apps: readonly CompiledAppRule[];
  readonly guardrails: readonly CompiledGuardrail[];
}

/** Compiles every rule; what can't be compiled is added to `faults`. */
export function compileRules(policy: Policy, detectors: DetectorSet, faults: Fault[]): CompiledRules {
  const compileWhen = (source: string | undefined, path: Path): Condition | undefined => {
    if (source === undefined) return undefined;
    const compiled = compileCondition(source);
    if (compiled.ok) return compiled.condition;
    faults.push({ path: [...path, 'when'], message: compiled.message, mend: compiled.mend });
    return undefined;
  };
  return {
    services: policy.services.map((rule, index) => {
      const when = compileWhen(rule.when, ['services', index]);
      if (when?.needsFindings) faults.push(findingsTooEarly(['services', index, 'when']));
      return { id: `services[${index}]`, rule, when };
    }),
    models: policy.models.map((rule, index) => ({
      id: `models[${index}]`,
      rule,
      when: compileWhen(rule.when, ['models', index]),
      matches: compileModelMatch(rule.match),
    })),
    apps: policy.apps.rules.map((rule, index) => ({
      id: `apps[${index}]`,
      rule,
      when: compileWhen(rule.when, ['apps', 'rules', index]),
    })),
    budgets: policy.budgets.map((rule, index) => ({
      id: rule.id,
      rule,
      when: compileWhen(rule.when, ['budgets', index]),
      matches: rule.match && compileModelMatch(rule.match),
    })),
    limits: policy.limits.map((rule, index) => ({
      id: rule.id,
      rule,
      when: compileWhen(rule.when, ['limits', index]),
      matches: rule.match && compileModelMatch(rule.match),
    })),
    guardrails: policy.guardrails.map((rule, index) => {
      const detectorKey = detectors.keys[index] ?? rule.detect;
      const response = rule.on.includes('response') || rule.on.includes('tool-call');
      const detector = detectors.byKey[detectorKey];
      const path = ['guardrails', index] as const;
      if (response && detector !== undefined && isRequestDetector(detector) && !detector.inspectAnswer)
        faults.push(requestsOnly(path, rule));
      if (response && rule.action === 'justify') faults.push(nothingToJustify(path));
      return {
        id: rule.id,
        rule,
        when: compileWhen(rule.when, path),
        detectorKey,
        request: REQUEST_PLACES.some((place) => rule.on.includes(place)),
        response,
        accepts: compileAcceptance(rule, detectorKey),
      };
    }),
  };
}

/** A service's mode is chosen before anything is scanned, and must not change afterwards. */
function findingsTooEarly(path: Path): Fault {
  return {
    path,
    message:
      "A service rule can't ask for findings: where a call goes is settled before its text is searched.",
    mend: 'Use a guardrail for this.',
  };
}

const requestsOnly = (path: Path, { detect }: GuardrailRule): Fault => ({
  path: [...path, 'on'],
  message: `"${detect}" looks at what is sent, not at answers.`,
  mend: 'Use on: [request], [tool-result] or [attachment].',
});

/** The answer is there already: nobody can give a reason before it. */
const nothingToJustify = (path: Path): Fault => ({
  path: [...path, 'action'],
  message: 'A reason can be asked for what is sent, not for an answer.',
  mend: 'Use warn, redact or block for answers; split the rule in two if it is about both.',
});

/** A name with or without its maker's prefix: `gpt-4*` also means `openai/gpt-4o` (OpenRouter, Vertex). */
function compileModelMatch(patterns: readonly string[]): (model: string) => boolean {
  const globs = patterns.map(compileNameGlob);
  return (model) => {
    if (globs.some((matches) => matches(model))) return true;
    const slash = model.lastIndexOf('/');
    return slash >= 0 && globs.some((matches) => matches(model.slice(slash + 1)));
  };
}

const REQUEST_PLACES = ['request', 'tool-result', 'attachment'] as const;

function compileAcceptance(rule: GuardrailRule, detectorKey: string) {
  const { kinds, minConfidence, minSeverity, on, roles } = rule;
  const confidence = CONFIDENCES.indexOf(minConfidence);
  const severity = SEVERITIES.indexOf(minSeverity);
  const globs = kinds?.map(compileNameGlob);
  const isPlaced = compilePlace(on, roles);
  return (finding: Finding): boolean =>
    finding.detector === detectorKey &&
    isPlaced(finding) &&
    CONFIDENCES.indexOf(finding.confidence) >= confidence &&
    SEVERITIES.indexOf(finding.severity) >= severity &&
    (globs === undefined || globs.some((matches) => matches(finding.kind)));
}

function compilePlace(on: GuardrailRule['on'], roles: GuardrailRule['roles']): (finding: Finding) => boolean {
  const request = on.includes('request');
  const attachment = on.includes('attachment');
  const toolResult = on.includes('tool-result');
  const response = on.includes('response');
  const toolCall = on.includes('tool-call');
  return ({ direction, partKind, role }) =>
    direction === 'request'
      ? (roles === undefined || roles.includes(role)) &&
        (request || (toolResult && partKind === 'tool-result') || (attachment && ATTACHMENTS.has(partKind)))
      : response || (toolCall && partKind === 'tool-call');
}

/** Parts of a request that came as files. */
const ATTACHMENTS: ReadonlySet<Finding['partKind']> = new Set(['file', 'image', 'audio']);
