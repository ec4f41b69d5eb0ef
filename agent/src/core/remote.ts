import type { PartKind, Role } from './exchange.ts';
import type { Match } from './finding.ts';

/** One text that another service is asked about. */
export interface RemoteText {
  readonly text: string;
  readonly kind: PartKind | 'refusal';
  readonly role: Role;
}

/** Asks another service. Every failure is a rejection with a DetectorError; a late answer is one. */
export interface RemoteCheck {
  /** What it found in each of the texts, in their order. */
  check(
    texts: readonly RemoteText[],
    direction: 'request' | 'response',
  ): Promise<readonly (readonly Match[])[]>;
}
