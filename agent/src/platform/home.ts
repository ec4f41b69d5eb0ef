import path from 'node:path';
import type { Platform } from './operating-system.ts';
import { currentUserId, platform } from './platform.ts';
import { ensurePrivateDirectory } from './private-files.ts';

/** What the agent keeps in its home, and where. */
export interface HomeFiles {
  readonly directory: string;
  readonly caFile: string;
  readonly caKeyFile: string;
  readonly databaseFile: string;
  /** Signs the heads of the audit log. */
  readonly auditKeyFile: string;
  readonly tokenFile: string;
  readonly lockFile: string;
  readonly logFile: string;
  /** Reasons given for calls that a rule held back. */
  readonly exceptionsFile: string;
  /** CA bundles for programs that want one file with everything. */
  readonly trustDirectory: string;
  /** Files with the credentials of services that check texts; placed by device management. */
  readonly credentialsDirectory: string;
  /** Sign-in and typed keys, sealed. */
  readonly secretsDirectory: string;
  /** Signs what the device uploads. */
  readonly deviceKeyFile: string;
  /** Which organisation the device was enrolled with. */
  readonly tenantFile: string;
  /** A Unix socket's path, which may lie outside the home if that is too long to bind, or a pipe's name. */
  readonly socketPath: string;
}

export function homeFiles(directory: string, here: Platform = platform()): HomeFiles {
  const inHome = (name: string): string => path.join(directory, name);
  return {
    directory,
    caFile: inHome('ca.pem'),
    caKeyFile: inHome('ca-intermediate.key'),
    databaseFile: inHome('postern.db'),
    auditKeyFile: inHome('audit-key.pem'),
    tokenFile: inHome('agent.token'),
    lockFile: inHome('agent.lock'),
    logFile: inHome('agent.log'),
    exceptionsFile: inHome('exceptions.json'),
    trustDirectory: inHome('trust'),
    credentialsDirectory: inHome('credentials'),
    secretsDirectory: inHome('secrets'),
    deviceKeyFile: inHome('device-key.pem'),
    tenantFile: inHome('tenant.json'),
    socketPath: here.socketPath(directory, currentUserId()),
  };
}

/** Creates and closes what must exist before anything is written or bound. Throws PlatformError with a mend. */
export function prepareHome(files: HomeFiles): void {
  ensurePrivateDirectory(files.directory);
  const socketDirectory = path.dirname(files.socketPath);
  if (process.platform !== 'win32' && socketDirectory !== files.directory)
    ensurePrivateDirectory(socketDirectory);
}
