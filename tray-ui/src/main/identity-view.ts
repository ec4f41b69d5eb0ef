import type { AgentStatus } from '../../../agent/src/serve/contract.ts';

/** What the tray reads of `status.identity`. An agent without sign-in says nothing of it. */
export interface IdentityView {
  readonly state: 'not-configured' | 'signed-out' | 'signed-in';
  readonly user?: { readonly name: string } | undefined;
  /** A sign-in that waits for the person in a browser. */
  readonly pending?: { readonly url: string } | undefined;
  readonly problem?: { readonly text: string } | undefined;
  readonly keys: readonly { readonly name: string; readonly active: boolean }[];
}

/** The tray may be older or newer than the agent. */
export const identityOf = (status: AgentStatus): IdentityView | undefined =>
  (status as { readonly identity?: IdentityView }).identity;
