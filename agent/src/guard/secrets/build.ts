import type { GuardrailRule } from '../../../../policies/schema/policy.ts';
import type { Detector } from '../../core/finding.ts';
import type { DetectorBuild } from '../build.ts';
import { createRuleDetector } from '../engine/engine.ts';
import { secretsCatalogue } from './catalogue.ts';

let builtIn: Detector | undefined;

/** Compiling the catalogue takes about 30 ms; a policy that is taken over again needs no new one. */
export function createSecretsDetector(): Detector {
  builtIn ??= createRuleDetector('secrets', secretsCatalogue);
  return builtIn;
}

export function buildSecrets(rule: Extract<GuardrailRule, { detect: 'secrets' }>): DetectorBuild {
  if (rule.rulesFile === undefined) return { ok: true, key: 'secrets', make: createSecretsDetector };
  return {
    ok: false,
    faults: [{ path: ['rulesFile'], message: "Rules of a team's own aren't read yet.", mend: 'Remove it.' }],
  };
}
