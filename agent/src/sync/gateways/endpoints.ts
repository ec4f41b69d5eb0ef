import type { GatewayHop } from '../../core/gateway.ts';

/** Longest time that a base URL which failed is left alone, but for probes. */
const MAX_OPEN_MS = 30_000;
const FIRST_OPEN_MS = 1_000;
/** Another base URL has to be this much nearer before calls move to it. */
const WORTH_MOVING = 0.8;
const WORTH_MOVING_MS = 10;
/** Nothing was sent: the next try would fail as well. Any other failure has to happen twice. */
const UNREACHABLE =
  /^(dns-|connect-|handshake-|certificate-|proxy-|target-forbidden|not-a-gateway|header-timeout)/;

export interface EndpointView {
  readonly url: string;
  readonly state: 'unknown' | 'up' | 'down';
  readonly latencyMs?: number;
  /** Why it is down. */
  readonly cause?: string;
}

/** One base URL: whether it answers, and how fast. */
export class Endpoint {
  readonly url: string;
  readonly hop: GatewayHop;
  state: EndpointView['state'] = 'unknown';
  latencyMs: number | undefined;
  cause: string | undefined;
  lastResultMs = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #openUntilMs = 0;

  constructor(url: string, hop: GatewayHop) {
    this.url = url;
    this.hop = hop;
  }

  /** Closed, or due for another try. */
  isUsable(nowMs: number): boolean {
    return this.state !== 'down' || nowMs >= this.#openUntilMs;
  }

  succeeded(nowMs: number): void {
    this.state = 'up';
    this.cause = undefined;
    this.#failures = 0;
    this.lastResultMs = nowMs;
  }

  measured(latencyMs: number, nowMs: number): void {
    this.succeeded(nowMs);
    this.latencyMs = this.latencyMs === undefined ? latencyMs : this.latencyMs * 0.7 + latencyMs * 0.3;
  }

  failed(cause: string, nowMs: number): void {
    this.#failures += 1;
    this.lastResultMs = nowMs;
    if (this.#failures < 2 && !UNREACHABLE.test(cause)) return;
    this.state = 'down';
    this.cause = cause;
    this.#openUntilMs = nowMs + Math.min(MAX_OPEN_MS, FIRST_OPEN_MS * 2 ** Math.min(10, this.#failures - 1));
  }

  view(): EndpointView {
    const { url, state, latencyMs, cause } = this;
    return {
      url,
      state,
      ...(latencyMs !== undefined && { latencyMs: Math.round(latencyMs) }),
      ...(cause !== undefined && { cause }),
    };
  }
}

/** All base URLs of the gateway. Which one takes the next call: the nearest that answers, without fluttering. */
export class Endpoints {
  readonly all: readonly Endpoint[];
  #current: Endpoint | undefined;

  constructor(all: readonly Endpoint[]) {
    this.all = all;
  }

  choose(nowMs: number, except: readonly GatewayHop[] = []): Endpoint | undefined {
    const usable = this.all.filter((endpoint) => endpoint.isUsable(nowMs) && !except.includes(endpoint.hop));
    // One that has failed is tried again only where nothing better is left.
    const well = usable.filter(({ state }) => state !== 'down');
    const candidates = well.length > 0 ? well : usable;
    const current = candidates.find((endpoint) => endpoint === this.#current) ?? candidates[0];
    if (current === undefined) return undefined;
    const best = candidates.reduce((nearest, each) => (isNearer(each, nearest) ? each : nearest), current);
    if (except.length === 0) this.#current = best;
    return best;
  }

  isDown(nowMs: number): boolean {
    return this.all.every((endpoint) => !endpoint.isUsable(nowMs));
  }

  of(hop: GatewayHop): Endpoint | undefined {
    return this.all.find((endpoint) => endpoint.hop === hop);
  }
}

function isNearer({ latencyMs: candidate }: Endpoint, { latencyMs: current }: Endpoint): boolean {
  if (candidate === undefined || current === undefined) return false;
  return candidate < current * WORTH_MOVING && current - candidate > WORTH_MOVING_MS;
}

/** Base URLs are written with or without `/v1`: paths bring their own. Throws TypeError if it isn't a URL. */
export function endpointOf(text: string): Endpoint {
  const url = new URL(text);
  const scheme = url.protocol === 'http:' ? 'http' : 'https';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port || (scheme === 'https' ? 443 : 80));
  const basePath = url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '');
  const shown = `${url.protocol}//${url.host}${basePath}`;
  return new Endpoint(shown, { target: { host, port, configured: true }, scheme, basePath });
}
