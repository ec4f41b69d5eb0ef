import { readFileSync } from 'node:fs';
import type { Place } from '../cli/ports.ts';
import { CommandFailure } from '../cli/ports.ts';
import { platform } from '../platform/platform.ts';
import { type LoadedConfig, loadConfig } from '../sync/config.ts';

/** The CLI has already resolved POSTERN_CONFIG; nothing else of the environment steers the agent. */
export const settingsOf = ({ configFile }: Place): LoadedConfig =>
  loadConfig({ explicitPath: configFile, managedPath: platform().managedConfigFile, env: {} });

/** PEM texts of `upstream.extraCaFile`. */
export function extraCertificates({ config }: LoadedConfig): readonly string[] {
  const file = config.upstream.extraCaFile;
  if (file === undefined) return [];
  try {
    return [readFileSync(file, 'utf8')];
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailure(
      'extra-ca-unreadable',
      2,
      `upstream.extraCaFile can't be read: ${why}`,
      `Put the certificates into ${file}, or remove the setting.`,
      { cause },
    );
  }
}
