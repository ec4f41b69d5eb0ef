import { createPublicKey, verify } from 'node:crypto';
import { children, type DerNode, hex, TAG } from './der.ts';

/** Signature algorithms accepted on CRLs and OCSP answers: nothing older than SHA-256 (hex of the DER OID). */
const HASHES: Readonly<Record<string, string>> = {
  '2a864886f70d01010b': 'sha256', // sha256WithRSAEncryption
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d040302': 'sha256', // ecdsa-with-SHA256
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
};

/** True if `signature` over `data` was made with the key of the DER certificate `signer`. */
export function signedBy(
  signer: Uint8Array,
  data: Uint8Array,
  algorithm: DerNode,
  signature: Uint8Array,
): boolean {
  const oid = children(algorithm).find((part) => part.tag === TAG.oid);
  const hash = oid === undefined ? undefined : HASHES[hex(oid.content)];
  if (hash === undefined) return false;
  const pem = `-----BEGIN CERTIFICATE-----\n${Buffer.from(signer).toString('base64')}\n-----END CERTIFICATE-----\n`;
  return verify(hash, data, createPublicKey(pem), signature);
}
