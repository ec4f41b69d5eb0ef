/** Who is signed in, and which virtual keys they have. Filled by `sync/`, read by the journey and the gateways. */

export interface SignedInUser {
  /** The provider's own id of the person (`sub`); never changes. */
  readonly subject: string;
  /** What records and budgets call them: e-mail, else preferred user name, else subject. */
  readonly name: string;
  /** As the provider's claims say: groups, roles or teams. */
  readonly groups: readonly string[];
}

/** A gateway's credential. `secret` goes into the gateway's own header and nowhere else. */
export interface VirtualKey {
  /** For people, records and budgets. */
  readonly name: string;
  readonly secret: string;
}

export type KeyRefusal = 'unknown' | 'revoked' | 'expired';

export interface VirtualKeys {
  /** The key that calls are made with now. Constant time: it is on every call's path. */
  active(): VirtualKey | undefined;
  /** The gateway refused it: fetch another, or tell the person. */
  refused(name: string, why: KeyRefusal): void;
  /** The gateway takes it: whatever was held against it is over. Constant time. */
  accepted(key: VirtualKey): void;
  /** Called after another key became active, or the active one was replaced. Returns how to stop. */
  onChange(listener: () => void): () => void;
}
