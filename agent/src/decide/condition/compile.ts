/**
 * Conditions (`when`) in the Common Expression Language: compiled, checked and bounded once per policy, evaluated
 * per call. https://github.com/google/cel-spec
 */
import { celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import type { Finding } from '../../core/finding.ts';
import { Bindings, type ConditionFacts } from './bindings.ts';
import { ConditionChecker } from './check.ts';
import { ConditionFault } from './fault.ts';
import { linearPatterns } from './patterns.ts';
import { BODY_VARIABLES, shapeName } from './shape.ts';

/** Deeper nesting is refused before the parser, which recurses, sees it. */
const MAX_NESTING = 24;

export interface Condition {
  readonly source: string;
  /** True if it asks for something that only the request's body tells. */
  readonly needsBody: boolean;
  /** True if it asks for findings. */
  readonly needsFindings: boolean;
  /** The variables of one call, for all conditions of its policy. */
  bind(facts: ConditionFacts, findings: readonly Finding[]): Bindings;
  evaluate(bindings: Bindings): ConditionResult;
}

export type CompileCondition = (source: string) => CompiledCondition;

export type ConditionResult =
  | { readonly ok: true; readonly value: boolean }
  /** Division by zero, an index out of range: the rule's failure mode decides. */
  | { readonly ok: false; readonly error: string };

export type CompiledCondition =
  | { readonly ok: true; readonly condition: Condition }
  | { readonly ok: false; readonly message: string; readonly mend: string };

const environment = celEnv({ re2: linearPatterns });
const YES: ConditionResult = { ok: true, value: true };
const NO: ConditionResult = { ok: true, value: false };

export function compileCondition(source: string): CompiledCondition {
  if (nesting(source) > MAX_NESTING) {
    return { ok: false, message: 'This condition is nested too deep.', mend: 'Split the rule into several.' };
  }
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(source);
  } catch (error) {
    const message = `This isn't a condition: ${syntaxMessage(error)}.`;
    return { ok: false, message, mend: 'Check the expression at that place; texts need quotes.' };
  }
  const checker = new ConditionChecker();
  try {
    const result = checker.check(parsed.expr);
    if (result.type !== 'bool' && result.type !== 'any') {
      throw new ConditionFault(
        0n,
        `This condition gives ${shapeName(result)}.`,
        'Compare it, so that it gives true or false.',
      );
    }
  } catch (error) {
    if (!(error instanceof ConditionFault)) throw error;
    const offset = parsed.sourceInfo?.positions[error.nodeId.toString()];
    const place = offset === undefined ? '' : ` (at character ${offset + 1} of the condition)`;
    return { ok: false, message: error.message.replace(/\.$/, `${place}.`), mend: error.mend };
  }
  const run = plan(environment, parsed);
  return {
    ok: true,
    condition: {
      source,
      needsBody: BODY_VARIABLES.some((name) => checker.used.has(name)),
      needsFindings: checker.used.has('findings'),
      bind: (facts, findings) => new Bindings(facts, findings),
      evaluate(bindings) {
        const value = run(bindings as never);
        if (value === true) return YES;
        if (value === false) return NO;
        const error = isCelError(value) ? errorName(value.message) : 'it gave neither true nor false';
        return { ok: false, error };
      },
    },
  };
}

/** The evaluator's messages can hold values of the call; reasons are stored and must not. So only their kind is told. */
function errorName(message: string): string {
  if (/zero|modulus/i.test(message)) return 'division by zero';
  if (/index|bounds/i.test(message)) return 'an index out of range';
  if (/overflow|range/i.test(message)) return 'a number out of range';
  if (/convert|parse|invalid|syntax/i.test(message)) return "a value that can't be converted";
  return 'an error while evaluating';
}

/** Depth of brackets outside of texts. */
function nesting(source: string): number {
  let depth = 0;
  let deepest = 0;
  for (const token of source.matchAll(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[([{]|[)\]}]/g)) {
    if (/^[([{]/.test(token[0])) deepest = Math.max(deepest, ++depth);
    else if (/^[)\]}]/.test(token[0])) depth--;
  }
  return deepest;
}

function syntaxMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const match = /^(?:.*?)<input>:(\d+):(\d+): (.*)$/s.exec(text);
  const message = match === null ? text : `character ${match[2]}, ${match[3]}`;
  return message.replace(/\.$/, '').slice(0, 160);
}
