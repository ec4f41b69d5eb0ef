import { createHash } from 'node:crypto';
import path from 'node:path';

/** `sun_path` holds 104 bytes on macOS and 108 on Linux, both with a final NUL; one limit for both. */
const MAX_SOCKET_PATH_BYTES = 103;

/**
 * `<home>/agent.sock`, or, where that is too long to bind, a path under /tmp that every process derives from the
 * same home. `/tmp` literally: TMPDIR differs between a shell and a service, and both must arrive at one place.
 */
export function unixSocketPath(home: string, userId: number): string {
  const inHome = path.posix.join(home, 'agent.sock');
  if (Buffer.byteLength(inHome) <= MAX_SOCKET_PATH_BYTES) return inHome;
  const short = createHash('sha256').update(home).digest('hex').slice(0, 16);
  return `/tmp/postern-${userId}-${short}/agent.sock`;
}
