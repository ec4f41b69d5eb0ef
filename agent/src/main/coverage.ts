import type { Governor } from '../core/flow.ts';
import type { ExchangeRecord } from '../core/records.ts';
import type { AppCoverage } from '../sync/telemetry/heartbeat.ts';

type Use = 'governed' | 'tunnelled' | 'uncovered';
type Entry = { -readonly [Field in keyof AppCoverage]: AppCoverage[Field] };

/** More than any device has; without a limit, clients that invent names would fill the memory. */
const MAX_ENTRIES = 500;

/** Which app used which AI service since the start, and whether it was governed. Behind connections no app is known. */
export class Coverage {
  readonly #entries = new Map<string, Entry>();
  readonly #serviceOf: (host: string) => string | undefined;

  constructor(serviceOf: (host: string) => string | undefined) {
    this.#serviceOf = serviceOf;
  }

  exchange({ app, service, mode }: ExchangeRecord): void {
    this.#add(app.id, service, mode === 'tunnel' ? 'tunnelled' : 'governed');
  }

  /** Connections that nobody reads, and programs that don't accept our certificate. */
  observes(governor: Governor): Governor {
    return {
      ...governor,
      routeConnection: (target) => {
        const route = governor.routeConnection(target);
        if (route === 'tunnel') this.#connection(target.host, 'tunnelled');
        return route;
      },
      handshakeFailed: (target, cause) => {
        this.#connection(target.host, 'uncovered');
        governor.handshakeFailed(target, cause);
      },
    };
  }

  list(): AppCoverage[] {
    return [...this.#entries.values()].map((entry) => ({ ...entry }));
  }

  #connection(host: string, use: Use): void {
    const service = this.#serviceOf(host);
    if (service !== undefined) this.#add('unknown', service, use);
  }

  #add(app: string, service: string, use: Use): void {
    const key = `${app}\0${service}`;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      if (this.#entries.size >= MAX_ENTRIES) return;
      entry = { app, service, governed: 0, tunnelled: 0, uncovered: 0 };
      this.#entries.set(key, entry);
    }
    entry[use] += 1;
  }
}
