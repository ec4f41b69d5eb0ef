/**
 * The device's own certificate authority: made at first start, loaded and checked at every later one, and the only
 * thing that mints what an inspected client sees. It reads and writes its three files in the agent's home and
 * nothing else; it opens no socket, and never holds a key that could speak for a name outside the AI domains.
 */
import path from 'node:path';
import type { CertificateSource } from '../ports.ts';
import { constraintDomains } from './constraint-domains.ts';
import { createAuthority } from './create-authority.ts';
import { CertificateError } from './errors.ts';
import { HostCertificates } from './host-certificates.ts';
import { DomainSet } from './name-constraints.ts';
import { readOwnFile, replaceFiles, secureDirectory } from './private-files.ts';
import { checkAuthority, type SigningAuthority } from './signing-authority.ts';

const DAY_MS = 86_400_000;
/** Time enough to bring a new root to every browser and program. */
export const RENEWAL_DUE_MS = 45 * DAY_MS;
const MEND_DEVICE = 'Run `postern trust renew` to make a new one; programs must then trust the new ca.pem.';
const MEND_ORGANISATION =
  'Ask your IT department for the right file, or correct its path in the configuration.';

/** An intermediate that the organisation signed with its own root, whose key never comes to the device. */
interface OrganisationAuthority {
  readonly rootFile: string;
  /** The issuing intermediate first, then any authorities between it and the root. */
  readonly intermediateFile: string;
  /** PEM, unencrypted, readable by the agent alone. */
  readonly intermediateKeyFile: string;
}

export interface DeviceAuthorityOptions {
  /** The agent's home; made (0700) if need be. */
  readonly directory: string;
  /** Used only when a new authority is made; see `constraintDomains`. */
  readonly permittedDomains: readonly string[];
  readonly deviceName: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly organisation?: OrganisationAuthority;
}

export interface DeviceAuthority extends CertificateSource {
  readonly source: 'created' | 'loaded' | 'organisation';
  /** What people and programs trust. */
  readonly rootPem: string;
  readonly rootFile: string;
  readonly permittedDomains: readonly string[];
  readonly notAfterMs: number;
  /** True in the last 45 days: say so in `status`. */
  renewalDue(): boolean;
  /** Of these domains (as `constraintDomains` gives them), those that the present constraints don't reach. */
  missingDomains(wanted: readonly string[]): readonly string[];
}

export const authorityFiles = (directory: string) => ({
  root: path.join(directory, 'ca.pem'),
  intermediate: path.join(directory, 'ca-intermediate.pem'),
  key: path.join(directory, 'ca-intermediate.key'),
});

/** Loads what is there, or makes it at the first start. Throws CertificateError. */
export function openDeviceAuthority(options: DeviceAuthorityOptions): DeviceAuthority {
  if (options.organisation !== undefined) return openOrganisation(options, options.organisation);
  secureDirectory(options.directory);
  const files = authorityFiles(options.directory);
  const isFirstStart = Object.values(files).every((file) => readOwnFile(file, false) === undefined);
  if (isFirstStart) writeNewAuthority(options, files);
  return describe(options, loadDevice(files, options.now()), isFirstStart ? 'created' : 'loaded', files.root);
}

export interface RenewedAuthority {
  readonly authority: DeviceAuthority;
  /** Where the root that was trusted so far was put, if there was one. */
  readonly previousRootFile: string | undefined;
}

/**
 * Replaces root, intermediate and key by new ones for `permittedDomains`, whatever state the old ones are in. The
 * old root is kept as `ca-previous.pem`, so that it can be taken out of trust stores; the old key is deleted.
 */
export function renewDeviceAuthority(
  options: Omit<DeviceAuthorityOptions, 'organisation'>,
): RenewedAuthority {
  secureDirectory(options.directory);
  const files = authorityFiles(options.directory);
  const previousRootFile = path.join(options.directory, 'ca-previous.pem');
  const previousRootPem = readOwnFile(files.root, false);
  if (previousRootPem !== undefined) {
    replaceFiles([{ file: previousRootFile, content: previousRootPem, private: false }]);
  }
  writeNewAuthority(options, files);
  return {
    authority: describe(options, loadDevice(files, options.now()), 'created', files.root),
    previousRootFile: previousRootPem === undefined ? undefined : previousRootFile,
  };
}

type Files = ReturnType<typeof authorityFiles>;

function writeNewAuthority(options: DeviceAuthorityOptions, files: Files): void {
  const permittedDomains = constraintDomains(options.permittedDomains);
  if (permittedDomains.length === 0) {
    throw new CertificateError('no-domains', 'There is no domain that the new authority could speak for.', {
      mend: 'Name at least one AI service in the policy.',
    });
  }
  const { deviceName } = options;
  const made = createAuthority({ permittedDomains, deviceName, nowMs: options.now() });
  // The root comes last: as long as it is missing, nobody has come to trust anything.
  replaceFiles([
    { file: files.key, content: made.intermediateKeyPem, private: true },
    { file: files.intermediate, content: made.intermediatePem, private: false },
    { file: files.root, content: made.rootPem, private: false },
  ]);
}

function loadDevice(files: Files, nowMs: number): SigningAuthority {
  return checkAuthority(
    {
      root: required(files.root, false, MEND_DEVICE),
      intermediate: required(files.intermediate, false, MEND_DEVICE),
      key: required(files.key, true, MEND_DEVICE),
      mend: MEND_DEVICE,
    },
    nowMs,
  );
}

function openOrganisation(options: DeviceAuthorityOptions, from: OrganisationAuthority): DeviceAuthority {
  const authority = checkAuthority(
    {
      root: required(from.rootFile, false, MEND_ORGANISATION),
      intermediate: required(from.intermediateFile, false, MEND_ORGANISATION),
      key: required(from.intermediateKeyFile, true, MEND_ORGANISATION),
      mend: MEND_ORGANISATION,
    },
    options.now(),
  );
  return describe(options, authority, 'organisation', from.rootFile);
}

function required(file: string, privateOnly: boolean, mend: string): { file: string; pem: string } {
  const pem = readOwnFile(file, privateOnly);
  if (pem === undefined) throw new CertificateError('missing-file', `${file} is missing.`, { file, mend });
  return { file, pem };
}

function describe(
  options: Pick<DeviceAuthorityOptions, 'now'>,
  authority: SigningAuthority,
  source: DeviceAuthority['source'],
  rootFile: string,
): DeviceAuthority {
  const hosts = new HostCertificates(authority, { now: options.now });
  const permitted = new DomainSet(authority.permittedDomains);
  return {
    source,
    rootFile,
    rootPem: authority.rootPem,
    permittedDomains: authority.permittedDomains,
    notAfterMs: authority.notAfterMs,
    renewalDue: () => authority.notAfterMs - options.now() < RENEWAL_DUE_MS,
    missingDomains: (wanted) => wanted.filter((domain) => !permitted.contains(domain)),
    covers: (host) => hosts.covers(host),
    forHost: (host) => hosts.forHost(host),
  };
}
