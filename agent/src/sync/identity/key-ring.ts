import { isDeepStrictEqual } from 'node:util';
import type { KeyRefusal, VirtualKey, VirtualKeys } from '../../core/identity.ts';
import type { Problem } from '../../core/problem.ts';
import type { KeychainReader, SecretStore } from '../../core/secrets.ts';
import { IdentityError } from './identity-error.ts';
import type { ExchangedKey } from './token-exchange.ts';

export type KeySource = 'exchange' | 'claim' | 'config' | 'typed';

export interface KeyRingOptions {
  /** `gateway.virtualKey`. */
  readonly configured: string | { readonly keychain: string } | undefined;
  readonly keychain: KeychainReader;
  /** `<home>/credentials/NAME`, where a machine has no keychain. */
  readonly credentialFile: (name: string) => string | undefined;
  readonly secrets: SecretStore;
  /** Whether people may type keys in. */
  readonly mayType: () => boolean;
  /** Undefined where no exchange is configured, or nobody is signed in. Rejects with IdentityError. */
  readonly exchange: (() => Promise<ExchangedKey | undefined>) | undefined;
  readonly exchangeName: string;
  readonly nowMs: () => number;
  readonly event: (code: string, detail: string) => void;
  readonly onChange: () => void;
}

/** A key as people may see it: everything but the secret. */
export interface KeyView {
  readonly name: string;
  readonly source: KeySource;
  readonly active: boolean;
  readonly expiresAtMs: number | undefined;
  readonly refused: KeyRefusal | undefined;
}

interface Held extends VirtualKey {
  readonly source: KeySource;
  readonly expiresAtMs?: number | undefined;
  readonly renewAtMs?: number | undefined;
  readonly refused?: KeyRefusal | undefined;
}

/** What people didn't choose between: the more personal key first. */
const ORDER: readonly KeySource[] = ['exchange', 'claim', 'config', 'typed'];
const CONFIG_NAME = 'company';
const CLAIM_NAME = 'sign-in';
const TYPED = 'key:';
const ACTIVE = 'active-key';
const RENEW_SHARE = 0.8;
/** A key that is refused at once when it is new isn't fetched again and again. */
const FETCH_AGAIN_MS = 30_000;
const FIRST_RETRY_MS = 10_000;
const LAST_RETRY_MS = 5 * 60_000;
const TICK_MS = 30_000;
/** However short a key lives. */
const SHORTEST_WAIT_MS = 250;

/** All virtual keys of the person, whichever way they came, and which one is in use. */
export class KeyRing implements VirtualKeys {
  readonly #options: KeyRingOptions;
  readonly #listeners = new Set<() => void>();
  readonly #keys = new Map<string, Held>();
  #configured: KeyRingOptions['configured'];
  #chosen: string | undefined;
  #active: Held | undefined;
  #problem: Problem | undefined;
  #fetching: Promise<void> | undefined;
  #fetchedAtMs = Number.NEGATIVE_INFINITY;
  #retryAtMs = 0;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: KeyRingOptions) {
    this.#options = options;
    this.#putConfigured(options.configured);
    this.#choose();
  }

  /** `gateway.virtualKey` of a configuration that has been taken over while running. */
  configure(configured: KeyRingOptions['configured']): void {
    if (isDeepStrictEqual(configured, this.#configured)) return;
    this.#dropSource('config');
    this.#problem = undefined;
    this.#putConfigured(configured);
    this.#choose();
    void this.#readConfigured().then(() => this.#choose());
  }

  active(): VirtualKey | undefined {
    return this.#active;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  get problem(): Problem | undefined {
    const refused = this.#active?.refused === undefined ? undefined : refusedProblem(this.#active);
    return refused ?? this.#problem;
  }

  get views(): readonly KeyView[] {
    return [...this.#keys.values()].map(({ name, source, expiresAtMs, refused }) => ({
      name,
      source,
      active: name === this.#active?.name,
      expiresAtMs,
      refused,
    }));
  }

  /** Takes up what an earlier run has left, and what the keychain holds. */
  async open(): Promise<void> {
    const { secrets } = this.#options;
    for (const stored of await secrets.names()) {
      const name = stored.slice(TYPED.length);
      if (!stored.startsWith(TYPED) || this.#keys.has(name)) continue;
      const secret = await secrets.get(stored);
      if (secret !== undefined) this.#put({ name, secret, source: 'typed' });
    }
    this.#chosen = (await secrets.get(ACTIVE)) ?? this.#chosen;
    await this.#readConfigured();
    this.#choose();
  }

  /** Somebody signed in or out, or their claims are new. */
  async signedInChanged(claimed: string | undefined, signedIn: boolean): Promise<void> {
    if (claimed === undefined) this.#dropSource('claim');
    else if (this.#of('claim')?.secret !== claimed)
      this.#put({ name: CLAIM_NAME, secret: claimed, source: 'claim' });
    if (!signedIn) {
      this.#dropSource('exchange');
      this.#problem = undefined;
      this.#failures = 0;
      clearTimeout(this.#timer);
    }
    this.#choose();
    if (signedIn && this.#options.exchange !== undefined && this.#of('exchange') === undefined)
      await this.#fetch();
  }

  refused(name: string, why: KeyRefusal): void {
    const key = this.#keys.get(name);
    if (key === undefined || key.refused !== undefined) return;
    this.#keys.set(name, { ...key, refused: why });
    this.#options.event('virtual-key-refused', `${name}: ${why}`);
    this.#choose();
    if (key.source === 'exchange') this.#wakeAt(this.#fetchedAtMs + FETCH_AGAIN_MS);
    if (key.source === 'config') void this.#readConfigured().then(() => this.#choose());
  }

  /** An answer to a secret that has been replaced since says nothing about the new one. */
  accepted({ name, secret }: VirtualKey): void {
    const key = this.#keys.get(name);
    if (key?.refused === undefined || key.secret !== secret) return;
    const { refused: _, ...well } = key;
    this.#keys.set(name, well);
    this.#options.event('virtual-key-accepted', name);
    this.#choose();
  }

  /** Throws IdentityError `key-refused` if the policy says no. */
  async add(name: string, secret: string): Promise<void> {
    const { mayType, secrets, event } = this.#options;
    if (!mayType()) {
      throw new IdentityError(
        'key-refused',
        'Your organisation does not allow typing in keys.',
        'An administrator may set tray.allowVirtualKeyEntry.',
      );
    }
    const there = this.#keys.get(name);
    if (there !== undefined && there.source !== 'typed') throw takenName(name);
    this.#put({ name, secret, source: 'typed' });
    this.#choose();
    await secrets.set(TYPED + name, secret);
    event('virtual-key-added', name);
  }

  async use(name: string): Promise<void> {
    if (!this.#keys.has(name)) throw noSuchKey(name);
    this.#chosen = name;
    this.#choose();
    await this.#options.secrets.set(ACTIVE, name);
    this.#options.event('virtual-key-chosen', name);
  }

  async remove(name: string): Promise<void> {
    const key = this.#keys.get(name);
    if (key === undefined) throw noSuchKey(name);
    if (key.source !== 'typed') {
      throw new IdentityError(
        'key-refused',
        `The key "${name}" was not typed in: it comes from ${SOURCES[key.source]}.`,
      );
    }
    this.#keys.delete(name);
    if (this.#chosen === name) {
      this.#chosen = undefined;
      await this.#options.secrets.delete(ACTIVE);
    }
    this.#choose();
    await this.#options.secrets.delete(TYPED + name);
    this.#options.event('virtual-key-removed', name);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #putConfigured(configured: KeyRingOptions['configured']): void {
    this.#configured = configured;
    if (typeof configured === 'string')
      this.#put({ name: CONFIG_NAME, secret: configured, source: 'config' });
  }

  #of(source: KeySource): Held | undefined {
    return [...this.#keys.values()].find((key) => key.source === source);
  }

  #put(key: Held): void {
    if (key.source !== 'typed') this.#dropSource(key.source);
    // One that is typed gives way: two keys of one name would be one to budgets.
    this.#keys.set(key.name, key);
  }

  #dropSource(source: KeySource): void {
    const key = this.#of(source);
    if (key !== undefined) this.#keys.delete(key.name);
  }

  /** Which key is in use now; tells whoever listens if that is another, or another secret. */
  #choose(): void {
    const chosen = this.#chosen === undefined ? undefined : this.#keys.get(this.#chosen);
    const next = chosen ?? ORDER.map((source) => this.#of(source)).find((key) => key !== undefined);
    const before = this.#active;
    this.#active = next;
    if (before?.name !== next?.name || before?.secret !== next?.secret)
      for (const listener of this.#listeners) listener();
    this.#options.onChange();
  }

  async #readConfigured(): Promise<void> {
    const { keychain, credentialFile } = this.#options;
    const configured = this.#configured;
    if (typeof configured !== 'object') return;
    const answer = await keychain.read(configured.keychain);
    // Another configuration may have come meanwhile.
    if (configured !== this.#configured) return;
    let fileTrouble = '';
    const fromFile = (): string | undefined => {
      try {
        return credentialFile(configured.keychain);
      } catch (error) {
        fileTrouble = ` ${error instanceof Error ? error.message : String(error)}`;
        return undefined;
      }
    };
    const secret = answer.kind === 'found' ? answer.value : fromFile();
    const known = this.#of('config');
    if (secret !== undefined) {
      this.#problem = undefined;
      if (known?.secret !== secret) this.#put({ name: configured.keychain, secret, source: 'config' });
      return;
    }
    this.#problem = {
      code: 'virtual-key-missing',
      text: `The key "${configured.keychain}" of gateway.virtualKey can't be had: the keychain ${answer.kind === 'none' ? 'has no such entry' : `is ${answer.kind}`}.${fileTrouble}`,
      mend: `Unlock the keychain, or put the key there (service Postern, account ${configured.keychain}) or into <home>/credentials/${configured.keychain}.`,
    };
    this.#wakeAt(this.#options.nowMs() + FIRST_RETRY_MS);
  }

  #fetch(): Promise<void> {
    this.#fetching ??= this.#fetchOnce().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetchOnce(): Promise<void> {
    const { exchange, exchangeName, nowMs, event } = this.#options;
    if (exchange === undefined) return;
    try {
      const fetched = await exchange();
      if (this.#closed) return;
      if (fetched === undefined) return this.#tryLater();
      const { secret, expiresInMs } = fetched;
      const lifeMs = expiresInMs;
      this.#fetchedAtMs = nowMs();
      this.#failures = 0;
      this.#problem = undefined;
      this.#put({
        name: exchangeName,
        secret,
        source: 'exchange',
        ...(lifeMs !== undefined && {
          expiresAtMs: nowMs() + lifeMs,
          renewAtMs: nowMs() + lifeMs * RENEW_SHARE,
        }),
      });
      event('virtual-key-exchanged', exchangeName);
      this.#wakeAt(this.#of('exchange')?.renewAtMs);
    } catch (error) {
      const known = error instanceof IdentityError ? error : undefined;
      const text = error instanceof Error ? error.message : String(error);
      this.#problem = { code: known?.code ?? 'key-exchange-failed', text, mend: known?.mend };
      event('virtual-key-exchange-failed', known?.code ?? text);
      // A no is asked again too, at leisure: access may have been given meanwhile.
      this.#tryLater(known?.isPassing ? undefined : LAST_RETRY_MS);
    }
    this.#choose();
  }

  #tryLater(waitMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures)): void {
    this.#failures += 1;
    this.#wakeAt(this.#options.nowMs() + waitMs);
  }

  /** Looks at the clock every so often: timers stand still while a laptop sleeps. */
  #wakeAt(atMs: number | undefined): void {
    clearTimeout(this.#timer);
    if (atMs === undefined || this.#closed) return;
    this.#retryAtMs = atMs;
    const waitMs = Math.min(Math.max(atMs - this.#options.nowMs(), SHORTEST_WAIT_MS), TICK_MS);
    this.#timer = setTimeout(() => {
      if (this.#options.nowMs() < this.#retryAtMs) return this.#wakeAt(this.#retryAtMs);
      if (this.#options.exchange !== undefined) void this.#fetch();
      if (this.#of('config') === undefined) void this.#readConfigured().then(() => this.#choose());
    }, waitMs);
    this.#timer.unref();
  }
}

const SOURCES: Readonly<Record<KeySource, string>> = {
  exchange: 'your sign-in',
  claim: 'your sign-in',
  config: 'your organisation',
  typed: 'you',
};

const noSuchKey = (name: string): IdentityError =>
  new IdentityError('key-refused', `There is no key "${name}".`, 'See the names with: postern key list');

const takenName = (name: string): IdentityError =>
  new IdentityError(
    'key-refused',
    `"${name}" is the name of a key that you did not type in.`,
    'Choose another name.',
  );

function refusedProblem({ name, source, refused }: Held): Problem {
  const text = `The gateway does not take the key "${name}": ${refused === 'unknown' ? 'it does not know it' : `it is ${refused}`}.`;
  const mend =
    source === 'typed'
      ? `Give the new one: postern key add ${name}. Or use another: postern key use NAME`
      : source === 'config'
        ? 'Tell your administrator: the key in the configuration must be renewed.'
        : 'A new one is asked for by itself. If it stays so, sign out and in again (postern logout, postern login).';
  return { code: 'virtual-key-refused', text, mend };
}
