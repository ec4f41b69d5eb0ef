import { diffPolicies } from '../../../../policies/schema/diff.ts';
import type { PolicyDiff } from '../../cli/ports.ts';
import { requirePolicy } from '../active-policy.ts';

/** `postern policy diff`: both have to be policies that an agent would take. */
export async function diffPolicyFiles(fromFile: string, toFile: string): Promise<PolicyDiff> {
  const from = await requirePolicy({ kind: 'file', file: fromFile });
  const to = await requirePolicy({ kind: 'file', file: toFile });
  const changes = diffPolicies(from.policy, to.policy);
  return { from: from.identity, to: to.identity, changes };
}
