import type { GuardrailRule } from '../../../../policies/schema/policy.ts';
import type { Detector } from '../../core/finding.ts';
import type { BuildContext, DetectorBuild } from '../build.ts';
import { createRuleDetector } from '../engine/engine.ts';
import { secretsCatalogue } from './catalogue.ts';

export type SecretsRule = Extract<GuardrailRule, { detect: 'secrets' }>;
export type BuildSecrets = (rule: SecretsRule, context: BuildContext) => DetectorBuild;

let builtIn: Detector | undefined;

/** Compiling the catalogue takes about 30 ms; a policy that is taken over again needs no new one. */
export function createSecretsDetector(): Detector {
  builtIn ??= createRuleDetector('secrets', secretsCatalogue);
  return builtIn;
}

export const buildSecrets: BuildSecrets = () => ({
  ok: true,
  key: 'secrets',
  make: createSecretsDetector,
});
