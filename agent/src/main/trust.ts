import { createHash, X509Certificate } from 'node:crypto';
import { hostname } from 'node:os';
import { CommandFailure, type Place, type TrustRenewal, type TrustStatus } from '../cli/ports.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import { constraintDomains } from '../intercept/certificates/constraint-domains.ts';
import {
  type DeviceAuthority,
  openDeviceAuthority,
  RENEWAL_DUE_MS,
  renewDeviceAuthority,
} from '../intercept/certificates/device-authority.ts';
import { CertificateError } from '../intercept/certificates/errors.ts';
import { explainRenewal } from '../intercept/certificates/explain-renewal.ts';
import { homeFiles, prepareHome } from '../platform/home.ts';
import { policySource, requirePolicy } from './active-policy.ts';
import { settingsOf } from './settings.ts';

export interface Trust {
  readonly authority: DeviceAuthority;
  /** Names that the policy wants inspected but the CA may not sign for. */
  uncovered(policy: CompiledPolicy): readonly string[];
}

/** Opens the device's CA, or makes it at the first start for all that the catalogue and the policy name. */
export function openTrust(directory: string, policy: CompiledPolicy): Trust {
  const authority = orFailure(() => openDeviceAuthority(optionsFor(directory, policy)));
  return { authority, uncovered: (current) => authority.missingDomains(domainsOf(current)) };
}

const domainsOf = (policy: CompiledPolicy): readonly string[] =>
  constraintDomains([...policy.certifiableHosts()]);

const optionsFor = (directory: string, policy: CompiledPolicy) => ({
  directory,
  permittedDomains: domainsOf(policy),
  deviceName: hostname(),
  now: () => Date.now(),
});

export async function trustStatus(place: Place): Promise<TrustStatus> {
  const { policy, directory } = await placeOf(place);
  return statusOf(openTrust(directory, policy).authority, policy);
}

/** Also mends an authority that is lost, damaged or expired: then there is nothing to compare with. */
export async function trustRenew(place: Place): Promise<TrustRenewal> {
  const { policy, directory } = await placeOf(place);
  const present = openIfGood(directory, policy);
  const plan = explainRenewal({
    presentDomains: present?.permittedDomains ?? [],
    nextDomains: domainsOf(policy),
    presentEndMs: present?.notAfterMs,
    nowMs: Date.now(),
    dueWithinMs: RENEWAL_DUE_MS,
    source: present?.source === 'organisation' ? 'organisation' : 'device',
  });
  const explanation = plan.text.join('\n');
  if (present !== undefined && (!plan.needed || present.source === 'organisation')) {
    return { renewed: false, explanation, status: statusOf(present, policy) };
  }
  const renewed = orFailure(() => renewDeviceAuthority(optionsFor(directory, policy)));
  return { renewed: true, explanation, status: statusOf(renewed.authority, policy) };
}

async function placeOf(place: Place): Promise<{ policy: CompiledPolicy; directory: string }> {
  const files = homeFiles(place.home);
  prepareHome(files);
  return {
    policy: await requirePolicy(await policySource(settingsOf(place), undefined, place.home)),
    directory: files.directory,
  };
}

/** Undefined where it can't be used; renewing replaces it, whatever its state. */
function openIfGood(directory: string, policy: CompiledPolicy): DeviceAuthority | undefined {
  try {
    return openDeviceAuthority(optionsFor(directory, policy));
  } catch (error) {
    if (error instanceof CertificateError) return undefined;
    throw error;
  }
}

function statusOf(authority: DeviceAuthority, policy: CompiledPolicy): TrustStatus {
  return {
    caFile: authority.rootFile,
    fingerprintSha256: fingerprint(authority.rootPem),
    notAfterMs: authority.notAfterMs,
    permitted: authority.permittedDomains,
    uncovered: authority.missingDomains(domainsOf(policy)),
  };
}

export const fingerprint = (pem: string): string =>
  createHash('sha256')
    .update(new X509Certificate(pem).raw)
    .digest('hex')
    .toUpperCase()
    .replace(/(..)(?=.)/g, '$1:');

function orFailure<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw new CommandFailure(`certificate-${error.code}`, 2, error.message, error.mend, { cause: error });
  }
}
