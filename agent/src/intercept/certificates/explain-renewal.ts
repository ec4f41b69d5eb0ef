/** Plain words about what `postern trust renew` changes, for a person before they say yes. */
import { DomainSet } from './name-constraints.ts';

export interface RenewalFacts {
  readonly presentDomains: readonly string[];
  readonly nextDomains: readonly string[];
  /** End of the present authority; undefined if there is none that can be read. */
  readonly presentEndMs: number | undefined;
  readonly nowMs: number;
  /** From this long before the end on, renewing is in order. */
  readonly dueWithinMs?: number;
  readonly source: 'device' | 'organisation';
}

export interface RenewalExplanation {
  readonly needed: boolean;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Sentences, one per paragraph. */
  readonly text: readonly string[];
}

export function explainRenewal(facts: RenewalFacts): RenewalExplanation {
  const { presentDomains, nextDomains, presentEndMs, nowMs, dueWithinMs = 0, source } = facts;
  const added = outside(nextDomains, presentDomains);
  const removed = outside(presentDomains, nextDomains);
  const due = presentEndMs === undefined || presentEndMs <= nowMs + dueWithinMs;
  const needed = added.length > 0 || due;
  const text = [why(added, removed, presentEndMs, nowMs, due)];
  text.push(...(source === 'organisation' ? ORGANISATION_STEPS(added) : needed ? DEVICE_STEPS : []));
  return { needed, added, removed, text };
}

const outside = (domains: readonly string[], of: readonly string[]): readonly string[] => {
  const known = new DomainSet(of);
  return domains.filter((domain) => !known.contains(domain));
};

function why(
  added: readonly string[],
  removed: readonly string[],
  endMs: number | undefined,
  nowMs: number,
  due: boolean,
): string {
  const reasons: string[] = [];
  if (endMs === undefined) reasons.push("This device's authority can't be read.");
  else if (endMs <= nowMs) {
    reasons.push(`This device's authority expired on ${day(endMs)}.`);
  } else if (due) reasons.push(`This device's authority expires on ${day(endMs)}.`);
  if (added.length > 0) {
    const them = added.length === 1 ? 'it' : 'them';
    reasons.push(
      `The policy names ${list(added)}, which this device's authority may not speak for: until it is renewed, traffic to ${them} passes unread.`,
    );
  }
  if (removed.length > 0)
    reasons.push(`It may still speak for ${list(removed)}, which the policy no longer names.`);
  return reasons.length === 0
    ? 'The authority reaches every domain of the policy; nothing has to change.'
    : reasons.join(' ');
}

const day = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);

const DEVICE_STEPS = [
  'Renewing makes a new root certificate and deletes the old signing key. The new authority can speak for the domains of the policy and for no other, and its root key is destroyed at once, as before.',
  'Programs that trust the old certificate must trust the new one: put the new ca.pem into the stores that held the old one, restart the agent, then restart browsers, editors and terminals. `postern run` and `postern env` use the new one by themselves.',
  'Where IT distributes the certificate, they must distribute the new ca.pem before the renewal takes effect, and may then remove the old one (ca-previous.pem).',
] as const;

const ORGANISATION_STEPS = (added: readonly string[]): readonly string[] => [
  added.length > 0
    ? `This device uses your organisation's authority. Ask IT to issue an intermediate whose name constraints also permit ${list(added)}, and to replace the certificate and key files; the root that programs trust stays the same.`
    : "This device uses your organisation's authority; IT replaces its certificate and key files before they expire.",
];

const SHOWN = 8;
function list(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).join(', ');
  return names.length > SHOWN ? `${shown} and ${names.length - SHOWN} more` : shown;
}
