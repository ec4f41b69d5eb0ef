import { BlockList, isIP } from 'node:net';
import type { Authority } from '../../core/connection.ts';
import { isForbiddenAddress, isLocalName } from '../outgoing/addresses.ts';

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
/** `127.1`, `0x7f.1` and `2130706433` are addresses to getaddrinfo: a name never ends in a number (WHATWG URL 3.5). */
const ENDS_IN_NUMBER = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/;
const PORT = /^\d{1,5}$/;

/**
 * `host:port` by a strict grammar (RFC 9110 section 7.2): a DNS name or an IP literal, IPv6 in brackets, and a port.
 * Undefined for anything else: nothing that is not plainly a name may reach a certificate, a cache or a resolver.
 * Without `defaultPort` the port is obligatory, as in CONNECT.
 */
export function parseAuthority(text: string, defaultPort?: number): Authority | undefined {
  const bracket = text.startsWith('[') ? text.indexOf(']') : -1;
  const colon = text.indexOf(':', bracket + 1);
  const hostText = colon === -1 ? text : text.slice(0, colon);
  const port = colon === -1 ? defaultPort : parsePort(text.slice(colon + 1));
  const host = bracket === -1 ? parseName(hostText) : parseIpv6(hostText);
  if (host === undefined || port === undefined) return undefined;
  return { host, port };
}

function parsePort(text: string): number | undefined {
  const port = PORT.test(text) ? Number(text) : 0;
  return port > 0 && port <= 65_535 ? port : undefined;
}

/** A lower-case name or IPv4 address; undefined if it is neither. */
export function parseName(text: string): string | undefined {
  const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase();
  if (name.length === 0 || name.length > 253) return undefined;
  if (isIP(name) === 4) return name;
  if (ENDS_IN_NUMBER.test(name)) return undefined;
  return name.split('.').every((label) => LABEL.test(label)) ? name : undefined;
}

function parseIpv6(text: string): string | undefined {
  const address = text.slice(1, -1);
  if (!text.endsWith(']') || isIP(address) !== 6 || address.includes('%')) return undefined;
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}

/** As it stands in a Host header: the port only where it is not the scheme's own. */
export function formatAuthority(target: Authority, scheme: 'http' | 'https'): string {
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  return target.port === (scheme === 'https' ? 443 : 80) ? host : `${host}:${target.port}`;
}

/** RFC 1918, RFC 6598 and RFC 4193. */
const PRIVATE = new BlockList();
PRIVATE.addSubnet('10.0.0.0', 8, 'ipv4');
PRIVATE.addSubnet('172.16.0.0', 12, 'ipv4');
PRIVATE.addSubnet('192.168.0.0', 16, 'ipv4');
PRIVATE.addSubnet('100.64.0.0', 10, 'ipv4');
PRIVATE.addSubnet('fc00::', 7, 'ipv6');

export type ForbiddenTarget = 'own-port' | 'local' | 'private';

/**
 * Why this target may not be reached through the agent, judged by its spelling alone: names are resolved (and judged
 * again) by the outgoing side, or not by us at all where a corporate proxy carries the connection.
 */
export function forbiddenTarget(
  target: Authority,
  ownPort: number,
  allowPrivateTargets: boolean,
): ForbiddenTarget | undefined {
  const family = isIP(target.host);
  const local = family === 0 ? isLocalName(target.host) : isForbiddenAddress(target.host);
  if (local && target.port === ownPort) return 'own-port';
  if (allowPrivateTargets) return undefined;
  if (local) return 'local';
  if (family !== 0 && PRIVATE.check(target.host, family === 4 ? 'ipv4' : 'ipv6')) return 'private';
  return undefined;
}
