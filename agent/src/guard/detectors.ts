/**
 * guard/ finds things in text: each detector reads one string (or one growing stream) and says what it saw and where,
 * never what to do about it. It is pure: no I/O, no clock, and no expression that can run away on hostile text. This
 * file is the one list of detectors there are; a policy's `detect` names one of them.
 */
import type { GuardrailRule } from '../../../policies/schema/policy.ts';
import type { Fault } from '../../../policies/schema/problem.ts';
import type { AnyDetector, DetectorSet } from '../core/finding.ts';
import type { BuildContext, DetectorBuild } from './build.ts';

type DetectId = GuardrailRule['detect'];
type Builder<Id extends DetectId> = (
  rule: Extract<GuardrailRule, { detect: Id }>,
  context: BuildContext,
) => DetectorBuild;

/** One entry per value of `detect`, each loaded when a policy first names it: together they take 20 MB (0053). */
const LOADERS: { readonly [Id in DetectId]?: (wanted: Wanted) => Promise<Builder<Id>> } = {
  injection: async () => (await import('./injection/build.ts')).buildInjection,
  pii: async () => (await import('./pii/build.ts')).buildPii,
  secrets: async ({ teamRules }) =>
    teamRules
      ? (await import('./secrets/build-with-file.ts')).buildSecretsWithFile
      : (await import('./secrets/build.ts')).buildSecrets,
  size: async () => (await import('./size/build.ts')).buildSize,
  attachment: async () => (await import('./attachment/build.ts')).buildAttachment,
  remote: async () => (await import('./remote/build.ts')).buildRemote,
  pattern: async () => (await import('./pattern/build.ts')).buildPattern,
  keyword: async () => (await import('./keyword/build.ts')).buildKeyword,
  code: async () => (await import('./code/build.ts')).buildCode,
};

interface Wanted {
  /** Some rule brings a file of a team's own secrets. */
  readonly teamRules: boolean;
}

/** What makes the detectors of a policy. */
export type Builders = ReadonlyMap<DetectId, Builder<DetectId>>;

/** `guardrails`: the policy's, or at least what they detect. */
export async function loadBuilders(
  guardrails: readonly { readonly detect: DetectId; readonly rulesFile?: string | undefined }[],
): Promise<Builders> {
  const wanted: Wanted = { teamRules: guardrails.some(({ rulesFile }) => rulesFile !== undefined) };
  const builders = new Map<DetectId, Builder<DetectId>>();
  for (const { detect } of guardrails) {
    const load = LOADERS[detect] as ((wanted: Wanted) => Promise<Builder<DetectId>>) | undefined;
    if (load !== undefined && !builders.has(detect)) builders.set(detect, await load(wanted));
  }
  return builders;
}

export type BuiltDetectors =
  | { readonly ok: true; readonly detectors: DetectorSet; readonly warnings: readonly Fault[] }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** The detectors that a policy's guardrails ask for; rules that ask for the same share one. */
export function buildDetectors(
  guardrails: readonly GuardrailRule[],
  builders: Builders,
  context: BuildContext,
): BuiltDetectors {
  const keys: string[] = [];
  const byKey: Record<string, AnyDetector> = {};
  const faults: Fault[] = [];
  const warnings: Fault[] = [];
  for (const [index, rule] of guardrails.entries()) {
    const built = buildOne(rule, builders, context);
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

function buildOne(rule: GuardrailRule, builders: Builders, context: BuildContext): DetectorBuild {
  const build = builders.get(rule.detect);
  if (build !== undefined) return build(rule as never, context);
  return {
    ok: false,
    faults: [
      {
        path: ['detect'],
        message: `This agent has no detector "${rule.detect}".`,
        mend: `Use one of: ${Object.keys(LOADERS).join(', ')}.`,
      },
    ],
  };
}
