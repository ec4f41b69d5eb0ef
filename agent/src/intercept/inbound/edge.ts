/**
 * What every part of the client-facing edge shares. `inbound/` takes bytes from clients and drives the governor and
 * its flows in order; it decides nothing itself, opens no connection of its own (that is `outgoing`), keeps nothing
 * on disk, and never forwards a byte that a flow has not agreed to.
 */
import type { Connection } from '../../core/connection.ts';
import type { Governor } from '../../core/flow.ts';
import type { ClientProcesses } from '../../core/process.ts';
import type { CertificateSource, Outgoing, RelayWebSocket } from '../ports.ts';
import { type ClientEnd, ClientEnds } from './client-ends.ts';

export interface EdgeOptions {
  readonly governor: Governor;
  readonly certificates: CertificateSource;
  readonly outgoing: Outgoing;
  readonly relayWebSocket: RelayWebSocket;
  /** Absent: nobody is looked up. */
  readonly processes?: ClientProcesses;
  newId(): string;
  nowMs(): number;
}

/** What became of connections and requests since the start. */
export interface EdgeCounters {
  connects: number;
  tunnels: number;
  inspected: number;
  flows: number;
  webSockets: number;
  /** Refused by the edge itself: bad grammar, forbidden target, names that don't agree. */
  refused: number;
  clientErrors: number;
  handshakeFailures: number;
  floods: number;
  /** A governor or flow method threw. */
  flowFailures: number;
}

export interface EdgeGauges {
  connections: number;
  tunnels: number;
  flows: number;
  webSockets: number;
}

export class Edge {
  readonly options: EdgeOptions;
  readonly counters: EdgeCounters = {
    connects: 0,
    tunnels: 0,
    inspected: 0,
    flows: 0,
    webSockets: 0,
    refused: 0,
    clientErrors: 0,
    handshakeFailures: 0,
    floods: 0,
    flowFailures: 0,
  };
  readonly gauges: EdgeGauges = { connections: 0, tunnels: 0, flows: 0, webSockets: 0 };
  readonly clients: ClientEnds;
  /** The listener's own port, once it listens. */
  ownPort = 0;
  /** Set while the agent drains: answers end their connections. */
  closing = false;
  onIdle: (() => void) | undefined;

  constructor(options: EdgeOptions) {
    this.options = options;
    this.clients = new ClientEnds(options.processes, () => this.ownPort);
  }

  connection(
    target: Connection['target'],
    clientPort: number | undefined,
    serverName: string | undefined,
    protocol: Connection['protocol'],
    client: ClientEnd | undefined,
  ): Connection {
    const { newId, nowMs } = this.options;
    const common = { id: newId(), openedAtMs: nowMs(), target, clientPort: clientPort ?? 0 };
    const connection = { ...common, process: client?.process, serverName, protocol };
    client?.whenFound((process) => {
      connection.process = process;
    });
    return connection;
  }

  flowOpened(): void {
    this.counters.flows++;
    this.gauges.flows++;
  }

  flowClosed(): void {
    this.gauges.flows--;
    if (this.gauges.flows === 0) this.onIdle?.();
  }

  /** A flow became a WebSocket, which may live for days: draining doesn't wait for it. */
  flowSwitched(): void {
    this.counters.webSockets++;
    this.gauges.webSockets++;
    this.flowClosed();
  }

  webSocketClosed(): void {
    this.gauges.webSockets--;
  }

  /** A defect on our side of the port: counted, told, and never a reason to forward unseen bytes. */
  flowThrew(error: unknown): void {
    this.counters.flowFailures++;
    this.incident('flow-threw', error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  }

  incident(code: string, detail: string): void {
    try {
      this.options.governor.incident(code, detail);
    } catch {
      // Nobody is left to tell; the counter is what status shows.
      this.counters.flowFailures++;
    }
  }
}
