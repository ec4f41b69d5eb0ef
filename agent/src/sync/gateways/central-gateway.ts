/**
 * The configured gateway: its base URLs with their health, the active key with its quota, and where each call goes.
 * What the journey asks is answered from memory; what has to be fetched is fetched beside it.
 */
import type { RawHeaders } from '../../core/connection.ts';
import {
  type Attribution,
  type Gateway,
  type GatewayCall,
  type GatewayDriver,
  GatewayError,
  type GatewayHop,
  type GatewayQuota,
  type GatewayRefusal,
  type GatewayRoute,
} from '../../core/gateway.ts';
import type { SendHttp } from '../../core/http.ts';
import type { KeyRefusal, VirtualKey, VirtualKeys } from '../../core/identity.ts';
import type { BudgetTerms, LimitTerms } from '../../core/spend.ts';
import { driverFor } from './drivers.ts';
import { Endpoints, type EndpointView, endpointOf } from './endpoints.ts';
import { providerOf } from './naming.ts';
import { probe, readQuota } from './own-calls.ts';
import { allowsModel, budgetTermsOf, limitTermsOf } from './quota-terms.ts';
import type { GatewaySettings } from './settings.ts';

export interface CentralGatewayOptions {
  readonly kind: GatewayDriver['kind'];
  readonly baseUrls: readonly string[];
  readonly settings: GatewaySettings;
  readonly attribution: boolean;
  readonly keys: VirtualKeys;
  readonly send: SendHttp;
  /** What the local book has counted for one of the gateway's budgets. */
  spentHere(terms: BudgetTerms, key: string): number;
  /** Wall clock: resets are told in it. */
  nowMs(): number;
  log(code: string, detail: string): void;
  /** Something in `view` has changed. */
  onChange(): void;
}

export interface GatewayView {
  readonly kind: GatewayDriver['kind'];
  readonly host: string;
  readonly state: 'unknown' | 'up' | 'degraded' | 'down';
  readonly latencyMs?: number;
  /** Its name; never the key itself. */
  readonly key?: string;
  readonly endpoints: readonly EndpointView[];
  readonly quota?: GatewayQuota & { readonly readAtMs: number };
  /** Why the quota isn't known, or is old. */
  readonly quotaProblem?: string;
}

interface KnownQuota {
  readonly key: string;
  readonly quota: GatewayQuota;
  readonly readAtMs: number;
  readonly budgets: readonly BudgetTerms[];
  readonly limits: readonly LimitTerms[];
}

const REFUSED_KEYS: Partial<Record<GatewayRefusal['kind'], KeyRefusal>> = {
  'unknown-key': 'unknown',
  'inactive-key': 'revoked',
};
/** Kinds of refusals after which the gateway knows something about the key that we don't. */
const WORTH_READING: ReadonlySet<GatewayRefusal['kind']> = new Set([
  'budget',
  'rate',
  'model',
  'provider',
  'inactive-key',
  'unknown-key',
]);
const NO_TERMS = { budgets: [], limits: [] };

export class CentralGateway implements Gateway {
  readonly driver: GatewayDriver;
  readonly name: string;
  readonly #options: CentralGatewayOptions;
  readonly #endpoints: Endpoints;
  readonly #hosts: ReadonlySet<string>;
  #known: KnownQuota | undefined;
  #quotaProblem: string | undefined;
  #reading: Promise<void> | undefined;
  #probing: Promise<void> | undefined;
  /** Another gateway has taken over: keys are no longer of interest. */
  readonly close: () => void;
  /** Called when the quota should be read soon; the schedule listens. */
  onQuotaStale: () => void = () => undefined;

  constructor(options: CentralGatewayOptions) {
    this.#options = options;
    this.driver = driverFor(options.kind, options.settings);
    this.#endpoints = new Endpoints(options.baseUrls.map(endpointOf));
    const hosts = this.#endpoints.all.map(({ hop }) => hop.target.host);
    this.#hosts = new Set(hosts);
    this.name = `${this.driver.title} at ${hosts[0]}`;
    this.close = options.keys.onChange(() => {
      this.#known = undefined;
      this.#quotaProblem = undefined;
      this.onQuotaStale();
      options.onChange();
    });
  }

  // ---- what the journey asks ----

  isOwnHost(host: string): boolean {
    return this.#hosts.has(host);
  }

  activeKey(): VirtualKey | undefined {
    return this.#options.keys.active();
  }

  isDown(): boolean {
    return this.#endpoints.isDown(this.#options.nowMs());
  }

  route(
    call: GatewayCall,
    who: Attribution,
    key: VirtualKey | undefined,
    failed: readonly GatewayHop[] = [],
  ): GatewayRoute {
    const { settings, attribution } = this.#options;
    const place = this.driver.place(call);
    if (place === undefined) {
      const what = call.mode === 'passthrough' ? "with the app's own sign-in" : `(${call.operation})`;
      return { type: 'not-served', why: `${this.name} doesn't take this kind of call ${what}` };
    }
    if (key === undefined) return { type: 'no-key' };
    const keyHeaders = this.driver.keyHeaders(key.secret, call.mode);
    if (keyHeaders === undefined) {
      return { type: 'not-served', why: `${this.name} takes no credential of an app beside its own key` };
    }
    const refusal = this.#forbids(key, call, place.model);
    if (refusal !== undefined) return { type: 'refused', refusal };
    const endpoint = this.#endpoints.choose(this.#options.nowMs(), failed);
    if (endpoint === undefined) return { type: 'down' };
    const setHeaders: RawHeaders = [
      ...Object.entries(settings.headers).flat(),
      ...(place.headers ?? []),
      ...(attribution ? this.driver.attribution(who) : []),
      ...keyHeaders,
    ];
    const path = endpoint.hop.basePath + place.path;
    return { type: 'send', place: { ...place, path }, hop: endpoint.hop, key, setHeaders };
  }

  answered(hop: GatewayHop): void {
    const endpoint = this.#endpoints.of(hop);
    const before = endpoint?.state;
    endpoint?.succeeded(this.#options.nowMs());
    if (before !== endpoint?.state) this.#options.onChange();
  }

  failed(hop: GatewayHop, cause: string): void {
    const endpoint = this.#endpoints.of(hop);
    if (endpoint === undefined) return;
    const before = endpoint.state;
    endpoint.failed(cause, this.#options.nowMs());
    if (endpoint.state === 'down' && before !== 'down')
      this.#options.log('gateway-unreachable', `${endpoint.url}: ${cause}`);
    this.#options.onChange();
  }

  accepted(key: VirtualKey): void {
    this.#options.keys.accepted(key);
  }

  refused(key: VirtualKey, { kind }: GatewayRefusal): void {
    const why = REFUSED_KEYS[kind];
    if (why !== undefined) this.#keyRefused(key, why);
    if (WORTH_READING.has(kind)) this.onQuotaStale();
  }

  #keyRefused(key: VirtualKey, why: KeyRefusal): void {
    this.#options.log('gateway-key-refused', `the key "${key.name}": ${why}`);
    this.#options.keys.refused(key.name, why);
  }

  terms(key: string): { readonly budgets: readonly BudgetTerms[]; readonly limits: readonly LimitTerms[] } {
    return this.#known?.key === key ? this.#known : NO_TERMS;
  }

  #forbids(key: VirtualKey, call: GatewayCall, named: string | undefined): GatewayRefusal | undefined {
    const quota = this.#known?.key === key.name ? this.#known.quota : undefined;
    if (quota === undefined) return undefined;
    const expired = quota.expiresAtMs !== undefined && quota.expiresAtMs <= this.#options.nowMs();
    // Whoever keeps the keys may have another by now; nobody else will tell, since the gateway isn't asked.
    if (expired) this.#keyRefused(key, 'expired');
    if (quota.active === false || expired)
      return { kind: 'inactive-key', message: `The key "${key.name}" is switched off or has expired.` };
    const model = named ?? call.model;
    if (model === undefined || allowsModel(quota, providerOf(call.service, this.#options.settings), model))
      return undefined;
    const some = (quota.allowedModels ?? []).slice(0, 6).join(', ');
    return {
      kind: 'model',
      message: `The key "${key.name}" may not use ${model}${some === '' ? '' : `; it may use: ${some}`}.`,
    };
  }

  // ---- what is fetched beside it ----

  /** Asks base URLs of which nothing was heard for `quietMs`; never rejects. */
  probeQuiet(quietMs: number): Promise<void> {
    this.#probing ??= this.#probe(quietMs).finally(() => {
      this.#probing = undefined;
    });
    return this.#probing;
  }

  async #probe(quietMs: number): Promise<void> {
    const nowMs = this.#options.nowMs();
    const quiet = this.#endpoints.all.filter(
      ({ state, lastResultMs, latencyMs }) =>
        state === 'down' || nowMs - lastResultMs >= quietMs || latencyMs === undefined,
    );
    await Promise.all(
      quiet.map(async (endpoint) => {
        const startedMs = performance.now();
        try {
          await probe(this.#options.send, endpoint.url, this.driver);
          const wasDown = endpoint.state === 'down';
          endpoint.measured(performance.now() - startedMs, this.#options.nowMs());
          if (wasDown) this.#options.log('gateway-reachable', endpoint.url);
          this.#options.onChange();
        } catch (error) {
          this.failed(endpoint.hop, causeOf(error));
        }
      }),
    );
  }

  /** One at a time; never rejects. */
  refreshQuota(): Promise<void> {
    this.#reading ??= this.#refresh().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #refresh(): Promise<void> {
    const { keys, send, nowMs, spentHere, onChange } = this.#options;
    const key = keys.active();
    const endpoint = this.#endpoints.choose(nowMs(), []);
    if (key === undefined || endpoint === undefined || this.driver.quota === undefined) return;
    try {
      const quota = await readQuota(send, endpoint.url, this.driver, key, nowMs());
      if (keys.active()?.name !== key.name) return;
      this.#quotaProblem = undefined;
      this.#known = quota && {
        key: key.name,
        quota,
        readAtMs: nowMs(),
        budgets: quota.budgets.map((budget) =>
          budgetTermsOf(budget, key.name, (terms) => spentHere(terms, key.name)),
        ),
        limits: quota.rates.map(limitTermsOf).filter((terms) => terms !== undefined),
      };
      if (quota?.active === false) this.#keyRefused(key, 'revoked');
      // Who tells nothing has said nothing for the key either.
      else if (quota !== undefined && (quota.expiresAtMs ?? Number.POSITIVE_INFINITY) > nowMs())
        this.accepted(key);
    } catch (error) {
      this.#quotaProblem = error instanceof Error ? error.message : String(error);
      if (error instanceof GatewayError && error.code === 'key-refused') this.#keyRefused(key, 'unknown');
    }
    onChange();
  }

  /** When the earliest budget or limit begins anew. */
  nextResetMs(): number | undefined {
    const quota = this.#known?.quota;
    const times = [...(quota?.budgets ?? []), ...(quota?.rates ?? [])].flatMap(({ resetsAtMs }) =>
      resetsAtMs === undefined || resetsAtMs <= this.#options.nowMs() ? [] : [resetsAtMs],
    );
    return times.length === 0 ? undefined : Math.min(...times);
  }

  view(): GatewayView {
    const endpoints = this.#endpoints.all.map((endpoint) => endpoint.view());
    const chosen = this.#endpoints.choose(this.#options.nowMs())?.view() ?? endpoints[0];
    const down = endpoints.filter(({ state }) => state === 'down').length;
    const known = this.#known;
    const key = this.activeKey()?.name;
    return {
      kind: this.driver.kind,
      host: new URL(chosen?.url ?? 'https://none').host,
      state: down === endpoints.length ? 'down' : down > 0 ? 'degraded' : (chosen?.state ?? 'unknown'),
      ...(chosen?.latencyMs !== undefined && { latencyMs: chosen.latencyMs }),
      ...(key !== undefined && { key }),
      endpoints,
      ...(known !== undefined &&
        known.key === key && { quota: { ...known.quota, readAtMs: known.readAtMs } }),
      ...(this.#quotaProblem !== undefined && { quotaProblem: this.#quotaProblem }),
    };
  }
}

/** In the words of `FlowOutcome.cause`. */
function causeOf(error: unknown): string {
  if (error instanceof GatewayError) return error.code;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ECONNREFUSED') return 'connect-refused';
  if (error instanceof Error && error.name === 'TimeoutError') return 'connect-timeout';
  return typeof code === 'string' && /^[a-z-]+$/.test(code) ? code : 'reset';
}
