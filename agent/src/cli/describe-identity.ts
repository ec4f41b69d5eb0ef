import type { AgentStatus } from '../serve/contract.ts';
import type { Context } from './context.ts';
import { localTime, safe } from './format.ts';

type Identity = AgentStatus['identity'];

/** The lines of `status` about person, keys and device. */
export function identityRows(
  { colors }: Pick<Context, 'colors'>,
  { identity, device }: AgentStatus,
): string[][] {
  const rows: string[][] = [];
  if (identity.state !== 'not-configured') rows.push(['signed in', signedIn(identity)]);
  if (identity.keys.length > 0) rows.push(['virtual key', keyLine(identity, colors)]);
  const tenant = device.tenant;
  const enrolled = tenant === undefined ? '' : `, enrolled with ${safe(tenant.name ?? tenant.id)}`;
  rows.push(['device', `${device.id}${colors.dim(enrolled)}`]);
  return rows;
}

export function signedIn({ user, validUntilMs, pending }: Identity): string {
  if (pending !== undefined)
    return `not yet: ${pending.flow === 'device' ? `code ${safe(pending.userCode ?? '')} at ` : ''}${safe(pending.url)}`;
  if (user === undefined) return 'nobody: postern login';
  const until = validUntilMs === undefined ? '' : `, until ${localTime(validUntilMs)} (renewed by itself)`;
  const groups = user.groups.length === 0 ? '' : ` (${safe(user.groups.slice(0, 5).join(', '))})`;
  return `${safe(user.name)}${groups}${until}`;
}

function keyLine({ keys }: Identity, colors: Context['colors']): string {
  const active = keys.find((key) => key.active);
  const others = keys.length - (active === undefined ? 0 : 1);
  const name = active === undefined ? 'none' : safe(active.name);
  const refused = active?.refused === undefined ? '' : ` ${colors.red(`(${active.refused})`)}`;
  return `${name}${refused}${others > 0 ? `, and ${others} more` : ''}`;
}
