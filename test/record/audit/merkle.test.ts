import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  appendLeaf,
  EMPTY_TREE,
  leafHash,
  packPeaks,
  treeRoot,
  unpackPeaks,
} from '../../../agent/src/record/audit/merkle.ts';

const sha256 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** RFC 6962 section 2.1, word for word. */
function reference(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0]!;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha256(Uint8Array.of(1), reference(leaves.slice(0, k)), reference(leaves.slice(k)));
}

const grow = (texts: readonly string[]) =>
  texts.reduce((edge, text) => appendLeaf(edge, leafHash(text)), EMPTY_TREE);

describe('the Merkle tree', () => {
  it('has the known answers of Certificate Transparency', () => {
    expect(treeRoot(EMPTY_TREE).toString('hex')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    expect(treeRoot(grow([''])).toString('hex')).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
    // Leaves "" and 0x00: the second of the well-known series.
    expect(treeRoot(grow(['', '\u0000'])).toString('hex')).toBe(
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    );
    expect(treeRoot(grow(['', '\u0000', '\u0010'])).toString('hex')).toBe(
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    );
  });

  it('equals the recursive definition at every size, and can be packed and continued at every size', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 70 }), fc.nat(), (texts, somewhere) => {
        expect(treeRoot(grow(texts))).toEqual(reference(texts.map(leafHash)));
        const at = texts.length === 0 ? 0 : somewhere % texts.length;
        const packed = packPeaks(grow(texts.slice(0, at)));
        const continued = texts
          .slice(at)
          .reduce((edge, text) => appendLeaf(edge, leafHash(text)), unpackPeaks(at, packed)!);
        expect(treeRoot(continued)).toEqual(treeRoot(grow(texts)));
      }),
    );
  });

  it('refuses an edge that does not fit its size', () => {
    expect(unpackPeaks(3, Buffer.alloc(32))).toBeUndefined();
    expect(unpackPeaks(4, Buffer.alloc(33))).toBeUndefined();
  });
});
