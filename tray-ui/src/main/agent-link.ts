import { type FSWatcher, watch as watchFolder } from 'node:fs';
import { basename, dirname } from 'node:path';
import { homeFiles } from '../../../agent/src/platform/home.ts';
import { readPrivateFile } from '../../../agent/src/platform/private-files.ts';
import { type Client, createClient, type Watch } from '../../../agent/src/serve/client.ts';
import type { AgentStatus, WatchEvent } from '../../../agent/src/serve/contract.ts';
import { LocalApiError } from '../../../agent/src/serve/local-api-error.ts';
import type { BridgeAnswer, BridgeEvent } from '../shared/bridge.ts';
import { PAGE_CALLS, type PageCall } from '../shared/bridge.ts';

/** Without news from the folder (a network home, a removed one) we look again after this long. */
const LOOK_AGAIN_MS = 60_000;
/** A starting agent writes its token just before it listens. */
const SETTLE_MS = 150;

type Listener = (event: BridgeEvent) => void;

/**
 * The one connection to the agent of this home: watches it, and comes back when it does. It doesn't poll: an agent that
 * starts writes its token into the home, and that is when we look.
 */
export class AgentLink {
  readonly #home: string;
  readonly #listeners = new Set<Listener>();
  #status: AgentStatus | undefined;
  #watch: Watch | undefined;
  #lastEventId: string | undefined;
  #folder: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #connecting = false;
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
    try {
      // The client checks the input against the contract.
      const output = await this.#client()[name as PageCall](input as never);
      return { ok: true, output };
    } catch (error) {
      if (error instanceof LocalApiError) return { ok: false, code: error.code, message: error.message };
      throw error;
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#folder?.close();
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
      this.#folder?.close();
      this.#folder = undefined;
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
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#connect(), LOOK_AGAIN_MS);
    if (this.#folder !== undefined) return;
    const { tokenFile } = homeFiles(this.#home);
    try {
      this.#folder = watchFolder(dirname(tokenFile), (_event, name) => {
        if (name !== null && name !== basename(tokenFile)) return;
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => void this.#connect(), SETTLE_MS);
      });
      this.#folder.on('error', () => this.#forgetFolder());
    } catch {
      // No home yet: the timer looks again.
      this.#folder = undefined;
    }
  }

  /** The folder is gone; the timer looks again. */
  #forgetFolder(): void {
    this.#folder?.close();
    this.#folder = undefined;
  }

  #tell(event: BridgeEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
