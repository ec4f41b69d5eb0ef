import type { PathRule, Service } from '../../../policies/schema/catalogue.ts';
import { pathGlob } from './glob.ts';

interface Row {
  readonly service: Service;
  readonly rule: PathRule;
  readonly glob: RegExp | undefined;
  readonly order: number;
}

export interface PathMatch {
  readonly service: Service;
  readonly rule: PathRule;
}

/** The path rules of all services on one host, in catalogue order; the first that fits wins. */
export class PathTable {
  readonly #exact = new Map<string, Row[]>();
  readonly #globs: Row[] = [];

  constructor(services: readonly Service[]) {
    let order = 0;
    for (const service of services) {
      for (const rule of service.paths) {
        const isGlob = rule.path.includes('*');
        const row = { service, rule, glob: isGlob ? pathGlob(rule.path) : undefined, order: order++ };
        const key = rule.path.toLowerCase();
        if (isGlob) this.#globs.push(row);
        else this.#exact.set(key, [...(this.#exact.get(key) ?? []), row]);
      }
    }
  }

  /** `path` may have a query. A WebSocket upgrade only fits rules that say so, whatever its method. */
  find(method: string, path: string, webSocket: boolean): PathMatch | undefined {
    const key = normalisePath(path);
    // HTTP/2 lets any word be a method, and some servers take `post` for POST.
    const name = method.toUpperCase();
    const exact = this.#exact.get(key)?.find((row) => fits(row.rule, name, webSocket));
    for (const row of this.#globs) {
      if (exact !== undefined && row.order > exact.order) break;
      if (fits(row.rule, name, webSocket) && row.glob?.test(key)) return row;
    }
    return exact;
  }
}

function fits(rule: PathRule, method: string, webSocket: boolean): boolean {
  if (webSocket) return rule.webSocket === true;
  return rule.methods === undefined || (rule.methods as readonly string[]).includes(method);
}

const IS_NORMAL = /^(?:\/[a-z0-9_:@$-](?:[a-z0-9_.:@$-]*[a-z0-9_:@$-])?)+$/;
/** Parameters of a segment (Java's servers drop them), what follows a NUL, trailing dots and spaces. */
const IGNORED_TAIL = /[;\0].*$|[. ]+$/gs;

/**
 * The path as rules see it: no query, lower case, percent-encoding of plain characters undone, empty and dot
 * segments and what servers overlook at a segment's end removed (RFC 3986 section 6.2.2). A server that is lenient about `//v1/messages` or `/v1/%6dessages`
 * must not get past inspection that way.
 */
export function normalisePath(path: string): string {
  const end = path.search(/[?#]/);
  const bare = end < 0 ? path : path.slice(0, end);
  if (IS_NORMAL.test(bare)) return bare;
  const decoded = bare.replace(/%[0-9a-f]{2}/gi, (code) =>
    String.fromCharCode(Number.parseInt(code.slice(1), 16)),
  );
  const segments: string[] = [];
  for (const segment of decoded.toLowerCase().replaceAll('\\', '/').split('/')) {
    const name = segment === '..' ? segment : segment.replace(IGNORED_TAIL, '');
    if (name === '..') segments.pop();
    else if (name !== '') segments.push(name);
  }
  return `/${segments.join('/')}`;
}
