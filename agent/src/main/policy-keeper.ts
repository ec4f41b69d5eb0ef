import type { Policy } from '../../../policies/schema/policy.ts';
import type { StartOptions } from '../cli/ports.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import { layOver, NO_OVERLAY, type Overlay } from '../decide/overlay.ts';
import { platform } from '../platform/platform.ts';
import type { FileProblem } from '../serve/contract.ts';
import { type LoadedConfig, loadConfig } from '../sync/config.ts';
import { ConfigError } from '../sync/config-error.ts';
import { type FileWatcher, watchFile } from '../sync/file-watcher.ts';
import type { Activation } from '../sync/policy-source/policy-source.ts';
import type { Release } from '../sync/policy-source/release-store.ts';
import {
  type AskRemote,
  bundleSource,
  fileSource,
  followsSource,
  type GoodReading,
  type PolicyReading,
  type PolicySource,
  readPolicySource,
  readPolicyText,
  recompile,
  requireReading,
} from './active-policy.ts';
import type { AgentState } from './agent-state.ts';
import { releasesAtHand } from './policy-roots.ts';

/** What became of a release; `waiting` is judged by nothing but the policy's canary. */
export type Taking =
  | Exclude<Activation, { readonly type: 'refused' }>
  | { readonly type: 'refused'; readonly problems: readonly FileProblem[] };

/** Holds the policy in force and the settings, and takes over new ones whole or not at all. */
export class PolicyKeeper {
  readonly #options: StartOptions;
  readonly #state: AgentState;
  readonly #remote: AskRemote;
  #source: PolicySource;
  #policyWatcher: FileWatcher | undefined;
  #companions: readonly string[];
  /** Undefined until somebody watches. */
  #companionWatchers: readonly FileWatcher[] | undefined;
  #configWatchers: FileWatcher[] = [];
  #lastReading: Promise<void> = Promise.resolve();
  #closed = false;
  /** The document by itself, and what is laid over it now. */
  #base: GoodReading;
  #overlay: Overlay = NO_OVERLAY;
  current: CompiledPolicy;
  /** After the settings were read again. */
  onSettings: () => void = () => undefined;
  /** Asks the policy server now. */
  refresh: () => Promise<void> = () => Promise.resolve();

  /** Throws CommandFailure if the first policy can't be used: an agent never starts without one. */
  static async open(
    settings: LoadedConfig,
    options: StartOptions,
    state: AgentState,
    remote: AskRemote,
  ): Promise<PolicyKeeper> {
    if (followsSource(settings, options.policyFile)) {
      for (const release of await releasesAtHand(settings, options.home)) {
        const source = bundleSource(release);
        const reading = await readPolicySource(source, remote);
        if (reading.ok) return new PolicyKeeper(options, state, remote, source, reading);
        state.note('policy-refused', `release ${release.number}: ${reading.problems[0]?.message}`);
      }
    }
    const source = fileSource(settings, options.policyFile);
    return new PolicyKeeper(options, state, remote, source, await requireReading(source, remote));
  }

  private constructor(
    options: StartOptions,
    state: AgentState,
    remote: AskRemote,
    source: PolicySource,
    first: GoodReading,
  ) {
    this.#remote = remote;
    this.#options = options;
    this.#state = state;
    this.#source = source;
    const { compiled, warnings, companions } = first;
    this.#base = first;
    this.current = compiled;
    this.#companions = companions;
    state.policy = { compiled, warnings, source, loadedAtMs: Date.now(), lastError: undefined };
  }

  watch(): void {
    this.#watchPolicy();
    this.#watchCompanions();
    this.#configWatchers = this.#state.settings.files.map(({ file }) =>
      watchFile({ file, onText: () => void this.reloadConfig(), onMissing: () => void this.reloadConfig() }),
    );
  }

  /** The release in force, if it is one. */
  get release(): Release | undefined {
    return this.#source.release;
  }

  /** As it was written, without what is laid over it. */
  get document(): Policy {
    return this.documented.policy;
  }

  get documented(): CompiledPolicy {
    return this.#base.compiled;
  }

  /**
   * Puts a verified release in force, or says why not; then the one before stays. `isLeftOut`: the release is for other
   * devices first. It waits only behind a release of the same group: a device that has nothing of its organisation's
   * yet, or another group's, takes it.
   */
  async takeRelease(release: Release, isLeftOut: (policy: Policy) => boolean): Promise<Taking> {
    const source = bundleSource(release);
    let taking: Taking = { type: 'active' };
    await this.#inTurn(async () => {
      const reading = await readPolicySource(source, this.#remote);
      if (this.#closed) return;
      if (!reading.ok) taking = { type: 'refused', problems: reading.problems };
      else {
        const before = this.#source.release;
        const { identity, policy } = reading.compiled;
        if (before !== undefined && before.group === release.group && isLeftOut(policy)) {
          taking = { type: 'waiting', about: { ...identity, canaryPercent: policy.rollout.canaryPercent } };
          return;
        }
        this.#source = source;
        this.#policyWatcher?.close();
      }
      await this.#take(reading);
    });
    return taking;
  }

  /** Switches, overrides and the policy's age: nothing of the document changes. */
  layOver(overlay: Overlay): Promise<void> {
    return this.#inTurn(async () => {
      if (JSON.stringify(overlay) === JSON.stringify(this.#overlay)) return;
      this.#overlay = overlay;
      await this.#compileOverlay();
    });
  }

  async #compileOverlay(): Promise<void> {
    const { policy } = this.#base.compiled;
    const laid = layOver(policy, this.#overlay);
    this.current = laid === policy ? this.#base.compiled : await recompile(this.#base, laid);
    const { policy: state } = this.#state;
    if (state !== undefined) this.#state.policy = { ...state, compiled: this.current };
    this.#state.onChange();
  }

  close(): void {
    this.#closed = true;
    this.#policyWatcher?.close();
    for (const watcher of [...this.#configWatchers, ...(this.#companionWatchers ?? [])]) watcher.close();
  }

  /** Reads everything now; the problems say why something stayed as it was. */
  async reload(): Promise<readonly FileProblem[]> {
    await this.reloadConfig();
    if (this.#source.kind !== 'bundle') await this.#reread();
    await this.refresh();
    return [...this.#state.configProblems, ...(this.#state.policy?.lastError?.problems ?? [])];
  }

  /** Settings are in force when it returns; a policy file that they name anew is once it has been read. */
  async reloadConfig(): Promise<void> {
    const following = this.#readConfig();
    this.#state.onChange();
    await following;
  }

  #readConfig(): Promise<void> {
    const state = this.#state;
    try {
      const next = loadConfig({
        explicitPath: this.#options.configFile,
        managedPath: platform().managedConfigFile,
        env: {},
      });
      state.configProblems = needsRestart(state.settings, next, this.#options.configFile);
      state.settings = {
        ...next,
        config: {
          ...next.config,
          listen: state.settings.config.listen,
          upstream: state.settings.config.upstream,
          telemetry: state.settings.config.telemetry,
        },
      };
      state.onSettings(state.settings);
      this.onSettings();
      return this.#follow(this.#sourceIn(next));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      state.configProblems = error.problems.map((problem) => ({ ...problem }));
      state.incident('config-refused', error.message);
      return Promise.resolve();
    }
  }

  /** A release that is in force stays until its source brings another. */
  #sourceIn(settings: LoadedConfig): PolicySource {
    const { policyFile } = this.#options;
    const follows = followsSource(settings, policyFile);
    return follows && this.#source.release !== undefined ? this.#source : fileSource(settings, policyFile);
  }

  async #follow(source: PolicySource): Promise<void> {
    if (source.file === this.#source.file) return;
    this.#source = source;
    this.#policyWatcher?.close();
    this.#watchPolicy();
    await this.#reread();
  }

  #reread(): Promise<void> {
    const source = this.#source;
    return this.#takeOver(source, () => readPolicySource(source, this.#remote));
  }

  /** One reading after the other, so that what was written last is what stays in force. */
  #takeOver(source: PolicySource, read: () => Promise<PolicyReading>): Promise<void> {
    return this.#inTurn(async () => {
      const reading = await read();
      if (!this.#closed && source === this.#source) await this.#take(reading);
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#lastReading = this.#lastReading.then(async () => {
      try {
        await work();
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        this.#refuse([{ file: this.#source.file ?? '', message }]);
      }
    });
    return this.#lastReading;
  }

  /** Word lists and rules beside the policy: a change reads policy and files again, all of them or none. */
  #watchCompanions(): void {
    for (const watcher of this.#companionWatchers ?? []) watcher.close();
    const files = this.#source.kind === 'bundle' ? [] : this.#companions;
    this.#companionWatchers = files.map((file) => {
      const changed = (): void => {
        this.#state.event('policy-companion-changed', file);
        void this.#reread();
      };
      return watchFile({ file, onText: changed, onMissing: changed });
    });
  }

  #watchPolicy(): void {
    const source = this.#source;
    const { file } = source;
    // What a release says was signed; whoever writes into its folder has signed nothing.
    if (file === undefined || source.kind === 'bundle') return;
    this.#policyWatcher = watchFile({
      file,
      onText: (text) => void this.#takeOver(source, () => readPolicyText(text, file, this.#remote)),
      onMissing: (cause) =>
        this.#refuse([{ file, message: `The file has gone or can't be read: ${cause.message}` }]),
    });
  }

  async #take(reading: PolicyReading): Promise<void> {
    if (!reading.ok) {
      this.#refuse(reading.problems);
      return;
    }
    const before = this.current.identity;
    const { identity, policy } = reading.compiled;
    const laid = layOver(policy, this.#overlay);
    this.current = laid === policy ? reading.compiled : await recompile(reading, laid);
    this.#base = reading;
    const { companions } = reading;
    const others = companions.join('\0') !== this.#companions.join('\0');
    this.#companions = companions;
    if (others && this.#companionWatchers !== undefined) this.#watchCompanions();
    this.#state.policy = {
      compiled: this.current,
      warnings: reading.warnings,
      source: this.#source,
      loadedAtMs: Date.now(),
      lastError: undefined,
    };
    if (before.revision !== identity.revision) {
      this.#state.event(
        'policy-changed',
        `${before.name} ${before.revision} to ${identity.name} ${identity.revision}`,
      );
    }
  }

  #refuse(problems: readonly FileProblem[]): void {
    const state = this.#state;
    const inForce = state.policy ?? {
      compiled: this.current,
      warnings: [],
      source: this.#source,
      loadedAtMs: Date.now(),
    };
    state.policy = {
      ...inForce,
      lastError: { atMs: Date.now(), problems: problems.map((problem) => ({ ...problem })) },
    };
    state.incident('policy-refused', problems[0]?.message ?? 'unknown');
  }
}

/** Sockets and upstream connections are made once: a change there is told, and waits for the next start. */
function needsRestart(before: LoadedConfig, after: LoadedConfig, ownFile: string | undefined): FileProblem[] {
  const file = ownFile ?? platform().managedConfigFile;
  return (['listen', 'upstream', 'identity', 'tenant', 'secrets', 'telemetry'] as const)
    .filter((field) => JSON.stringify(before.config[field]) !== JSON.stringify(after.config[field]))
    .map((field) => ({
      file,
      field,
      message: `The change of ${field} takes effect at the next start.`,
      mend: 'Restart the agent: postern stop, then postern start.',
    }));
}
