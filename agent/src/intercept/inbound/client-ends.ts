/** The programs at the clients' ends: looked up beside the TLS handshake, once per connection that is inspected. */
import type { Socket } from 'node:net';
import type { ClientProcesses, ProcessIdentity } from '../../core/process.ts';

export class ClientEnd {
  /** Undefined: not found, or not yet. */
  process: ProcessIdentity | undefined;
  /** Ends when the client is known, or when nobody will wait for it any longer; never rejects. Then undefined. */
  pending: Promise<void> | undefined;
  readonly found: Promise<ProcessIdentity | undefined>;

  constructor(found: Promise<ProcessIdentity | undefined>, patienceMs: number) {
    this.found = found;
    const { promise, resolve } = Promise.withResolvers<void>();
    const settle = (): void => {
      clearTimeout(timer);
      this.pending = undefined;
      resolve();
    };
    const timer = setTimeout(settle, patienceMs);
    this.pending = promise;
    void found.then((process) => {
      this.process = process;
      settle();
    });
  }

  /** Calls back if the client comes to be known later than now. */
  whenFound(callback: (process: ProcessIdentity | undefined) => void): void {
    if (this.process === undefined) void this.found.then(callback);
  }
}

/** Goes on once it is known who asks, or nobody waits for that any longer; not at all if they have left by then. */
export function whenKnown(
  client: ClientEnd | undefined,
  asked: { readonly destroyed: boolean },
  go: () => void,
): void {
  if (client?.pending === undefined) go();
  else
    void client.pending.then(() => {
      if (!asked.destroyed) go();
    });
}

export class ClientEnds {
  readonly #processes: ClientProcesses | undefined;
  readonly #ownPort: () => number;
  /** By the client's port: sockets that TLS was laid over tell it, and little else. */
  readonly #byPort = new Map<number, ClientEnd>();

  constructor(processes: ClientProcesses | undefined, ownPort: () => number) {
    this.#processes = processes;
    this.#ownPort = ownPort;
  }

  /** Looks up who is at the other end of this socket, unless that was begun before. */
  lookUp(socket: Socket): ClientEnd | undefined {
    const port = socket.remotePort;
    if (this.#processes === undefined || port === undefined) return undefined;
    const known = this.#byPort.get(port);
    if (known !== undefined) return known;
    const found = this.#processes.find(port, this.#ownPort(), () => socket.destroyed);
    const end = new ClientEnd(found, this.#processes.patienceMs());
    this.#byPort.set(port, end);
    // The port may be another client's by then.
    socket.once('close', () => {
      if (this.#byPort.get(port) === end) this.#byPort.delete(port);
    });
    return end;
  }

  at(port: number | undefined): ClientEnd | undefined {
    return port === undefined ? undefined : this.#byPort.get(port);
  }
}
