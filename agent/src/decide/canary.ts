import { createHash } from 'node:crypto';
import type { Policy } from '../../../policies/schema/policy.ts';

/**
 * True if the policy is for other devices first. A device's place among the canaries depends on its name and the
 * policy's, so that it stays the same from revision to revision and a rising share only ever adds devices.
 */
export function isLeftOut({ name, rollout }: Pick<Policy, 'name' | 'rollout'>, device: string): boolean {
  return rollout.canaryPercent < 100 && placeOf(device, name) >= rollout.canaryPercent;
}

/** Evenly spread over [0, 100). */
function placeOf(device: string, policyName: string): number {
  const digest = createHash('sha256').update(`${policyName}\n${device}`).digest();
  return (digest.readUInt32BE(0) / 2 ** 32) * 100;
}
