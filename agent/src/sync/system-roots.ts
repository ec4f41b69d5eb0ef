import tls from 'node:tls';

/** The OS's own roots as PEM, from keychain or registry where there is no file; Node's built-in ones if it has none. */
export function systemRoots(): readonly string[] {
  const system = tls.getCACertificates('system');
  return system.length > 0 ? system : tls.getCACertificates('bundled');
}
