import { existsSync, type FSWatcher, watch as watchFolder } from 'node:fs';
import { basename, dirname } from 'node:path';
import { homeFiles } from '../../../agent/src/platform/home.ts';
import { readPrivateFile } from '../../../agent/src/platform/private-files.ts';
import { type Client, createClient, type Watch } from '../../../agent/src/serve/client.ts';
import { type AgentStatus, type Call, CONTRACT, type WatchEvent } from '../../../agent/src/serve/contract.ts';
import { LocalApiError } from '../../../agent/src/serve/local-api-error.ts';
import type { BridgeAnswer, BridgeEvent } from '../shared/bridge.ts';
import { PAGE_CALLS, type PageCall } from '../shared/bridge.ts';

/** Without news from the folder (a network home, a removed one) we look again after this long. */
const LOOK_AGAIN_MS = 60_000;
/** A starting agent writes its token just before it listens; a slow machine takes its time between the two. */
const SETTLE_MS = [150, 500, 1_500, 5_000] as const;

type Listener = (event: BridgeEvent) => void;

/**
 * The one connection to the agent of this home: watches it, and comes back when it does. It doesn't poll: an agent that
 * starts writes its token into the home, and that is when we look. While it is connected there is no timer at all.
 */
export class AgentLink {
  readonly #home: string;
  readonly #listeners = new Set<Listener>();
  #status: AgentStatus | undefined;
  #watch: Watch | undefined;
  #lastEventId: string | undefined;
  #folder: { readonly path: string; readonly watcher: FSWatcher } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #connecting = false;
  /** How often we have looked since the folder's last news. */
  #looked: number = SETTLE_MS.length;
  #lastCode = 'not-running';
  #closed = false;

  constructor(home: string) {
    this.#home = home;
  }

  get status(): AgentStatus | undefined {
    return this.#status;
  }

  open(): void {
    void this.#connect();
  }

  /** The listener hears the state as it is, then every change. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    listener(
      this.#status === undefined
        ? { type: 'disconnected', code: this.#lastCode }
        : { type: 'connected', status: this.#status, missed: true },
    );
    return () => void this.#listeners.delete(listener);
  }

  /** `name` comes from a page: only the calls that pages may make are made. */
  async call(name: string, input: unknown): Promise<BridgeAnswer<unknown>> {
    if (!PAGE_CALLS.includes(name as PageCall))
      return { ok: false, code: 'not-allowed', message: `A page may not call "${name}".` };
    return this.ask(name, input);
  }

  /** A call of the tray's own, by its name in the contract; it may be one that this agent doesn't have. */
  async ask(name: string, input: unknown): Promise<BridgeAnswer<unknown>> {
    try {
      if (!isCall(name)) return { ok: false, code: 'not-found', message: `There is no call "${name}".` };
      // The client checks the input against the contract.
      return { ok: true, output: await this.#client()[name](input as never) };
    } catch (error) {
      if (error instanceof LocalApiError) return { ok: false, code: error.code, message: error.message };
      throw error;
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#forgetFolder();
    this.#watch?.close();
  }

  #client(): Client {
    const { tokenFile, socketPath } = homeFiles(this.#home);
    const token = readPrivateFile(tokenFile);
    if (token === undefined) throw new LocalApiError('not-running', `No agent is running for ${this.#home}.`);
    return createClient(socketPath, token);
  }

  async #connect(): Promise<void> {
    if (this.#connecting || this.#closed || this.#watch !== undefined) return;
    this.#connecting = true;
    clearTimeout(this.#timer);
    try {
      const watch = await this.#client().watch({
        ...(this.#lastEventId !== undefined && { after: this.#lastEventId }),
        onEvent: (event) => this.#heard(event),
        onEnd: () => this.#lost('not-running'),
      });
      if (this.#closed) return watch.close();
      this.#watch = watch;
      this.#status = watch.snapshot;
      this.#forgetFolder();
      this.#tell({ type: 'connected', status: watch.snapshot, missed: watch.missed });
    } catch (error) {
      this.#lost(error instanceof LocalApiError ? error.code : 'unavailable');
    } finally {
      this.#connecting = false;
    }
  }

  #heard(event: WatchEvent): void {
    if (event.type === 'exchange') this.#tell(event);
    if (this.#status === undefined || event.type !== 'change') return;
    const status = { ...this.#status, ...event.status } as AgentStatus;
    for (const key of event.removed) delete (status as Record<string, unknown>)[key];
    this.#status = status;
    this.#tell({ type: 'status', status });
  }

  #lost(code: string): void {
    this.#lastEventId = this.#watch?.lastEventId ?? this.#lastEventId;
    const was = this.#status !== undefined || code !== this.#lastCode;
    this.#watch = undefined;
    this.#status = undefined;
    this.#lastCode = code;
    if (was) this.#tell({ type: 'disconnected', code });
    if (!this.#closed) this.#awaitAgent();
  }

  #awaitAgent(): void {
    this.#lookIn(SETTLE_MS[this.#looked++] ?? LOOK_AGAIN_MS);
    const { tokenFile } = homeFiles(this.#home);
    const [folder, awaited] = nearestFolder(tokenFile);
    if (this.#folder?.path === folder) return;
    this.#forgetFolder();
    try {
      const watcher = watchFolder(folder, (_event, name) => {
        if (name === null || name === awaited) this.#hasNews();
      });
      watcher.on('error', () => this.#forgetFolder());
      this.#folder = { path: folder, watcher };
    } catch {
      // Gone in this moment: the timer looks again.
    }
  }

  #hasNews(): void {
    this.#looked = 1;
    this.#lookIn(SETTLE_MS[0]);
  }

  #lookIn(delayMs: number): void {
    clearTimeout(this.#timer);
    if (!this.#closed) this.#timer = setTimeout(() => void this.#connect(), delayMs);
  }

  #forgetFolder(): void {
    this.#folder?.watcher.close();
    this.#folder = undefined;
  }

  #tell(event: BridgeEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

const isCall = (name: string): name is Call => Object.hasOwn(CONTRACT, name);

/** The folder of a file, or the nearest one above that there is; and the name that is awaited in it. */
function nearestFolder(file: string): readonly [folder: string, awaited: string] {
  const folder = dirname(file);
  return existsSync(folder) || folder === file ? [folder, basename(file)] : nearestFolder(folder);
}
