/**
 * Certificate bundles for programs that believe one file only. Such a file replaces everything the program believed
 * before, so it holds the system's roots, whatever the person's own variables already point to, and ours.
 */
import { createHash, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { encodeJavaTrustStore } from './java-trust-store.ts';
import type { Environment } from './operating-system.ts';
import { ensurePrivateDirectory, writePrivateFile } from './private-files.ts';

/** Variables that may already name a company's own bundle. */
const BUNDLE_VARIABLES = [
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'AWS_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'PIP_CERT',
];
const KEEP_UNUSED_MS = 30 * 86_400_000;
const MAX_BUNDLE_BYTES = 8 * 1024 * 1024;

export interface TrustFiles {
  readonly bundleFile: string;
  readonly javaTrustStoreFile: string;
  /** Files that were named but could not be used, each with why. */
  readonly skipped: readonly string[];
}

export interface TrustSources {
  readonly caFile: string;
  /** `Platform.systemRootFiles`; the first that exists is used. */
  readonly systemRootFiles: readonly string[];
  /** Asked only if no such file exists (Windows). PEM certificates. */
  readonly otherRoots: () => readonly string[];
  readonly env: Environment;
}

/** Writes (or finds unchanged) the bundles under `directory`, named by their content so that running programs keep theirs. */
export function writeTrustFiles(directory: string, sources: TrustSources): TrustFiles {
  const skipped: string[] = [];
  const certificates = collect(sources, directory, skipped);
  const name = createHash('sha256').update(certificates.join('\n')).digest('hex').slice(0, 12);
  const bundleFile = path.join(directory, `bundle-${name}.pem`);
  const javaTrustStoreFile = path.join(directory, `bundle-${name}.p12`);
  ensurePrivateDirectory(directory);
  if (!touch(bundleFile)) writePrivateFile(bundleFile, `${certificates.join('\n')}\n`);
  if (!touch(javaTrustStoreFile)) {
    const der = certificates.map((pem) => new X509Certificate(pem).raw);
    writePrivateFile(javaTrustStoreFile, encodeJavaTrustStore(der));
  }
  removeUnused(directory);
  return { bundleFile, javaTrustStoreFile, skipped };
}

function collect(sources: TrustSources, directory: string, skipped: string[]): string[] {
  const unique = new Set<string>();
  const add = (pem: string): void => {
    for (const certificate of splitPem(pem)) unique.add(certificate);
  };
  const system = sources.systemRootFiles.find((file) => fs.existsSync(file));
  if (system) add(fs.readFileSync(system, 'utf8'));
  else for (const pem of sources.otherRoots()) add(pem);
  const named = new Set(
    BUNDLE_VARIABLES.map((name) => sources.env[name]).filter((file) => file !== undefined),
  );
  for (const file of named) {
    if (file === '' || file === system || path.dirname(file) === directory) continue;
    try {
      if (fs.statSync(file).size > MAX_BUNDLE_BYTES) skipped.push(`${file}: too large for a bundle`);
      else add(fs.readFileSync(file, 'utf8'));
    } catch (error) {
      skipped.push(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  add(fs.readFileSync(sources.caFile, 'utf8'));
  return [...unique];
}

const PEM = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED )?CERTIFICATE-----/g;

/** Certificates of a PEM file in one canonical form; what doesn't parse is left out, as OpenSSL would. */
function splitPem(text: string): string[] {
  const certificates: string[] = [];
  for (const [block] of text.matchAll(PEM)) {
    const body = block.replace(/-----[^-]+-----/g, '').replace(/\s+/g, '');
    if (!/^[A-Za-z0-9+/]+=*$/.test(body)) continue;
    const lines = body.match(/.{1,64}/g) ?? [];
    certificates.push(`-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----`);
  }
  return certificates;
}

/** True if the file is there; marks it as used. */
function touch(file: string): boolean {
  try {
    const now = new Date();
    fs.utimesSync(file, now, now);
    return true;
  } catch {
    return false; // not there yet: the caller writes it
  }
}

function removeUnused(directory: string): void {
  const oldest = Date.now() - KEEP_UNUSED_MS;
  for (const name of fs.readdirSync(directory)) {
    const file = path.join(directory, name);
    if (/^bundle-[0-9a-f]{12}\.(pem|p12)$/.test(name) && fs.statSync(file).mtimeMs < oldest) {
      fs.rmSync(file, { force: true });
    }
  }
}
