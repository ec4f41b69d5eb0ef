import type { GuardrailRule } from '../../../../policies/schema/policy.ts';
import type { DetectorBuild } from '../build.ts';
import { unknownKinds } from '../kinds.ts';
import { createInjectionDetector, injectionKinds } from './detector.ts';

type InjectionRule = Extract<GuardrailRule, { detect: 'injection' }>;

export function buildInjection(rule: InjectionRule): DetectorBuild {
  const faults = unknownKinds(rule.kinds, injectionKinds);
  if (faults.length > 0) return { ok: false, faults };
  return readsContentOnly(rule)
    ? {
        ok: true,
        key: 'injection:content',
        make: () => createInjectionDetector('injection:content', 'content'),
      }
    : { ok: true, key: 'injection', make: () => createInjectionDetector('injection', 'conversation') };
}

/** A rule for what tools and files bring may be stricter than one for what people write: nobody there may give orders. */
const readsContentOnly = ({ on, roles }: InjectionRule): boolean =>
  on.every((place) => place === 'tool-result' || place === 'attachment') ||
  (on.every((place) => place === 'request') && (roles?.every((role) => role === 'tool') ?? false));
