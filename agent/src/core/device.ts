/** Which device this is. Made at first start; everything that the agent uploads is signed by it. */
export interface DeviceIdentity {
  /** Of the public key, so that nobody can claim it without the private one; never changes. */
  readonly id: string;
  /** Ed25519, SubjectPublicKeyInfo (RFC 8410). */
  readonly publicKeyPem: string;
  /** Ed25519 (RFC 8032): 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array;
}
