/** Every detector, for tests that make them without waiting. */

import type { BuildContext } from '../../agent/src/guard/build.ts';
import { type BuiltDetectors, buildDetectors, loadBuilders } from '../../agent/src/guard/detectors.ts';
import type { GuardrailRule } from '../../policies/schema/policy.ts';

const DETECTORS = [
  'secrets',
  'pii',
  'injection',
  'pattern',
  'keyword',
  'code',
  'size',
  'attachment',
  'remote',
] as const;
const builders = await loadBuilders(DETECTORS.map((detect) => ({ detect, rulesFile: 'any.toml' })));

export const detectorsFor = (guardrails: readonly GuardrailRule[], context: BuildContext): BuiltDetectors =>
  buildDetectors(guardrails, builders, context);
