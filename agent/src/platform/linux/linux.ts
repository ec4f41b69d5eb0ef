import path from 'node:path';
import type { Platform } from '../operating-system.ts';
import { unixSocketPath } from '../unix-socket.ts';

export const linux: Platform = {
  os: 'linux',
  // XDG Base Directory: a relative XDG_DATA_HOME is invalid and must be ignored.
  userHome(env, homeDirectory) {
    const xdg = env['XDG_DATA_HOME'];
    const data = xdg && path.posix.isAbsolute(xdg) ? xdg : path.posix.join(homeDirectory, '.local/share');
    return path.posix.join(data, 'postern');
  },
  serviceHome: () => '/var/lib/postern',
  managedConfigFile: '/etc/postern/config.json',
  socketPath: unixSocketPath,
  browserCommand: (url, env) =>
    env['DISPLAY'] || env['WAYLAND_DISPLAY'] || env['BROWSER'] ? ['xdg-open', url] : undefined,
  systemRootFiles: [
    '/etc/ssl/certs/ca-certificates.crt', // Debian, Ubuntu, Arch, Alpine
    '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', // Fedora, RHEL
    '/etc/pki/tls/certs/ca-bundle.crt', // older RHEL
    '/etc/ssl/ca-bundle.pem', // openSUSE
    '/etc/ssl/cert.pem', // Alpine, BSD
  ],
};
