/** Public IP addresses (personal data where they are a person's: CJEU C-582/14). Ranges: the IANA special-purpose registries. */
import type { Candidate, Judged, Reading } from './candidate.ts';
import { isWordAt } from './characters.ts';
import { contextWords } from './context.ts';

export const IP_KIND = 'ip-address';
export const IP_LABEL = 'IP address';

const WORDS = contextWords([
  'ip',
  'ips',
  'ipv4',
  'ipv6',
  'address',
  'addr',
  'host',
  'client',
  'remote',
  'server',
  'peer',
  'from',
  'dns',
  'ping',
  'ssh',
  'login',
  'visitor',
  'forwarded',
  'whois',
  'http',
  'https',
  'gateway',
]);
/** Four numbers with dots are a version far more often than an address. */
const VERSIONS = contextWords([
  'v',
  'version',
  'versions',
  'release',
  'chrome',
  'safari',
  'edg',
  'opr',
  'build',
  'assembly',
  'chromium',
  'update',
  'section',
  'oid',
  'since',
  'rfc',
  'chapter',
  'firmware',
]);
const NEAR_CHARACTERS = 24;

/** Private, shared, loopback, link-local, documentation, benchmarking, multicast and reserved addresses. */
function isPublicIpv4([a, b, c]: readonly number[]): boolean {
  if (a === undefined || b === undefined || c === undefined) return false;
  if (a === 0 || a === 10 || a === 127 || a >= 224) return false;
  if (a === 100 && b >= 64 && b <= 127) return false;
  if (a === 169 && b === 254) return false;
  if (a === 172 && b >= 16 && b <= 31) return false;
  if (a === 192 && (b === 168 || (b === 0 && (c === 0 || c === 2)) || (b === 88 && c === 99))) return false;
  if (a === 198 && (b === 18 || b === 19 || (b === 51 && c === 100))) return false;
  return !(a === 203 && b === 0 && c === 113);
}

/** Resolvers that everyone's configuration names: nobody's address. */
const PUBLIC_RESOLVERS = new Set([
  '1.1.1.1',
  '1.0.0.1',
  '8.8.8.8',
  '8.8.4.4',
  '9.9.9.9',
  '208.67.222.222',
  '4.4.4.4',
  '1.2.3.4',
  '4.3.2.1',
  '5.6.7.8',
]);

function judgeIpv4({ text, start, end, context }: Candidate): Judged | undefined {
  const written = text.slice(start, end);
  const octets = written.split('.').map(Number);
  if (octets.length !== 4 || octets.some((octet) => octet > 255) || /(?:^|\.)0\d/.test(written))
    return undefined;
  if (!isPublicIpv4(octets) || PUBLIC_RESOLVERS.has(written)) return undefined;
  if (octets[3] === 0 || (/[.\-/_]/.test(text[start - 1] ?? '') && isWordAt(text, start - 2)))
    return undefined;
  // A network (/24), a longer dotted number, a host name that begins like an address.
  if (/^(?:[.-]\w|\/\d)/.test(text.slice(end, end + 2))) return undefined;
  const namedAt = nearIn(WORDS, context);
  if (nearIn(VERSIONS, context) > namedAt) return undefined;
  if (namedAt >= 0) return { confidence: 'medium', namedAt };
  // Versions rarely have two parts of three digits.
  return octets.filter((octet) => octet > 99).length >= 2 ? { confidence: 'low', namedAt } : undefined;
}

function nearIn(words: typeof WORDS, context: string): number {
  const at = words.lastIn(context);
  return context.length - at <= NEAR_CHARACTERS ? at : -1;
}

const lengths = ['d1', 'd2', 'd3'] as const;

export const ipv4: Reading = {
  kind: IP_KIND,
  label: IP_LABEL,
  severity: 'low',
  shapes: lengths.flatMap((a) =>
    lengths.flatMap((b) => lengths.flatMap((c) => lengths.map((d) => `${a}.${b}.${c}.${d}`))),
  ),
  judge: judgeIpv4,
};

const MAX_IPV6 = 39;

/**
 * Global unicast addresses only (RFC 4291 section 2.4: 2000::/3), so they begin with a group of four digits. End of the
 * address, `more` if undecided, or undefined.
 */
export function readIpv6(text: string, at: number, isEnd: boolean): number | 'more' | undefined {
  let end = at;
  while (end < text.length && end - at <= MAX_IPV6 && isIpv6Unit(text.charCodeAt(end))) end++;
  if (end >= text.length && !isEnd && end - at <= MAX_IPV6) return 'more';
  if (isWordAt(text, end)) return undefined;
  let written = text.slice(at, end);
  if (written.endsWith(':') && !written.endsWith('::')) written = written.slice(0, -1);
  return isPublicIpv6(written) ? at + written.length : undefined;
}

const isIpv6Unit = (unit: number): boolean =>
  (unit >= 0x30 && unit <= 0x3a) || (unit >= 0x41 && unit <= 0x46) || (unit >= 0x61 && unit <= 0x66);

function isPublicIpv6(written: string): boolean {
  if (!/^[23][0-9a-f]{3}:/i.test(written) || written.includes(':::')) return false;
  // 2001:db8::/32 and 3fff::/20 are for documentation (RFC 3849, RFC 9637).
  if (/^(?:2001:0?db8:|3fff:0)/i.test(written)) return false;
  const halves = written.split('::');
  if (halves.length > 2) return false;
  const groups = written.split(':').filter((group) => group !== '');
  if (groups.some((group) => group.length > 4)) return false;
  if (halves.length === 1) return groups.length === 8;
  return groups.length >= 3 && groups.length <= 7 && /[a-f]/i.test(written);
}
