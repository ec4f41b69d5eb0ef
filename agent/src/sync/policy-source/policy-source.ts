/**
 * policy-source/ brings signed policy from a bucket or CDN onto this device: polls, verifies (tuf-js), keeps the last
 * three releases in the home, and says what came and what is wrong. It reads no policy and puts nothing in force:
 * main does, and tells it whether that went well. Whatever the server does, the last good release stays.
 */
import type { SendHttp } from '../../core/http.ts';
import { SteadyClock } from './clock.ts';
import { type FilesOptions, fetchFile, statusTrouble } from './fetch-files.ts';
import { fetchFirstRoot } from './first-root.ts';
import { openHint } from './hint.ts';
import { LookSchedule } from './look-schedule.ts';
import { type OpenStore, openStore, type SourceConfig, trustOf, type WriteFile } from './open-store.ts';
import {
  asPolicySourceError,
  type PolicySourceError,
  type PolicySourceErrorCode,
  requireKnownFormat,
  trouble,
} from './policy-source-error.ts';
import type { Release, ReleaseStore, WaitingFacts } from './release-store.ts';
import { takeUpdate } from './take-update.ts';

/** What became of a release that was offered. */
export type Activation =
  | { readonly type: 'active' }
  /** It is right, but not for this device yet: what is in force stays (decision 0179). */
  | { readonly type: 'waiting'; readonly about: Pick<WaitingFacts, 'name' | 'revision' | 'canaryPercent'> }
  | { readonly type: 'refused'; readonly why: string };

export interface PolicySourceOptions {
  readonly config: SourceConfig;
  readonly home: string;
  readonly send: SendHttp;
  readonly writePrivateFile: WriteFile;
  readonly wallMs: () => number;
  readonly monotonicMs: () => number;
  readonly random: () => number;
  /** 20 s unless a test can't wait for it. */
  readonly fileTimeoutMs?: number;
  /** Puts a release in force, or says why not. */
  readonly activate: (release: Release) => Promise<Activation>;
  readonly onChange: () => void;
  readonly event: (code: string, detail: string) => void;
}

export interface SourceStatus {
  readonly url: string;
  readonly release: Release | undefined;
  /** Newer than what is in force, and not for this device yet. */
  readonly waiting: (WaitingFacts & { readonly release: Release }) | undefined;
  readonly versions: { root: number; timestamp: number; snapshot: number; targets: number } | undefined;
  readonly validUntilMs: number | undefined;
  readonly lastContactMs: number | undefined;
  readonly lastChangeMs: number | undefined;
  readonly nextCheckMs: number | undefined;
  readonly hint: 'off' | 'connected' | 'waiting';
  readonly clockBehind: boolean;
  readonly trouble:
    | {
        readonly code: PolicySourceErrorCode;
        readonly text: string;
        readonly mend: string;
        readonly atMs: number;
      }
    | undefined;
  readonly polls: number;
  readonly bytes: number;
}

const TIMESTAMP_MAX_BYTES = 16_384;
const FILE_TIMEOUT_MS = 20_000;
/** For all files of one push together. */
const UPDATE_TIMEOUT_MS = 120_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Other keys are looked for even where the timestamp hasn't changed. */
const FULL_CHECK_MS = DAY_MS;
/** Of what is kept as certain: past the longest grace nothing changes any more. */
const LONGEST_GRACE_MS = 30 * DAY_MS;

export class PolicySource {
  readonly #options: PolicySourceOptions;
  readonly #url: URL;
  readonly #closing = new AbortController();
  readonly #files: Omit<FilesOptions, 'signal'>;
  readonly #opened: OpenStore | undefined;
  /** Why there is no store: stays until the configuration changes. */
  readonly #unopened: PolicySourceError | undefined;
  #groups: readonly string[];
  readonly clock: SteadyClock;
  #release: Release | undefined;
  #waitingRelease: Release | undefined;
  #trouble: SourceStatus['trouble'];
  #etag: string | undefined;
  #timestamp: Uint8Array | undefined;
  #serverDateMs: number | undefined;
  #lastFullMs = Number.NEGATIVE_INFINITY;
  #lastChangeMs: number | undefined;
  readonly #schedule: LookSchedule;
  #hint: { close(): void } | undefined;
  #hintState: SourceStatus['hint'] = 'off';
  #checking: Promise<void> | undefined;
  #polls = 0;
  #bytes = 0;

  /** `release` is what is in force already. */
  constructor(options: PolicySourceOptions, release: Release | undefined) {
    this.#options = options;
    const { url } = options.config;
    this.#groups = options.config.groups;
    this.#url = new URL(url.endsWith('/') ? url : `${url}/`);
    this.#release = release;
    this.#files = {
      send: options.send,
      fileTimeoutMs: options.fileTimeoutMs ?? FILE_TIMEOUT_MS,
      onBytes: (bytes) => {
        this.#bytes += bytes;
      },
    };
    try {
      this.#opened = openStore(options.config, options.home, options.writePrivateFile);
    } catch (error) {
      this.#unopened = asPolicySourceError(error);
      this.#failed(this.#unopened);
    }
    const { wallMs, monotonicMs, random } = options;
    const { pollSeconds } = options.config;
    this.#schedule = new LookSchedule({ pollSeconds, wallMs, random, look: () => this.checkNow() });
    this.clock = new SteadyClock({ wallMs, monotonicMs }, this.#opened?.store.state.floorMs ?? 0);
  }

  start(): void {
    const { config, send, random } = this.#options;
    if (this.#opened === undefined) return;
    this.#schedule.start();
    if (config.hintUrl === undefined) return;
    this.#hintState = 'waiting';
    this.#hint = openHint({
      url: new URL(config.hintUrl),
      send,
      random,
      onHint: () => {
        const before = this.#lastChangeMs;
        this.#schedule.hinted(() => this.#lastChangeMs !== before);
      },
      onState: (state) => {
        this.#hintState = state;
        this.#options.onChange();
      },
    });
  }

  close(): void {
    this.#closing.abort();
    this.#hint?.close();
    this.#schedule.close();
  }

  status(): SourceStatus {
    const state = this.#opened?.store.state;
    return {
      url: this.#url.href,
      release: this.#release,
      waiting: this.#waiting(),
      versions: state?.versions,
      validUntilMs: state?.validUntilMs,
      lastContactMs: state?.lastContactMs,
      lastChangeMs: this.#lastChangeMs,
      nextCheckMs: this.#schedule.nextLookMs,
      hint: this.#hintState,
      clockBehind: this.clock.isBehind(),
      trouble: this.#trouble,
      polls: this.#polls,
      bytes: this.#bytes,
    };
  }

  /** Looks now; several callers share one look. Never rejects: what is wrong is in the status. */
  checkNow(): Promise<void> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
      this.#options.onChange();
    });
    return this.#checking;
  }

  /** Another person's groups: looked at at once, though nothing changed on the server. */
  async changeGroups(groups: readonly string[]): Promise<void> {
    this.#groups = groups;
    await this.#checking;
    this.#etag = undefined;
    this.#timestamp = undefined;
    await this.checkNow();
    if (this.#trouble === undefined || groups !== this.#groups) return;
    await this.#trying(() => this.#takeStored(groups));
    this.#options.onChange();
  }

  /** The server can't be asked: what it said last of these groups is on the disk, and better than another's policy. */
  async #takeStored(groups: readonly string[]): Promise<void> {
    const trust = this.#trust();
    const store = this.#opened?.store;
    if (trust === undefined || store === undefined) return;
    const { waiting } = store.state;
    const stored = [...store.usable(trust)].filter(({ number }) => number !== waiting?.number);
    const [wanted] = [...groups, undefined].flatMap(
      (group) => stored.find((release) => release.group === group) ?? [],
    );
    if (wanted === undefined || wanted.group === this.#release?.group) return;
    if ((await this.#options.activate(wanted)).type !== 'active') return;
    this.#release = wanted;
    this.#lastChangeMs = this.#options.wallMs();
    store.activated(wanted);
    this.#options.event('policy-from-disk', `release ${wanted.number}: the policy server can't be asked`);
  }

  /** What is in force makes trouble: the one before takes its place, and this one isn't tried again. */
  async fallBack(why: string): Promise<boolean> {
    let done = false;
    await this.#trying(async () => {
      done = await this.#fallBack(why);
    });
    return done;
  }

  async #fallBack(why: string): Promise<boolean> {
    const bad = this.#release;
    const store = this.#opened?.store;
    const trust = this.#trust();
    if (bad === undefined || store === undefined || trust === undefined) return false;
    store.reject(bad.digest, why, this.#options.wallMs());
    for (const release of store.usable(trust)) {
      if (release.digest === bad.digest) continue;
      if ((await this.#options.activate(release)).type !== 'active') continue;
      this.#release = release;
      store.activated(release);
      this.#options.event('policy-fell-back', `release ${bad.number} to ${release.number}: ${why}`);
      return true;
    }
    this.#options.event(
      'policy-kept',
      `release ${bad.number} makes trouble, and there is none before it: ${why}`,
    );
    return false;
  }

  async #check(): Promise<void> {
    this.#polls += 1;
    await this.#trying(async () => {
      await this.#update();
      if (this.#closing.signal.aborted) return;
      this.#trouble = undefined;
      this.#requireFresh();
    });
    await this.#trying(() => this.#keepFloor());
  }

  async #trying(work: () => Promise<void> | void): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#failed(this.#withClock(asPolicySourceError(error)));
    }
  }

  async #update(): Promise<void> {
    if (this.#unopened !== undefined) throw this.#unopened;
    const opened = this.#opened;
    if (opened === undefined) return;
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(UPDATE_TIMEOUT_MS)]);
    const files = { ...this.#files, signal };
    const trust = this.#trust() ?? (await fetchFirstRoot(opened, this.#url, files));
    const { store } = opened;
    const { monotonicMs, wallMs } = this.#options;
    const full = monotonicMs() - this.#lastFullMs >= FULL_CHECK_MS;
    const answer = await fetchFile(
      new URL('timestamp.json', this.#url),
      TIMESTAMP_MAX_BYTES,
      files,
      full ? undefined : this.#etag,
    );
    this.#serverDateMs = answer.dateMs;
    if (answer.status !== 304 && answer.status !== 200) throw statusTrouble(answer.status, 'timestamp.json');
    const same =
      answer.status === 304 ||
      (this.#timestamp !== undefined && Buffer.compare(answer.body, this.#timestamp) === 0);
    if (same && !full) {
      store.save({ lastContactMs: wallMs() });
      return;
    }
    requireKnownFormat(answer.body);
    const before = store.state.versions?.timestamp ?? 0;
    const groups = this.#groups;
    const taken = await takeUpdate(answer.body, {
      ...files,
      url: this.#url,
      groups,
      store,
      trust,
      nowMs: wallMs(),
    });
    if (taken.versions.timestamp > before && taken.signedAtMs !== undefined)
      this.clock.signed(taken.signedAtMs);
    store.save({ versions: taken.versions, validUntilMs: taken.validUntilMs, lastContactMs: wallMs() });
    this.#requireFresh();
    await this.#take(taken.release, store);
    // Only now, and for whom it was: what failed half-way, or was another's, is looked at again.
    if (groups !== this.#groups) return;
    this.#etag = answer.etag;
    this.#timestamp = answer.body;
    this.#lastFullMs = monotonicMs();
  }

  async #take(release: Release, store: ReleaseStore): Promise<void> {
    if (release.digest === this.#release?.digest) {
      this.#release = release;
      store.activated(release);
      return;
    }
    if (store.isRejected(release.digest)) return;
    const activation = await this.#options.activate(release);
    if (activation.type === 'refused') {
      store.reject(release.digest, activation.why, this.#options.wallMs());
      this.#options.event('policy-push-refused', `release ${release.number}: ${activation.why}`);
      return;
    }
    if (activation.type === 'waiting') return this.#waits(release, activation.about, store);
    this.#release = release;
    this.#lastChangeMs = this.#options.wallMs();
    store.activated(release);
  }

  #waits(release: Release, about: Omit<WaitingFacts, 'number' | 'sinceMs'>, store: ReleaseStore): void {
    const { number } = release;
    if (store.state.waiting?.number === number) return;
    store.waits({ ...about, number, sinceMs: this.#options.wallMs() });
    this.#lastChangeMs = this.#options.wallMs();
    this.#options.event(
      'policy-waiting',
      `release ${number} (${about.name} ${about.revision}) is for ${about.canaryPercent} % of the devices, and not yet for this one`,
    );
  }

  /** Dates by the clock that is never set back: tuf-js looks at the one that anyone may set. */
  #requireFresh(): void {
    const until = this.#opened?.store.state.validUntilMs;
    if (until !== undefined && this.clock.nowMs() >= until)
      throw trouble('expired', 'The policy server offers only what has passed its date.');
  }

  #withClock(error: PolicySourceError): PolicySourceError {
    const server = this.#serverDateMs;
    const wallMs = this.#options.wallMs();
    if (error.code !== 'expired' || server === undefined || Math.abs(wallMs - server) < HOUR_MS) return error;
    const say = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
    return trouble(
      'wrong-clock',
      `This device's clock says ${say(wallMs)} UTC, and the policy server's ${say(server)}: what it offers seems to have passed its date.`,
      error,
    );
  }

  #failed({ code, message, mend }: PolicySourceError): void {
    const atMs = this.#options.wallMs();
    if (this.#trouble?.code !== code) this.#options.event('policy-source-trouble', `${code}: ${message}`);
    this.#trouble = { code, text: message, mend, atMs };
  }

  #keepFloor(): void {
    const store = this.#opened?.store;
    const until = store?.state.validUntilMs;
    if (store === undefined || until === undefined) return;
    const floorMs = this.clock.keep(until + LONGEST_GRACE_MS + DAY_MS);
    if (floorMs > store.state.floorMs + 60_000 || floorMs < store.state.floorMs) store.save({ floorMs });
  }

  #trust() {
    return this.#opened === undefined ? undefined : trustOf(this.#opened);
  }

  /** From the disk, so that a restart without a network knows of it too. */
  #waiting(): SourceStatus['waiting'] {
    const store = this.#opened?.store;
    const facts = store?.state.waiting;
    if (store === undefined || facts === undefined) return undefined;
    if (this.#waitingRelease?.number !== facts.number) {
      const release = store.releases().find(({ number }) => number === facts.number);
      this.#waitingRelease =
        release !== undefined && this.#trust()?.vouchesFor(release) ? release : undefined;
    }
    return this.#waitingRelease && { ...facts, release: this.#waitingRelease };
  }
}
