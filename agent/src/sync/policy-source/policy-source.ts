/**
 * policy-source/ brings signed policy from a bucket or CDN onto this device: polls, verifies (tuf-js), keeps the last
 * three releases in the home, and says what came and what is wrong. It reads no policy and puts nothing in force:
 * main does, and tells it whether that went well. Whatever the server does, the last good release stays.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { SendHttp } from '../../core/http.ts';
import { SteadyClock } from './clock.ts';
import { type FilesOptions, fetchFile, statusTrouble } from './fetch-files.ts';
import { openHint } from './hint.ts';
import {
  asPolicySourceError,
  type PolicySourceError,
  type PolicySourceErrorCode,
  requireKnownFormat,
  trouble,
} from './policy-source-error.ts';
import { type Release, ReleaseStore } from './release-store.ts';
import { takeUpdate } from './take-update.ts';
import { type Trust, trustFrom } from './verify.ts';

export interface SourceConfig {
  readonly url: string;
  readonly pollSeconds: number;
  readonly rootFile?: string | undefined;
  readonly rootFingerprint?: string | undefined;
  readonly groups: readonly string[];
  readonly hintUrl?: string | undefined;
}

export interface PolicySourceOptions {
  readonly config: SourceConfig;
  readonly home: string;
  readonly send: SendHttp;
  readonly writePrivateFile: (file: string, content: string | Uint8Array) => void;
  readonly wallMs: () => number;
  readonly monotonicMs: () => number;
  readonly random: () => number;
  /** 20 s unless a test can't wait for it. */
  readonly fileTimeoutMs?: number;
  /** Puts a release in force; says why not, in words for status. */
  readonly activate: (release: Release) => Promise<string | undefined>;
  readonly onChange: () => void;
  readonly event: (code: string, detail: string) => void;
}

export interface SourceStatus {
  readonly url: string;
  readonly release: Release | undefined;
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
const ROOT_MAX_BYTES = 512_000;
const MAX_ROOTS = 256;
const FILE_TIMEOUT_MS = 20_000;
/** For all files of one push together. */
const UPDATE_TIMEOUT_MS = 120_000;
const JITTER = 0.1;
const FIRST_POLL_MS = 500;
/** A hint reaches everybody at once; the answers should not. Copies in a CDN may be some seconds old. */
const AFTER_HINT_MS = [400, 2500, 6500];
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Other keys are looked for even where the timestamp hasn't changed. */
const FULL_CHECK_MS = DAY_MS;
/** Of what is kept as certain: past the longest grace nothing changes any more. */
const LONGEST_GRACE_MS = 30 * DAY_MS;

export type { Release } from './release-store.ts';

/** Where the releases of the repository that this root begins are kept. */
function storeFor(
  { rootFile, rootFingerprint }: SourceConfig,
  home: string,
  write: PolicySourceOptions['writePrivateFile'],
): { store: ReleaseStore; pinned: Buffer | undefined; fingerprint: string } {
  const bytes = rootFile === undefined ? undefined : readRootFile(rootFile);
  const fingerprint = bytes === undefined ? rootFingerprint?.replace(/^sha256:/, '') : sha256(bytes);
  if (fingerprint === undefined) throw trouble('no-root', 'policy.source names no root to trust.');
  const store = new ReleaseStore(path.join(home, 'bundles', fingerprint.slice(0, 16)), write);
  const pinned = bytes ?? store.roots().find((root) => sha256(root.bytes) === fingerprint)?.bytes;
  return { store, pinned, fingerprint };
}

function readRootFile(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw trouble('no-root', `policy.source.rootFile can't be read: ${(cause as Error).message}`, cause);
  }
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What earlier runs have brought, for commands without an agent and for its start; the best first. */
export function storedReleases(
  config: SourceConfig,
  home: string,
  write: PolicySourceOptions['writePrivateFile'],
): readonly Release[] {
  try {
    const { store, pinned } = storeFor(config, home, write);
    return pinned === undefined ? [] : [...store.usable(trustFrom(pinned, store.roots()))];
  } catch {
    return []; // told by the source itself, when it runs
  }
}

export class PolicySource {
  readonly #options: PolicySourceOptions;
  readonly #url: URL;
  readonly #closing = new AbortController();
  readonly #files: Omit<FilesOptions, 'signal'>;
  #opened: { store: ReleaseStore; pinned: Buffer | undefined; fingerprint: string } | undefined;
  readonly clock: SteadyClock;
  #release: Release | undefined;
  #trouble: SourceStatus['trouble'];
  #etag: string | undefined;
  #timestamp: Uint8Array | undefined;
  #serverDateMs: number | undefined;
  #lastFullMs = Number.NEGATIVE_INFINITY;
  #lastChangeMs: number | undefined;
  #nextCheckMs: number | undefined;
  #timers = new Set<NodeJS.Timeout>();
  #poll: NodeJS.Timeout | undefined;
  #hint: { close(): void } | undefined;
  #hintState: SourceStatus['hint'] = 'off';
  #checking: Promise<void> | undefined;
  #polls = 0;
  #bytes = 0;

  /** `release` is what is in force already. */
  constructor(options: PolicySourceOptions, release: Release | undefined) {
    this.#options = options;
    const { url } = options.config;
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
      this.#opened = storeFor(options.config, options.home, options.writePrivateFile);
    } catch (error) {
      this.#failed(asPolicySourceError(error));
    }
    const { wallMs, monotonicMs } = options;
    this.clock = new SteadyClock({ wallMs, monotonicMs }, this.#opened?.store.state.floorMs ?? 0);
  }

  start(): void {
    const { config, send, random } = this.#options;
    if (this.#opened === undefined) return;
    this.#later(FIRST_POLL_MS * random());
    if (config.hintUrl === undefined) return;
    this.#hintState = 'waiting';
    this.#hint = openHint({
      url: new URL(config.hintUrl),
      send,
      random,
      onHint: () => this.#hinted(),
      onState: (state) => {
        this.#hintState = state;
        this.#options.onChange();
      },
    });
  }

  close(): void {
    this.#closing.abort();
    this.#hint?.close();
    clearTimeout(this.#poll);
    for (const timer of this.#timers) clearTimeout(timer);
  }

  status(): SourceStatus {
    const state = this.#opened?.store.state;
    return {
      url: this.#url.href,
      release: this.#release,
      versions: state?.versions,
      validUntilMs: state?.validUntilMs,
      lastContactMs: state?.lastContactMs,
      lastChangeMs: this.#lastChangeMs,
      nextCheckMs: this.#nextCheckMs,
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
      if (release.digest === bad.digest || (await this.#options.activate(release)) !== undefined) continue;
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

  #hinted(): void {
    const { random } = this.#options;
    const before = this.#lastChangeMs;
    for (const [index, delayMs] of AFTER_HINT_MS.entries()) {
      if (this.#timers.size > 2 * AFTER_HINT_MS.length) return;
      const timer = setTimeout(
        () => {
          this.#timers.delete(timer);
          if (index === 0 || this.#lastChangeMs === before) void this.checkNow();
        },
        index === 0 ? delayMs * random() : delayMs,
      ).unref();
      this.#timers.add(timer);
    }
  }

  #later(delayMs: number): void {
    clearTimeout(this.#poll);
    this.#nextCheckMs = Math.round(this.#options.wallMs() + delayMs);
    this.#poll = setTimeout(() => {
      const { config, random } = this.#options;
      void this.checkNow().finally(() => {
        const spread = 1 + JITTER * (2 * random() - 1);
        if (!this.#closing.signal.aborted) this.#later(config.pollSeconds * 1000 * spread);
      });
    }, delayMs).unref();
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
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(UPDATE_TIMEOUT_MS)]);
    const files = { ...this.#files, signal };
    const trust = this.#trust() ?? (await this.#fetchPinnedRoot(files));
    const store = this.#opened?.store;
    if (store === undefined) return;
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
    const taken = await takeUpdate(answer.body, {
      ...files,
      url: this.#url,
      groups: this.#options.config.groups,
      store,
      trust,
      nowMs: wallMs(),
    });
    if (taken.versions.timestamp > before && taken.signedAtMs !== undefined)
      this.clock.signed(taken.signedAtMs);
    store.save({ versions: taken.versions, validUntilMs: taken.validUntilMs, lastContactMs: wallMs() });
    this.#requireFresh();
    await this.#take(taken.release, store);
    // Only now: what failed half-way is looked at again.
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
    const why = await this.#options.activate(release);
    if (why !== undefined) {
      store.reject(release.digest, why, this.#options.wallMs());
      this.#options.event('policy-push-refused', `release ${release.number}: ${why}`);
      return;
    }
    this.#release = release;
    this.#lastChangeMs = this.#options.wallMs();
    store.activated(release);
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

  #trust(): Trust | undefined {
    const opened = this.#opened;
    return opened?.pinned === undefined ? undefined : trustFrom(opened.pinned, opened.store.roots());
  }

  /** Where only the fingerprint is known, the root may come from anywhere: it is the one with this fingerprint. */
  async #fetchPinnedRoot(files: FilesOptions): Promise<Trust> {
    const opened = this.#opened;
    if (opened === undefined) throw trouble('no-root', 'policy.source names no root to trust.');
    for (let version = 1; version <= MAX_ROOTS; version += 1) {
      const name = `${version}.root.json`;
      const { status, body } = await fetchFile(new URL(name, this.#url), ROOT_MAX_BYTES, files);
      if (status === 404 && version > 1) break;
      if (status !== 200) throw statusTrouble(status, name);
      if (sha256(body) !== opened.fingerprint) continue;
      opened.pinned = Buffer.from(body);
      opened.store.keepRoot(version, body);
      return trustFrom(opened.pinned, opened.store.roots());
    }
    throw trouble(
      'not-signed',
      'The policy server has no root with the fingerprint that this device was given.',
    );
  }
}
