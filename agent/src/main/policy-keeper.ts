import type { StartOptions } from '../cli/ports.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import { platform } from '../platform/platform.ts';
import type { FileProblem } from '../serve/contract.ts';
import { type LoadedConfig, loadConfig } from '../sync/config.ts';
import { ConfigError } from '../sync/config-error.ts';
import { type FileWatcher, watchFile } from '../sync/file-watcher.ts';
import {
  type AskRemote,
  type PolicyReading,
  type PolicySource,
  policySource,
  readPolicySource,
  readPolicyText,
  requireReading,
} from './active-policy.ts';
import type { AgentState } from './agent-state.ts';

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
  current: CompiledPolicy;

  /** Throws CommandFailure if the first policy can't be used: an agent never starts without one. */
  constructor(settings: LoadedConfig, options: StartOptions, state: AgentState, remote: AskRemote) {
    this.#remote = remote;
    this.#options = options;
    this.#state = state;
    this.#source = policySource(settings, options.policyFile);
    const { compiled, warnings, companions } = requireReading(this.#source, this.#remote);
    this.current = compiled;
    this.#companions = companions;
    state.policy = {
      compiled,
      warnings,
      source: this.#source,
      loadedAtMs: Date.now(),
      lastError: undefined,
    };
  }

  watch(): void {
    this.#watchPolicy();
    this.#watchCompanions();
    this.#configWatchers = this.#state.settings.files.map(({ file }) =>
      watchFile({ file, onText: () => this.reloadConfig(), onMissing: () => this.reloadConfig() }),
    );
  }

  close(): void {
    this.#policyWatcher?.close();
    for (const watcher of [...this.#configWatchers, ...(this.#companionWatchers ?? [])]) watcher.close();
  }

  /** Reads everything now; the problems say why something stayed as it was. */
  reload(): readonly FileProblem[] {
    this.reloadConfig();
    this.#reread();
    return [...this.#state.configProblems, ...(this.#state.policy?.lastError?.problems ?? [])];
  }

  reloadConfig(): void {
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
        },
      };
      this.#follow(policySource(next, this.#options.policyFile));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      state.configProblems = error.problems.map((problem) => ({ ...problem }));
      state.incident('config-refused', error.message);
    }
    state.onChange();
  }

  #follow(source: PolicySource): void {
    if (source.file === this.#source.file) return;
    this.#source = source;
    this.#policyWatcher?.close();
    this.#watchPolicy();
    this.#reread();
  }

  #reread(): void {
    try {
      this.#take(readPolicySource(this.#source, this.#remote));
    } catch (error) {
      this.#refuse([
        { file: this.#source.file ?? '', message: error instanceof Error ? error.message : String(error) },
      ]);
    }
  }

  /** Word lists and rules beside the policy: a change reads policy and files again, all of them or none. */
  #watchCompanions(): void {
    for (const watcher of this.#companionWatchers ?? []) watcher.close();
    this.#companionWatchers = this.#companions.map((file) => {
      const changed = (): void => {
        this.#state.event('policy-companion-changed', file);
        this.#reread();
      };
      return watchFile({ file, onText: changed, onMissing: changed });
    });
  }

  #watchPolicy(): void {
    const { file } = this.#source;
    if (file === undefined) return;
    this.#policyWatcher = watchFile({
      file,
      onText: (text) => this.#take(readPolicyText(text, file, this.#remote)),
      onMissing: (cause) =>
        this.#refuse([{ file, message: `The file has gone or can't be read: ${cause.message}` }]),
    });
  }

  #take(reading: PolicyReading): void {
    if (!reading.ok) {
      this.#refuse(reading.problems);
      return;
    }
    const before = this.current.identity;
    const { identity } = reading.compiled;
    this.current = reading.compiled;
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
  return (['listen', 'upstream'] as const)
    .filter((field) => JSON.stringify(before.config[field]) !== JSON.stringify(after.config[field]))
    .map((field) => ({
      file,
      field,
      message: `The change of ${field} takes effect at the next start.`,
      mend: 'Restart the agent: postern stop, then postern start.',
    }));
}
