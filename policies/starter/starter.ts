/** The policies that ship with the agent, as text: people copy and edit them, so their comments matter. */
import { readFileSync } from 'node:fs';

export const STARTERS = ['observe', 'baseline', 'strict'] as const;
export type StarterName = (typeof STARTERS)[number];

/** Reads a starter policy's text; throws only if the installation is incomplete. */
export function loadStarter(name: StarterName): { readonly text: string; readonly fileName: string } {
  const url = new URL(`./${name}.yaml`, import.meta.url);
  return { text: readFileSync(url, 'utf8'), fileName: `${name}.yaml` };
}
