import type { Governor } from '../core/flow.ts';
import type { ProcessIdentity } from '../core/process.ts';
import type { ExchangeRecord } from '../core/records.ts';
import type { AppCoverage } from '../sync/telemetry/heartbeat.ts';

type Use = 'governed' | 'tunnelled' | 'uncovered';
type Entry = { -readonly [Field in keyof AppCoverage]: AppCoverage[Field] };

/** More than any device has; without a limit, clients that invent names would fill the memory. */
const MAX_ENTRIES = 500;

interface CoverageOptions {
  /** Undefined: no AI service; who talks to it is not looked at. */
  readonly serviceOf: (host: string) => string | undefined;
  readonly appOf: (process: ProcessIdentity | undefined) => string;
}

/** Which app used which AI service since the start, and whether it was governed. */
export class Coverage {
  readonly #entries = new Map<string, Entry>();
  readonly #options: CoverageOptions;

  constructor(options: CoverageOptions) {
    this.#options = options;
  }

  exchange({ app, service, mode }: ExchangeRecord): void {
    this.#add(app.id, service, mode === 'tunnel' ? 'tunnelled' : 'governed');
  }

  /** Connections that nobody reads, and programs that don't accept our certificate. */
  observes(governor: Governor): Governor {
    return {
      ...governor,
      tunnelled: (target, who) => {
        const service = this.#options.serviceOf(target.host);
        if (service !== undefined)
          void who().then((process) => this.#add(this.#options.appOf(process), service, 'tunnelled'));
        governor.tunnelled?.(target, who);
      },
      handshakeFailed: (target, cause, process) => {
        const service = this.#options.serviceOf(target.host);
        if (service !== undefined) this.#add(this.#options.appOf(process), service, 'uncovered');
        governor.handshakeFailed(target, cause, process);
      },
    };
  }

  list(): AppCoverage[] {
    return [...this.#entries.values()].map((entry) => ({ ...entry }));
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
