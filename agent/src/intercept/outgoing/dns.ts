/**
 * Names to addresses. The system's own resolver (getaddrinfo) is asked first, since only it knows the hosts file,
 * search domains, a VPN's split DNS and mDNS; but it can hang for 20 s per name and holds a libuv thread meanwhile.
 * So at most two lookups run at a time, c-ares is asked beside one that is late, and everything ends by a deadline.
 */
import { promises as dns } from 'node:dns';
import { isIP } from 'node:net';
import type { OutgoingError } from '../ports.ts';
import { within } from './deadline.ts';
import { nodeCode, outgoingError } from './errors.ts';

export interface NameResolver {
  /** Addresses in the order to try. Rejects with OutgoingError `dns-failed`, `dns-timeout` or `aborted`. */
  resolve(host: string, signal?: AbortSignal): Promise<readonly string[]>;
}

interface ResolvedName {
  readonly addresses: readonly string[];
  readonly ttlMs: number;
}

export interface NameSource {
  lookup(host: string): Promise<ResolvedName>;
}

export interface NameResolverOptions {
  readonly deadlineMs: number;
  readonly system?: NameSource;
  readonly direct?: NameSource;
  /** How long the system's resolver may take before c-ares is asked beside it. */
  readonly hedgeAfterMs?: number;
  readonly now?: () => number;
}

/** libuv gives slow work such as getaddrinfo at most half its four threads (src/threadpool.c); more would only queue. */
const MAX_SYSTEM_LOOKUPS = 2;
/** getaddrinfo tells no TTL. */
const SYSTEM_TTL_MS = 30_000;
const MIN_TTL_MS = 5_000;
const MAX_TTL_MS = 300_000;
const NEGATIVE_TTL_MS = 2_000;
const MAX_CACHED_NAMES = 1_000;

const systemNames: NameSource = {
  async lookup(host) {
    const found = await dns.lookup(host, { all: true, order: 'verbatim' });
    return { addresses: found.map((entry) => entry.address), ttlMs: SYSTEM_TTL_MS };
  },
};

/** c-ares, asking the configured name servers directly. A new Resolver each time reads the servers afresh (VPN). */
export function directNames(timeoutMs: number, servers?: readonly string[]): NameSource {
  return {
    async lookup(host) {
      const resolver = new dns.Resolver({ timeout: timeoutMs, tries: 1 });
      if (servers !== undefined) resolver.setServers([...servers]);
      const answers = await Promise.allSettled([
        resolver.resolve6(host, { ttl: true }),
        resolver.resolve4(host, { ttl: true }),
      ]);
      const records = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
      const failure = answers.find((answer) => answer.status === 'rejected');
      if (records.length === 0) throw failure?.reason ?? new Error('no addresses');
      return {
        addresses: records.map((record) => record.address),
        ttlMs: Math.min(...records.map((record) => record.ttl)) * 1_000,
      };
    },
  };
}

interface CacheEntry {
  readonly expiresAtMs: number;
  readonly result: readonly string[] | OutgoingError;
}

export function createNameResolver(options: NameResolverOptions): NameResolver {
  const { deadlineMs, now = Date.now } = options;
  const system = limited(options.system ?? systemNames);
  const direct = options.direct ?? directNames(Math.max(250, deadlineMs - 250));
  const hedgeAfterMs = options.hedgeAfterMs ?? Math.min(1_000, deadlineMs / 3);
  const cache = new Map<string, CacheEntry>();
  const inFlight = new Map<string, Promise<readonly string[]>>();

  function remember(host: string, result: CacheEntry['result'], ttlMs: number): void {
    if (cache.size >= MAX_CACHED_NAMES) cache.delete(cache.keys().next().value ?? '');
    cache.delete(host);
    cache.set(host, { result, expiresAtMs: now() + ttlMs });
  }

  async function ask(host: string): Promise<readonly string[]> {
    const race = raceSources(host, system, direct, hedgeAfterMs);
    const timedOut = (): OutgoingError =>
      outgoingError('dns-timeout', `The name ${host} could not be resolved within ${deadlineMs} ms.`);
    try {
      const found = await within(
        race.answer,
        { timeoutMs: deadlineMs, signal: undefined },
        timedOut,
        race.stop,
      );
      remember(host, found.addresses, Math.min(MAX_TTL_MS, Math.max(MIN_TTL_MS, found.ttlMs)));
      return found.addresses;
    } catch (cause) {
      const code = nodeCode(cause) ?? 'no addresses';
      if (code === 'dns-timeout') throw cause;
      const error = outgoingError('dns-failed', `The name ${host} has no address (${code}).`, cause);
      remember(host, error, NEGATIVE_TTL_MS);
      throw error;
    }
  }

  return {
    resolve(host, signal) {
      if (isIP(host) !== 0) return Promise.resolve([host]);
      const cached = cache.get(host);
      if (cached !== undefined && cached.expiresAtMs > now()) {
        return cached.result instanceof Error
          ? Promise.reject(cached.result)
          : Promise.resolve(cached.result);
      }
      let pending = inFlight.get(host);
      if (pending === undefined) {
        pending = ask(host).finally(() => inFlight.delete(host));
        inFlight.set(host, pending);
      }
      if (signal === undefined) return pending;
      const limit = { timeoutMs: deadlineMs + 1_000, signal };
      return within(pending, limit, () => outgoingError('dns-timeout', `No answer for ${host}.`));
    },
  };
}

interface LimitedSource {
  readonly busy: () => boolean;
  lookup(host: string): { readonly answer: Promise<ResolvedName>; readonly cancel: () => void };
}

/** Lets `MAX_SYSTEM_LOOKUPS` run; others wait their turn, and may leave the queue. */
function limited(source: NameSource): LimitedSource {
  let running = 0;
  const waiting: (() => void)[] = [];
  const release = (): void => {
    running--;
    waiting.shift()?.();
  };
  return {
    busy: () => running >= MAX_SYSTEM_LOOKUPS,
    lookup(host) {
      let start: () => void = () => {};
      const answer = new Promise<ResolvedName>((resolve, reject) => {
        start = (): void => {
          running++;
          source.lookup(host).finally(release).then(resolve, reject);
        };
      });
      if (running < MAX_SYSTEM_LOOKUPS) start();
      else waiting.push(start);
      const cancel = (): void => {
        const index = waiting.indexOf(start);
        if (index >= 0) waiting.splice(index, 1);
      };
      return { answer, cancel };
    },
  };
}

/**
 * The first source that finds the name wins. A "no" from the system is final, unless it only says that it couldn't
 * ask; a "no" from c-ares never is: it doesn't know the hosts file or a VPN's names.
 */
function raceSources(
  host: string,
  system: LimitedSource,
  direct: NameSource,
  hedgeAfterMs: number,
): { readonly answer: Promise<ResolvedName>; readonly stop: () => void } {
  const wait = system.busy() ? 0 : hedgeAfterMs;
  const own = system.lookup(host);
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    clearTimeout(timer);
    own.cancel();
  };
  const answer = new Promise<ResolvedName>((resolve, reject) => {
    let hedged = false;
    let directFailed = false;
    let systemFailure: unknown;
    const settle = (finish: () => void): void => {
      stop();
      finish();
    };
    const hedge = (): void => {
      if (hedged) return;
      hedged = true;
      direct.lookup(host).then(
        (found) => settle(() => resolve(found)),
        (error) => {
          directFailed = true;
          if (systemFailure !== undefined) settle(() => reject(systemFailure ?? error));
        },
      );
    };
    timer = setTimeout(hedge, wait);
    own.answer.then(
      (found) => settle(() => resolve(found)),
      (error) => {
        systemFailure = error;
        // EAI_NONAME is an answer; EAI_AGAIN and the like mean that nobody could be asked.
        if (nodeCode(error) === 'ENOTFOUND' || directFailed) settle(() => reject(error));
        else hedge();
      },
    );
  });
  return { answer, stop };
}
