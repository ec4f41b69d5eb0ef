import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SWITCHES_TARGET } from '../../../policies/bundle/names.ts';
import { readJson } from '../../../policies/bundle/overlays.ts';
import { type Switch, switchesSchema } from '../../../policies/bundle/switches.ts';
import type { StartOptions } from '../cli/ports.ts';
import type { SendHttp } from '../core/http.ts';
import { isLeftOut } from '../decide/canary.ts';
import { switchesHere } from '../decide/overlay.ts';
import { writePrivateFile } from '../platform/private-files.ts';
import type { AgentStatus, FileProblem } from '../serve/contract.ts';
import { LocalApiError } from '../serve/local-api-error.ts';
import type { Activation, PolicySource } from '../sync/policy-source/policy-source.ts';
import type { Release } from '../sync/policy-source/release-store.ts';
import { followsSource } from './active-policy.ts';
import type { AgentState } from './agent-state.ts';
import { OverrideKeeper } from './override.ts';
import { readSecret } from './override-desk.ts';
import { groupsHere, hereFor } from './people-here.ts';
import type { PolicyKeeper } from './policy-keeper.ts';
import { sourceConfigOf } from './policy-roots.ts';
import { TroubleWatch } from './trouble-watch.ts';

const HOUR_MS = 3_600_000;
/** Ends of switches, overrides and grace are noticed within this, also after sleep. */
const LOOK_MS = 20_000;
/** The signed-in person is read from the keychain, which may be locked: policy doesn't wait for it longer. */
const WHO_MS = 5_000;
/** Faults of our own code: a policy that brings these on is worse than the one before. */
const FAULTS: ReadonlySet<string> = new Set(['flow-threw', 'attachment-worker-failed']);

export interface ManagedPolicyOptions {
  readonly start: StartOptions;
  readonly state: AgentState;
  readonly keeper: PolicyKeeper;
  readonly send: SendHttp;
}

type ManagedStatus = Pick<AgentStatus['policy'], 'bundle' | 'switches' | 'override'>;

/**
 * Policy that is pushed: joins the source (which fetches and verifies) to the keeper (which puts in force), and lays
 * over it what has an end: switches, a help desk's override, the policy's own date.
 */
export class ManagedPolicy {
  readonly #options: ManagedPolicyOptions;
  readonly #troubles = new TroubleWatch();
  readonly override: OverrideKeeper;
  #source: PolicySource | undefined;
  #configured = '';
  #groups = '';
  #started = false;
  #closed = false;
  #switches: readonly Switch[] = [];
  /** Digest of the release that brought them. */
  #switchesOf: string | undefined;
  #age: 'fresh' | 'grace' | 'over' = 'fresh';
  #fellBack: { readonly atMs: number; readonly why: string } | undefined;
  readonly #look: NodeJS.Timeout;

  constructor(options: ManagedPolicyOptions) {
    this.#options = options;
    const { state, keeper, start } = options;
    this.override = new OverrideKeeper({
      secret: () => this.#secret(),
      device: hostname(),
      file: path.join(start.home, 'override.json'),
      nowMs: () => this.nowMs(),
      event: (code, detail) => state.incident(code, detail),
      onChange: () => void this.#layOver(),
    });
    state.managedPolicy = () => this.status();
    keeper.onSettings = () => void this.#configure();
    keeper.refresh = async () => {
      await this.#source?.checkNow();
      await this.#layOver();
    };
    this.#look = setInterval(() => void this.#layOver(), LOOK_MS).unref();
  }

  /** What is on disk counts from the first call on; what is new is fetched beside it. */
  async start(): Promise<void> {
    this.#started = true;
    await this.#configure();
    await this.#layOver();
  }

  /** Somebody signed in or out, or the device was enrolled: groups, switches and roots may be others. */
  whoChanged(): void {
    if (!this.#started || this.#closed) return;
    void this.#configure();
    void this.#layOver();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#look);
    this.#source?.close();
    this.#source = undefined;
  }

  /**
   * What browsers are told to send here: by the document, whatever is laid over it for an hour. They ask again only
   * when its revision changes.
   */
  inspectedHosts(): readonly string[] {
    return this.#options.keeper.documented.inspectedHosts();
  }

  nowMs(): number {
    return this.#source?.clock.nowMs() ?? Date.now();
  }

  /** Told of everything that goes wrong: much more of it after a push takes the push back. */
  incident(code: string): void {
    if (FAULTS.has(code)) this.ruleFailed();
  }

  ruleFailed(): void {
    const why = this.#troubles.happened(performance.now());
    const source = this.#source;
    if (why === undefined || source === undefined) return;
    void source.fallBack(why).then((done) => {
      if (done) this.#tookBack(why);
    });
  }

  status(): ManagedStatus {
    const override = this.override.inForce();
    const switches = this.#switchesHere();
    const source = this.#source?.status();
    return {
      ...(override !== undefined && { override }),
      ...(switches.length > 0 && {
        switches: switches.map(({ id, what, who, until, reason }) => ({
          id,
          what,
          apps: [...(who.apps ?? [])],
          untilMs: Date.parse(until),
          reason,
        })),
      }),
      ...(source !== undefined && { bundle: this.#bundleStatus(source) }),
    };
  }

  #bundleStatus(source: ReturnType<PolicySource['status']>): NonNullable<ManagedStatus['bundle']> {
    const { release, versions, validUntilMs, waiting } = source;
    const activated = this.#options.keeper.release;
    // Signed again since it was put in force: the same contents, a newer version.
    const inForce = release !== undefined && release.digest === activated?.digest ? release : activated;
    return {
      url: source.url,
      groups: [...this.#groupsHere()],
      ...(release?.group !== undefined && { group: release.group }),
      ...(inForce !== undefined && { release: inForce.number, version: inForce.version }),
      ...(versions !== undefined && { versions }),
      ...(waiting !== undefined && { waiting: waitingView(waiting) }),
      ...definedTimes({
        lastContactMs: source.lastContactMs,
        lastChangeMs: source.lastChangeMs,
        nextCheckMs: source.nextCheckMs,
        validUntilMs,
        graceUntilMs: validUntilMs === undefined ? undefined : validUntilMs + this.#graceMs(),
      }),
      age: this.#age,
      hint: source.hint,
      clockBehind: source.clockBehind,
      polls: source.polls,
      bytes: source.bytes,
      ...(source.trouble !== undefined && { trouble: source.trouble }),
      ...(this.#fellBack !== undefined && { fellBack: this.#fellBack }),
    };
  }

  /** What fetches and verifies is loaded only where there is a source. */
  async #configure(): Promise<void> {
    const { state, start, send, keeper } = this.#options;
    const config = followsSource(state.settings, start.policyFile)
      ? sourceConfigOf(state.settings, start.home)
      : undefined;
    const configured = JSON.stringify(config ?? null);
    if (configured === this.#configured) return this.#followGroups();
    this.#configured = configured;
    const groups = this.#groupsHere();
    this.#groups = groups.join('\0');
    this.#source?.close();
    this.#source = undefined;
    if (config === undefined) return;
    const { PolicySource } = await import('../sync/policy-source/policy-source.ts');
    if (this.#closed || configured !== this.#configured) return;
    const source = new PolicySource(
      {
        config: { ...config, groups },
        home: start.home,
        send,
        writePrivateFile,
        wallMs: () => Date.now(),
        monotonicMs: () => performance.now(),
        random: Math.random,
        activate: (release) => this.#activate(release),
        onChange: () => {
          void this.#layOver();
          state.onChange();
        },
        event: (code, detail) => state.incident(code, detail),
      },
      keeper.release,
    );
    this.#source = source;
    void this.#begin(source);
  }

  /** Once it is known who is signed in, so that a start doesn't take everybody's policy before the person's own. */
  async #begin(source: PolicySource): Promise<void> {
    const { settings, identity } = this.#options.state;
    if (settings.config.identity !== undefined && identity !== undefined) {
      const opened = identity.opened.catch(() => undefined); // told by identity itself
      await Promise.race([opened, sleep(WHO_MS, undefined, { ref: false })]);
    }
    if (this.#source !== source) return;
    this.#followGroups();
    source.start();
  }

  #followGroups(): void {
    const groups = this.#groupsHere();
    if (groups.join('\0') === this.#groups) return;
    this.#groups = groups.join('\0');
    void this.#source?.changeGroups(groups);
  }

  #groupsHere(): readonly string[] {
    const { settings, identity } = this.#options.state;
    return groupsHere(settings.config.policy.source?.groups ?? [], identity?.user());
  }

  async #activate(release: Release): Promise<Activation> {
    const switches = readSwitches(release);
    if (!switches.ok) return { type: 'refused', why: `switches.json: ${switches.why}` };
    const { keeper, state } = this.#options;
    const device = state.identity?.device.id ?? hostname();
    const taking = await keeper.takeRelease(release, (policy) => isLeftOut(policy, device));
    if (taking.type === 'refused') return { type: 'refused', why: whyRefused(taking.problems) };
    if (taking.type === 'waiting') return taking;
    this.#fellBack = undefined;
    this.#troubles.changed(performance.now());
    return taking;
  }

  #tookBack(why: string): void {
    this.#fellBack = { atMs: Date.now(), why };
    this.#options.state.onChange();
  }

  async #layOver(): Promise<void> {
    const { keeper, state } = this.#options;
    this.#followSwitches();
    const age = this.#ageNow();
    if (age !== this.#age) {
      this.#age = age;
      state.event('policy-age', age);
    }
    const { afterGrace } = keeper.document.failure;
    await keeper.layOver({
      switches: this.#switchesHere(),
      override: this.override.inForce()?.scope,
      tooOld: age === 'over' && afterGrace === 'restrictive',
    });
  }

  /** Those of a release that waits count too: a stop is for every device at once. */
  #followSwitches(): void {
    const release = this.#source?.status().waiting?.release ?? this.#options.keeper.release;
    if (release?.digest === this.#switchesOf) return;
    this.#switchesOf = release?.digest;
    this.#switches = switchesOf(release);
  }

  #ageNow(): 'fresh' | 'grace' | 'over' {
    const until = this.#source?.status().validUntilMs;
    if (until === undefined || this.#options.keeper.release === undefined) return 'fresh';
    const nowMs = this.nowMs();
    if (nowMs < until) return 'fresh';
    return nowMs < until + this.#graceMs() ? 'grace' : 'over';
  }

  #graceMs(): number {
    return this.#options.keeper.document.failure.policyGraceHours * HOUR_MS;
  }

  #switchesHere(): readonly Switch[] {
    const { identity, settings } = this.#options.state;
    const here = hereFor(settings.config.policy.source?.groups ?? [], identity?.user(), identity?.device.id);
    return switchesHere(this.#switches, here, this.nowMs());
  }

  /** From device management only: whoever may set the secret could make codes of their own. */
  #secret(): Uint8Array | undefined {
    const { config, origins } = this.#options.state.settings;
    const file = config.policy.overrideSecretFile;
    if (file === undefined || origins.get('policy.overrideSecretFile') !== 'managed') return undefined;
    try {
      return readSecret(file);
    } catch (cause) {
      throw new LocalApiError('unavailable', (cause as Error).message, { cause });
    }
  }
}

const waitingView = ({
  release,
  number,
  ...about
}: NonNullable<ReturnType<PolicySource['status']>['waiting']>) => ({
  ...about,
  release: number,
  version: release.version,
});

function whyRefused([first]: readonly FileProblem[]): string {
  if (first === undefined) return 'unknown';
  // What only a newer version knows isn't a mistake of whoever wrote it.
  const newer =
    first.field === 'postern' ? ' It is written for a newer version of Postern: update this device.' : '';
  return `${first.field ? `${first.field}: ` : ''}${first.message}${newer}`;
}

function definedTimes<Name extends string>(
  times: Record<Name, number | undefined>,
): Partial<Record<Name, number>> {
  return Object.fromEntries(Object.entries(times).filter(([, ms]) => ms !== undefined)) as Partial<
    Record<Name, number>
  >;
}

function readSwitches(
  release: Release,
): { readonly ok: true; readonly value: readonly Switch[] } | { readonly ok: false; readonly why: string } {
  const file = path.join(release.directory, 'files', SWITCHES_TARGET);
  if (!existsSync(file)) return { ok: true, value: [] };
  const read = readJson(readFileSync(file, 'utf8'), switchesSchema);
  if (read.ok) return { ok: true, value: read.value.switches };
  return { ok: false, why: read.problems.map(({ field, message }) => `${field}: ${message}`).join('; ') };
}

/** They were taken when the release was: a file that can't be read any more switches nothing. */
function switchesOf(release: Release | undefined): readonly Switch[] {
  if (release === undefined) return [];
  const read = readSwitches(release);
  return read.ok ? read.value : [];
}
