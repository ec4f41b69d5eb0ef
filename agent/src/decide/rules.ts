import type {
  AppRule,
  GuardrailRule,
  ModelRule,
  Policy,
  ServiceRule,
} from '../../../policies/schema/policy.ts';
import type { Fault, Path } from '../../../policies/schema/problem.ts';
import type { Finding } from '../core/finding.ts';
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
  /** Where it looks. */
  readonly request: boolean;
  readonly response: boolean;
  /** True if this finding is of a kind, strength and place that the rule is about. */
  readonly accepts: (finding: Finding) => boolean;
}

export interface CompiledRules {
  readonly services: readonly CompiledServiceRule[];
  readonly models: readonly CompiledModelRule[];
  readonly apps: readonly CompiledAppRule[];
  readonly guardrails: readonly CompiledGuardrail[];
}

/** Compiles every rule; what can't be compiled is added to `faults`. */
export function compileRules(policy: Policy, faults: Fault[]): CompiledRules {
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
    guardrails: policy.guardrails.map((rule, index) => ({
      id: rule.id,
      rule,
      when: compileWhen(rule.when, ['guardrails', index]),
      request: rule.on.includes('request') || rule.on.includes('tool-result'),
      response: rule.on.includes('response') || rule.on.includes('tool-call'),
      accepts: compileAcceptance(rule),
    })),
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

/** A name with or without its maker's prefix: `gpt-4*` also means `openai/gpt-4o` (OpenRouter, Vertex). */
function compileModelMatch(patterns: readonly string[]): (model: string) => boolean {
  const globs = patterns.map(compileNameGlob);
  return (model) => {
    if (globs.some((matches) => matches(model))) return true;
    const slash = model.lastIndexOf('/');
    return slash >= 0 && globs.some((matches) => matches(model.slice(slash + 1)));
  };
}

function compileAcceptance({ kinds, minConfidence, minSeverity, on, detect }: GuardrailRule) {
  const confidence = CONFIDENCES.indexOf(minConfidence);
  const severity = SEVERITIES.indexOf(minSeverity);
  const globs = kinds?.map(compileNameGlob);
  const isPlaced = compilePlace(on);
  return (finding: Finding): boolean =>
    finding.detector === detect &&
    isPlaced(finding) &&
    CONFIDENCES.indexOf(finding.confidence) >= confidence &&
    SEVERITIES.indexOf(finding.severity) >= severity &&
    (globs === undefined || globs.some((matches) => matches(finding.kind)));
}

function compilePlace(on: GuardrailRule['on']): (finding: Finding) => boolean {
  const request = on.includes('request');
  const toolResult = on.includes('tool-result');
  const response = on.includes('response');
  const toolCall = on.includes('tool-call');
  return ({ direction, partKind }) =>
    direction === 'request'
      ? request || (toolResult && partKind === 'tool-result')
      : response || (toolCall && partKind === 'tool-call');
}
