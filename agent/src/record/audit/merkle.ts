/**
 * The Merkle tree of RFC 6962 section 2.1, grown one leaf at a time. Only its right edge is kept: the roots of the
 * perfect subtrees, largest first, one per set bit of the size. Appending costs O(log n) hashes, amortised one.
 */
import { hash } from 'node:crypto';

const HASH_BYTES = 32;
export interface TreeEdge {
  readonly size: number;
  /** Roots of the perfect subtrees, largest first. */
  readonly peaks: readonly Buffer[];
}

export const EMPTY_TREE: TreeEdge = { size: 0, peaks: [] };

/** By way of a string: Node makes it and a pooled buffer of it in half the time of a buffer of the digest's own. */
const sha256 = (data: string | Uint8Array): Buffer => Buffer.from(hash('sha256', data, 'binary'), 'binary');

/** MTH({d}) = SHA-256(0x00 || d). Also the link of the chain: each record names its predecessor's leaf hash. */
export const leafHash = (text: string): Buffer => sha256(`\u0000${text}`);

/** SHA-256(0x01 || left || right). */
function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(1 + 2 * HASH_BYTES);
  bytes[0] = 1;
  bytes.set(left, 1);
  bytes.set(right, 1 + HASH_BYTES);
  return sha256(bytes);
}

export function appendLeaf(edge: TreeEdge, leaf: Buffer): TreeEdge {
  const peaks = [...edge.peaks];
  let carried = leaf;
  // Like a binary counter: each trailing one bit of the old size is a subtree of the same height to merge with.
  for (let rest = edge.size; rest % 2 === 1; rest = (rest - 1) / 2) {
    carried = nodeHash(peaks.pop() as Buffer, carried);
  }
  peaks.push(carried);
  return { size: edge.size + 1, peaks };
}

/** The tree head. The empty tree's is SHA-256 of nothing. */
export function treeRoot(edge: TreeEdge): Buffer {
  const [last, ...others] = [...edge.peaks].reverse();
  if (last === undefined) return sha256('');
  return others.reduce((right, left) => nodeHash(left, right), last);
}

export const packPeaks = (edge: TreeEdge): Buffer => Buffer.concat(edge.peaks);

/** Undefined if the bytes can't be the edge of a tree of that size. */
export function unpackPeaks(size: number, packed: Uint8Array): TreeEdge | undefined {
  if (packed.length !== countOnes(size) * HASH_BYTES) return undefined;
  const bytes = Buffer.from(packed);
  const peaks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += HASH_BYTES) peaks.push(bytes.subarray(at, at + HASH_BYTES));
  return { size, peaks };
}

function countOnes(size: number): number {
  let ones = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2;
  return ones;
}
