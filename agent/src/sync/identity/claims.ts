import type { SignedInUser } from '../../core/identity.ts';
import type { IdentityConfig } from './config.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** An exact name first, since namespaced claims hold dots (`https://acme.com/groups`); then a path (Keycloak's `realm_access.roles`). */
export function claimAt(claims: Claims, name: string): unknown {
  if (name in claims) return claims[name];
  return name
    .split('.')
    .reduce<unknown>(
      (inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Claims)[key] : undefined),
      claims,
    );
}

const textIn = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;

/** Names are shown and written into records: in one line, of bounded length. */
const MAX_NAME = 200;
const MAX_GROUPS = 500;

export function userFrom(claims: Claims, config: IdentityConfig): SignedInUser {
  const subject = textIn(claims['sub']) ?? '';
  const name =
    (config.claims.name === undefined ? undefined : textIn(claimAt(claims, config.claims.name))) ??
    textIn(claims['email']) ??
    textIn(claims['preferred_username']) ??
    subject;
  return { subject, name: inOneLine(name), groups: groupsIn(claimAt(claims, config.claims.groups)) };
}

export const virtualKeyIn = (claims: Claims, config: IdentityConfig): string | undefined =>
  config.claims.virtualKey === undefined ? undefined : textIn(claimAt(claims, config.claims.virtualKey));

/** Whether the ID token leaves something open that the userinfo endpoint may know. */
export const isIncomplete = (claims: Claims, config: IdentityConfig): boolean =>
  [config.claims.name ?? 'email', config.claims.groups, config.claims.virtualKey].some(
    (name) => name !== undefined && claimAt(claims, name) === undefined,
  );

function groupsIn(value: unknown): string[] {
  const list = Array.isArray(value) ? value : typeof value === 'string' ? value.split(/[,\s]+/) : [];
  return list
    .map(textIn)
    .filter((group) => group !== undefined)
    .map(inOneLine)
    .slice(0, MAX_GROUPS);
}

const inOneLine = (text: string): string => text.replace(/\p{Cc}+/gu, ' ').slice(0, MAX_NAME);
