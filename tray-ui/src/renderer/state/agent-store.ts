import { type ReadonlySignal, signal } from '@preact/signals';
import type { AgentStatus, ExchangeView } from '../../../../agent/src/serve/contract.ts';
import type { BridgeEvent, PageAddress, TrayBridge } from '../../shared/bridge.ts';

export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'connected' }
  | { readonly state: 'disconnected'; readonly code: string };

export interface AgentStore {
  readonly connection: ReadonlySignal<Connection>;
  /** Undefined while no agent answers: what was true then is no news about now. */
  readonly status: ReadonlySignal<AgentStatus | undefined>;
  /** Rises when calls may have ended unseen: what was listed before must be listed again. */
  readonly round: ReadonlySignal<number>;
  onExchange(listener: (exchange: ExchangeView) => void): () => void;
}

/** Joins the bridge's events to signals. Nothing here asks by itself: the agent tells. */
export function createAgentStore(bridge: TrayBridge, navigate: (to: PageAddress) => void): AgentStore {
  const connection = signal<Connection>({ state: 'connecting' });
  const status = signal<AgentStatus | undefined>(undefined);
  const round = signal(0);
  const listeners = new Set<(exchange: ExchangeView) => void>();

  function heard(event: BridgeEvent): void {
    switch (event.type) {
      case 'connected':
        status.value = event.status;
        connection.value = { state: 'connected' };
        if (event.missed) round.value += 1;
        return;
      case 'status':
        status.value = event.status;
        return;
      case 'exchange':
        for (const listener of listeners) listener(event.exchange);
        return;
      case 'disconnected':
        status.value = undefined;
        connection.value = { state: 'disconnected', code: event.code };
        return;
      case 'navigate':
        navigate(event.to);
    }
  }

  bridge.subscribe(heard);
  return {
    connection,
    status,
    round,
    onExchange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
