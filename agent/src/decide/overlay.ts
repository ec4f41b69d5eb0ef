import type { Switch } from '../../../policies/bundle/switches.ts';
import type { Policy, ServiceRule } from '../../../policies/schema/policy.ts';

/** Whose device this is, for switches that name somebody. */
export interface Here {
  readonly device: string;
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

/** What is laid over a policy for a time, without being a part of it. */
export interface Overlay {
  /** Switches that count here and now. */
  readonly switches: readonly Switch[];
  /** A help desk's code: nothing is enforced, or nothing is looked at. */
  readonly override: 'observe' | 'aside' | undefined;
  /** The policy is older than its grace allows, and says that nothing may pass then. */
  readonly tooOld: boolean;
}

export const NO_OVERLAY: Overlay = { switches: [], override: undefined, tooOld: false };

/** Of these switches those that are about somebody here, whatever the app, and haven't ended. */
export function switchesHere(all: readonly Switch[], here: Here, nowMs: number): readonly Switch[] {
  const holds = (wanted: readonly string[] | undefined, have: readonly string[]): boolean =>
    wanted === undefined ||
    wanted.some((name) => have.some((one) => one.toLowerCase() === name.toLowerCase()));
  return all.filter(
    ({ who, until }) =>
      nowMs < Date.parse(until) &&
      holds(who.users, here.users) &&
      holds(who.groups, here.groups) &&
      holds(who.devices, [here.device]),
  );
}

/**
 * The policy with what is laid over it. Switches come before the policy's own rules, in their order; an override goes
 * before all: whoever reads out a code has decided that work must go on.
 */
export function layOver(policy: Policy, { switches, override, tooOld }: Overlay): Policy {
  if (override === 'observe') return { ...policy, rollout: { ...policy.rollout, shadow: true } };
  const rules: ServiceRule[] =
    override === 'aside'
      ? [everything('tunnel', 'A help desk override is in force.')]
      : [...switches.map(ruleOf), ...(tooOld ? [everything('block', TOO_OLD)] : [])];
  return rules.length === 0 ? policy : { ...policy, services: [...rules, ...policy.services] };
}

const TOO_OLD =
  'The policy on this device is too old to go by, and a newer one could not be fetched. Run `postern status` for the reason, or ask your help desk for an override code.';

const everything = (mode: 'tunnel' | 'block', message: string): ServiceRule => ({
  match: ['*'],
  mode,
  message,
});

function ruleOf({ id, what, who, reason, until }: Switch): ServiceRule {
  const message = `${reason} (switch ${id}, until ${until})`.slice(0, 600);
  const rule = everything(what === 'aside' ? 'tunnel' : 'block', message);
  return who.apps === undefined ? rule : { ...rule, when: `app.id in ${JSON.stringify(who.apps)}` };
}
