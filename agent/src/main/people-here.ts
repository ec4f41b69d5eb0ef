/** Whose device this is, for pushed policy: what device management wrote down, and who is signed in. */
import { hostname, userInfo } from 'node:os';
import { isGroupName } from '../../../policies/bundle/names.ts';
import type { SignedInUser } from '../core/identity.ts';
import type { Here } from '../decide/overlay.ts';

/**
 * The groups whose policy this device may take, the first that has one deciding: device management's in its own order,
 * then the signed-in person's by the alphabet, since no provider promises an order. Providers' names are compared in
 * lower case, and Keycloak's without the slash before them.
 */
export function groupsHere(configured: readonly string[], user: SignedInUser | undefined): readonly string[] {
  const claimed = (user?.groups ?? []).map(plainGroup).filter(isGroupName).sort();
  return [...new Set([...configured, ...claimed])];
}

const plainGroup = (name: string): string => name.replace(/^\//, '').toLowerCase();

/** Whom a switch may name. Groups are the provider's own names here, whatever a repository could call them. */
export function hereFor(
  configured: readonly string[],
  user: SignedInUser | undefined,
  deviceId: string | undefined,
): Here {
  return {
    devices: [hostname(), ...(deviceId ? [deviceId] : [])],
    users: [userInfo().username, ...(user === undefined ? [] : [user.name, user.subject])],
    groups: [...groupsHere(configured, user), ...(user?.groups ?? [])],
  };
}
