import type { AgentStatus } from '../../serve/contract.ts';
import { localTime, safe } from '../format.ts';

const AGES = {
  fresh: 'good',
  grace: 'past its date, in grace',
  over: 'past its date and its grace',
} as const;

/** Rows of `status` about policy that is pushed; none where it isn't. */
export function pushedPolicy({ policy: { bundle } }: AgentStatus): string[][] {
  if (bundle === undefined) return [];
  const { release, version, group, groups, versions, lastContactMs, nextCheckMs, validUntilMs, age, hint } =
    bundle;
  const what =
    release === undefined
      ? 'none yet'
      : `version ${version}${group === undefined ? (groups.length === 0 ? '' : ', for everybody') : `, group ${safe(group)}`}, release ${release}`;
  const until = validUntilMs === undefined ? '' : `, ${AGES[age]} until ${localTime(validUntilMs)}`;
  const untilGrace =
    age === 'fresh' || bundle.graceUntilMs === undefined
      ? until
      : `, ${AGES[age]} (${localTime(bundle.graceUntilMs)})`;
  const rows = [
    ['pushed by', `${safe(bundle.url)}: ${what}${untilGrace}`],
    [
      'last look',
      `${lastContactMs === undefined ? 'never' : localTime(lastContactMs)}, next ${nextCheckMs === undefined ? '–' : localTime(nextCheckMs)}${hint === 'off' ? '' : `, hints ${hint}`}`,
    ],
  ];
  const { waiting } = bundle;
  if (waiting !== undefined)
    rows.push([
      'not yet here',
      `${safe(waiting.name)} (${safe(waiting.revision)}), release ${waiting.release}: for ${waiting.canaryPercent} % of the devices since ${localTime(waiting.sinceMs)}; this one keeps what it has`,
    ]);
  if (versions !== undefined) {
    const { root, timestamp, snapshot, targets } = versions;
    rows.push([
      'signed as',
      `root ${root}, timestamp ${timestamp}, snapshot ${snapshot}, targets ${targets}`,
    ]);
  }
  return rows;
}
