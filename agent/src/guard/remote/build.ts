import type { GuardrailRule } from '../../../../policies/schema/policy.ts';
import type { Fault } from '../../../../policies/schema/problem.ts';
import { DetectorError } from '../../core/finding.ts';
import type { RemoteCheck } from '../../core/remote.ts';
import type { BuildContext, DetectorBuild } from '../build.ts';
import { createRemoteDetector } from './remote.ts';

type RemoteRule = Extract<GuardrailRule, { detect: 'remote' }>;
type Field = keyof RemoteRule;

/** Which fields each provider needs, and which further ones it knows. */
const FIELDS: Readonly<
  Record<RemoteRule['provider'], { readonly needs: readonly Field[]; readonly may: readonly Field[] }>
> = {
  bedrock: { needs: ['region', 'guardrailId', 'guardrailVersion', 'credentials'], may: ['url'] },
  'azure-content-safety': { needs: ['url', 'credentials'], may: ['checks', 'minHarm'] },
  patronus: { needs: ['evaluators', 'credentials'], may: ['url'] },
  presidio: { needs: ['url'], may: ['credentials', 'language', 'entities', 'minScore'] },
  webhook: { needs: ['url', 'credentials'], may: [] },
};

const OF_PROVIDERS: readonly Field[] = [
  ...new Set(Object.values(FIELDS).flatMap(({ needs, may }) => [...needs, ...may])),
];

export function buildRemote(rule: RemoteRule, context: BuildContext): DetectorBuild {
  const faults = faultsOf(rule);
  if (faults.length > 0) return { ok: false, faults };
  const key = `remote:${rule.id}`;
  return {
    ok: true,
    key,
    make: () => createRemoteDetector(key, rule, context.remote?.(rule) ?? nobodyToAsk),
  };
}

function* missing(rule: RemoteRule): Iterable<Fault> {
  for (const field of FIELDS[rule.provider].needs) {
    if (rule[field] !== undefined) continue;
    yield { path: [], message: `The provider "${rule.provider}" needs ${field}.`, mend: `Add ${field}.` };
  }
}

function faultsOf(rule: RemoteRule): Fault[] {
  const { needs, may } = FIELDS[rule.provider];
  const faults = [...missing(rule)];
  for (const field of OF_PROVIDERS) {
    if (rule[field] === undefined || needs.includes(field) || may.includes(field)) continue;
    faults.push({
      path: [field],
      message: `The provider "${rule.provider}" doesn't know ${field}.`,
      mend: 'Remove it.',
    });
  }
  return faults;
}

/** `policy check`, `explain` and `policy test` send nothing: there the rule counts as not checked. */
const nobodyToAsk: RemoteCheck = {
  check: () =>
    Promise.reject(new DetectorError('not-asked', 'is a service that is only asked by a running agent')),
};
