import { BlockList, isIP } from 'node:net';

/**
 * Addresses no name of the outside world may lead to: this machine, its links, and nothing at all. A name that
 * resolves to one is a rebinding attempt or a mistake. Private ranges (RFC 1918) stay allowed: companies run
 * models there.
 */
const FORBIDDEN = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8], // RFC 1122 section 3.2.1.3: this host
  ['127.0.0.0', 8],
  ['169.254.0.0', 16], // link-local, and the clouds' metadata services
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, and broadcast
] as const) {
  FORBIDDEN.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 127], // unspecified and loopback
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  FORBIDDEN.addSubnet(network, prefix, 'ipv6');
}

/** NAT64 (RFC 6052) and 6to4 (RFC 3056) carry an IPv4 address that counts as well. */
const EMBEDDED: readonly (readonly [prefix: string, firstGroup: number])[] = [
  ['64:ff9b:0:0:0:0:', 6],
  ['2002:', 1],
  ['0:0:0:0:0:0:', 6], // IPv4-compatible (deprecated)
  ['0:0:0:0:0:ffff:', 6], // IPv4-mapped
];

/** `address` is an IP literal without brackets. */
export function isForbiddenAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return FORBIDDEN.check(address, 'ipv4');
  if (family !== 6) return true;
  if (FORBIDDEN.check(address, 'ipv6')) return true;
  const embedded = embeddedIpv4(address);
  return embedded !== undefined && FORBIDDEN.check(embedded, 'ipv4');
}

/** RFC 6761 section 6.3: these names mean this machine, whatever a resolver says. */
export const isLocalName = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');

function embeddedIpv4(address: string): string | undefined {
  const groups = expand(address);
  const spelled = `${groups.map((group) => group.toString(16)).join(':')}:`;
  for (const [prefix, first] of EMBEDDED) {
    if (!spelled.startsWith(prefix)) continue;
    const high = groups[first] ?? 0;
    const low = groups[first + 1] ?? 0;
    return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  }
  return undefined;
}

/** The eight 16-bit groups of an IPv6 literal. */
function expand(address: string): readonly number[] {
  const plain = (address.split('%')[0] ?? '').replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [(Number(a) << 8) | Number(b), (Number(c) << 8) | Number(d)].map((n) => n.toString(16)).join(':'),
  );
  const [head = '', tail] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array.from({ length: gap }, () => '0'), ...right].map((group) =>
    Number.parseInt(group, 16),
  );
}
