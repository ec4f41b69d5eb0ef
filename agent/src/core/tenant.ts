/** The organisation that this device was enrolled with. Pinned: another one is refused until an administrator resets it. */
export interface Tenant {
  readonly id: string;
  readonly name: string | undefined;
  readonly enrolledAtMs: number;
  readonly enrolUrl: string;
  /** SHA-256 of the root documents that policy bundles may begin with (TUF root.json), in hex. */
  readonly policyRoots: readonly string[];
}
