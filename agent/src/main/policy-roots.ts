/** Which root this device begins to trust pushed policy with: by the configuration, or by its enrolment. */
import { homeFiles } from '../platform/home.ts';
import { writePrivateFile } from '../platform/private-files.ts';
import type { LoadedConfig } from '../sync/config.ts';
import type { SourceConfig } from '../sync/policy-source/open-store.ts';
import type { Release } from '../sync/policy-source/release-store.ts';
import { readTenant } from './tenant-keeper.ts';

/**
 * What device management wrote down counts. Where a person's own file names a root, it must be one of those that the
 * device was enrolled with; where nothing names one, those are it.
 */
export function sourceConfigOf({ config, origins }: LoadedConfig, home: string): SourceConfig | undefined {
  const { source } = config.policy;
  if (source === undefined) return undefined;
  const names = source.rootFile !== undefined || source.rootFingerprint !== undefined;
  if (names && origins.get('policy.source') === 'managed') return source;
  const tenant = readTenant(homeFiles(home).tenantFile);
  // Enrolled with an organisation that sends no policy.
  if (tenant === undefined || (tenant !== 'unreadable' && tenant.policyRoots.length === 0)) return source;
  return { ...source, enrolledRoots: tenant === 'unreadable' ? [] : tenant.policyRoots };
}

/** The best first: signed, whole, and not known to make trouble. What verifies them is loaded only where it is needed. */
export async function releasesAtHand(settings: LoadedConfig, home: string): Promise<readonly Release[]> {
  const source = sourceConfigOf(settings, home);
  if (source === undefined) return [];
  const { storedReleases } = await import('../sync/policy-source/open-store.ts');
  return storedReleases(source, home, writePrivateFile);
}
