import type { AgentStatus } from '../serve/contract.ts';

type Pushed = Pick<AgentStatus['policy'], 'bundle' | 'switches' | 'override'>;

const day = (ms: number | undefined): string =>
  ms === undefined ? '' : new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

/** What status says of pushed policy that isn't as it should be, each with what to do. */
export function* pushTroubles({
  bundle,
  switches = [],
  override,
}: Pushed): Iterable<AgentStatus['degraded'][number]> {
  if (override !== undefined) {
    const what = override.scope === 'observe' ? 'nothing is enforced' : 'AI calls pass unchecked';
    yield {
      code: 'override',
      text: `A help desk override is in force until ${day(override.untilMs)} UTC: ${what}.`,
      mend: 'End it with: postern override --end',
    };
  }
  for (const { id, what, apps, untilMs, reason } of switches) {
    const whom = apps.length === 0 ? 'all AI calls' : `AI calls of ${apps.join(', ')}`;
    yield {
      code: `switch-${what}`,
      text: `Your organisation has switched: ${whom} ${what === 'aside' ? 'pass unchecked' : 'are stopped'} until ${day(untilMs)} UTC (${id}: ${reason}).`,
    };
  }
  if (bundle === undefined) return;
  const { trouble, age, fellBack, clockBehind } = bundle;
  if (trouble !== undefined)
    yield { code: `policy-source-${trouble.code}`, text: trouble.text, mend: trouble.mend };
  if (bundle.release === undefined) {
    yield {
      code: 'no-bundle-yet',
      text: `No policy has come from ${bundle.url} yet: the policy file or the built-in policy is in force.`,
    };
  }
  if (age === 'grace') {
    yield {
      code: 'policy-grace',
      text: `The policy has passed its date (${day(bundle.validUntilMs)} UTC); it stays in force until ${day(bundle.graceUntilMs)} UTC at least.`,
      mend: 'Let this device reach the policy server.',
    };
  }
  if (age === 'over') {
    yield {
      code: 'policy-too-old',
      text: `The policy has passed its date and its grace (${day(bundle.graceUntilMs)} UTC).`,
      mend: 'Let this device reach the policy server, or ask your help desk for an override code.',
    };
  }
  if (fellBack !== undefined) {
    yield {
      code: 'policy-fell-back',
      text: `The last push was taken back at ${day(fellBack.atMs)} UTC: ${fellBack.why}.`,
      mend: 'Tell your security team.',
    };
  }
  if (clockBehind && trouble?.code !== 'wrong-clock') {
    yield {
      code: 'clock-behind',
      text: "This device's clock says less than the policy's own dates: it has been set back, or lost its time.",
      mend: "Set this device's clock.",
    };
  }
}
