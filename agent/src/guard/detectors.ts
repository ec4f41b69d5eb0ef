/**
 * guard/ finds things in text: each detector reads one string (or one growing stream) and says what it saw and where,
 * never what to do about it. It is pure: no I/O, no clock, and no expression that can run away on hostile text. This
 * file is the one list of detectors there are; a policy's `detect` names one of them.
 */
import type { GuardrailRule } from '../../../policies/schema/policy.ts';
import type { Fault } from '../../../policies/schema/problem.ts';
import type { AnyDetector, DetectorSet } from '../core/finding.ts';
import { buildAttachment } from './attachment/build.ts';
import type { BuildContext, DetectorBuild } from './build.ts';
import { buildCode } from './code/build.ts';
import { buildInjection } from './injection/build.ts';
import { buildKeyword } from './keyword/build.ts';
import { buildPattern } from './pattern/build.ts';
import { buildPii } from './pii/build.ts';
import { buildRemote } from './remote/build.ts';
import { buildSecrets } from './secrets/build.ts';
import { buildSize } from './size/build.ts';

type DetectId = GuardrailRule['detect'];
type Builder<Id extends DetectId> = (
  rule: Extract<GuardrailRule, { detect: Id }>,
  context: BuildContext,
) => DetectorBuild;

/** One entry per value of `detect`. */
const BUILDERS: { readonly [Id in DetectId]?: Builder<Id> } = {
  injection: buildInjection,
  pii: buildPii,
  secrets: buildSecrets,
  size: buildSize,
  attachment: buildAttachment,
  remote: buildRemote,
  pattern: buildPattern,
  keyword: buildKeyword,
  code: buildCode,
};

export type BuiltDetectors =
  | { readonly ok: true; readonly detectors: DetectorSet; readonly warnings: readonly Fault[] }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** The detectors that a policy's guardrails ask for; rules that ask for the same share one. */
export function buildDetectors(guardrails: readonly GuardrailRule[], context: BuildContext): BuiltDetectors {
  const keys: string[] = [];
  const byKey: Record<string, AnyDetector> = {};
  const faults: Fault[] = [];
  const warnings: Fault[] = [];
  for (const [index, rule] of guardrails.entries()) {
    const built = buildOne(rule, context);
    if (!built.ok) {
      faults.push(...placed(built.faults, index));
      continue;
    }
    keys.push(built.key);
    byKey[built.key] ??= built.make();
    warnings.push(...placed(built.warnings ?? [], index));
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, detectors: { keys, byKey }, warnings };
}

const placed = (faults: readonly Fault[], index: number): Fault[] =>
  faults.map((fault) => ({ ...fault, path: ['guardrails', index, ...fault.path] }));

function buildOne(rule: GuardrailRule, context: BuildContext): DetectorBuild {
  const build = BUILDERS[rule.detect] as Builder<DetectId> | undefined;
  if (build !== undefined) return build(rule as never, context);
  return {
    ok: false,
    faults: [
      {
        path: ['detect'],
        message: `This agent has no detector "${rule.detect}".`,
        mend: `Use one of: ${Object.keys(BUILDERS).join(', ')}.`,
      },
    ],
  };
}
