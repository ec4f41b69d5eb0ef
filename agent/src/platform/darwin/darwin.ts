import path from 'node:path';
import type { Platform } from '../operating-system.ts';
import { unixSocketPath } from '../unix-socket.ts';

export const darwin: Platform = {
  os: 'darwin',
  userHome: (_env, homeDirectory) => path.posix.join(homeDirectory, 'Library/Application Support/Postern'),
  serviceHome: () => '/Library/Application Support/Postern',
  managedConfigFile: '/Library/Application Support/Postern/config.json',
  socketPath: unixSocketPath,
  browserCommand: (url) => ['/usr/bin/open', url],
  // Apple ships its roots as a file too; what an administrator adds lives in the keychain.
  systemRootFiles: ['/etc/ssl/cert.pem'],
};
