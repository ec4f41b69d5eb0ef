import type { RemoteRule } from '../../../agent/src/sync/remote-checks/provider.ts';
import { parsePolicy } from '../../../policies/schema/parse-policy.ts';

/** A remote rule as a policy would say it. */
export function remoteRule(fields: object): RemoteRule {
  const guardrail = { id: 'check', detect: 'remote', action: 'block', ...fields };
  const text = JSON.stringify({ postern: 1, name: 'test', guardrails: [guardrail] });
  const parsed = parsePolicy(text, 'test.json');
  const rule = parsed.ok ? parsed.policy.guardrails[0] : undefined;
  if (rule?.detect !== 'remote') throw new Error(JSON.stringify(parsed));
  return rule;
}
