/** The name constraints extension (RFC 5280 section 4.2.1.10): what it may say here, and how to read one. */
import { type Element, element, elements, sequence } from './der.ts';

const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;
const PERMITTED = 0xa0;
const EXCLUDED = 0xa1;
/** Address and mask, all zero: every address. */
const EVERY_IPV4 = Buffer.alloc(8);
const EVERY_IPV6 = Buffer.alloc(32);

export interface NameConstraints {
  /** Lower-case names; each permits itself and everything below it. */
  readonly permittedDomains: readonly string[];
  readonly excludesEveryAddress: boolean;
}

const subtree = (tag: number, base: Uint8Array): Buffer => sequence(element(tag, base));

/** Permits these domains and excludes every IPv4 and IPv6 address. The extension's value, DER. */
export function encodeNameConstraints(permittedDomains: readonly string[]): Buffer {
  const permitted = permittedDomains.map((domain) => subtree(DNS_NAME, Buffer.from(domain, 'ascii')));
  return sequence(
    element(PERMITTED, ...permitted),
    element(EXCLUDED, subtree(IP_ADDRESS, EVERY_IPV4), subtree(IP_ADDRESS, EVERY_IPV6)),
  );
}

/** Reads an extension's value; undefined if it isn't well-formed. */
export function decodeNameConstraints(value: Buffer): NameConstraints | undefined {
  const [outer] = elements(value) ?? [];
  const parts = outer && elements(outer.content);
  if (parts === undefined) return undefined;
  const permitted = bases(parts.find((part) => part.tag === PERMITTED));
  const excluded = bases(parts.find((part) => part.tag === EXCLUDED));
  if (permitted === undefined || excluded === undefined) return undefined;
  const excludes = (all: Buffer) =>
    excluded.some((base) => base.tag === IP_ADDRESS && base.content.equals(all));
  return {
    permittedDomains: permitted
      .filter((base) => base.tag === DNS_NAME)
      .map((base) => base.content.toString('latin1').toLowerCase()),
    excludesEveryAddress: excludes(EVERY_IPV4) && excludes(EVERY_IPV6),
  };
}

function bases(part: Element | undefined): readonly Element[] | undefined {
  if (part === undefined) return [];
  const found: Element[] = [];
  for (const tree of elements(part.content) ?? []) {
    const [base] = elements(tree.content) ?? [];
    if (base === undefined) return undefined;
    found.push(base);
  }
  return found;
}

/** Answers in one step per label, however many domains there are. */
export class DomainSet {
  readonly #domains: ReadonlySet<string>;
  constructor(domains: readonly string[]) {
    this.#domains = new Set(domains);
  }

  /** True if `host` is one of the domains or below one. */
  contains(host: string): boolean {
    for (let start = 0; ; ) {
      if (this.#domains.has(start === 0 ? host : host.slice(start))) return true;
      const dot = host.indexOf('.', start);
      if (dot === -1) return false;
      start = dot + 1;
    }
  }
}
