import { type FilesOptions, fetchFile, statusTrouble } from './fetch-files.ts';
import { type OpenStore, sha256 } from './open-store.ts';
import { trouble } from './policy-source-error.ts';
import { type Trust, trustFrom } from './verify.ts';

const ROOT_MAX_BYTES = 512_000;
const MAX_ROOTS = 256;

/** Where only the fingerprint is known, the root may come from anywhere: it is the one with this fingerprint. */
export async function fetchFirstRoot(opened: OpenStore, url: URL, files: FilesOptions): Promise<Trust> {
  for (let version = 1; version <= MAX_ROOTS; version += 1) {
    const name = `${version}.root.json`;
    const { status, body } = await fetchFile(new URL(name, url), ROOT_MAX_BYTES, files);
    if (status === 404 && version > 1) break;
    if (status !== 200) throw statusTrouble(status, name);
    if (!opened.fingerprints.includes(sha256(body))) continue;
    opened.pinned = Buffer.from(body);
    opened.store.keepRoot(version, body);
    return trustFrom(opened.pinned, opened.store.roots());
  }
  throw trouble(
    'not-signed',
    'The policy server has no root with the fingerprint that this device was given.',
  );
}
