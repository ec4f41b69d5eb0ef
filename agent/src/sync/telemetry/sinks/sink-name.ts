/** What a sink is called in the outbox: two that are the same place have the same name, and one place in the log. */
import path from 'node:path';

/** Names of hosts know no case (RFC 4343), and may end in a dot. */
export const syslogName = (host: string, port: number): string =>
  `syslog:${host.toLowerCase().replace(/\.$/, '')}:${port}`;

export const fileName = (file: string): string => `file:${path.normalize(file)}`;

/** File systems there keep the case of a name and don't look at it. */
const CASELESS = process.platform === 'win32' || process.platform === 'darwin';

export const samePlace = (one: string, other: string): boolean =>
  CASELESS ? one.toLowerCase() === other.toLowerCase() : one === other;
