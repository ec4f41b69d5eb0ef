/** What is called what in a bundle repository: both who publishes and who fetches go by these. */

/** Targets with a meaning of their own; every other target of a bundle is a file that the policy names. */
export const POLICY_TARGET = 'policy.yaml';
export const CATALOGUE_TARGET = 'catalogue.json';
export const PRICES_TARGET = 'prices.json';
/** Always the organisation's own, never a group's: who may switch governance off is one small, well-kept key. */
export const SWITCHES_TARGET = 'switches.json';

/** Where target files lie, below the repository's address. */
export const TARGETS_FOLDER = 'targets';

/** A role's name becomes a file's name, so nothing else may stand in it. */
const GROUP = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;
/** Names that TUF itself uses for roles. */
const TOP_LEVEL: readonly string[] = ['root', 'targets', 'snapshot', 'timestamp'];

export const isGroupName = (name: string): boolean => GROUP.test(name) && !TOP_LEVEL.includes(name);

/** A group's targets, and no others, are signed by its own role. */
export const groupFolder = (group: string): string => `groups/${group}/`;
export const groupPaths = (group: string): string[] => [`groups/${group}/*`, `groups/${group}/*/*`];

/** `words/names.txt`: no way up or out, no absolute path, nothing that a shell or a file system reads otherwise. */
const TARGET = /^(?!\.)[A-Za-z0-9._-]{1,100}(?:\/(?!\.)[A-Za-z0-9._-]{1,100}){0,4}$/;
export const isTargetName = (name: string): boolean => TARGET.test(name);

/** In the signed timestamp, beside TUF's own fields: when it was signed, so that a device knows how late it is at least. */
export const SIGNED_AT = 'x-postern-signed-at';
