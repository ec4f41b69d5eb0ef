/** The real local API on its real socket, in front of a state that the test sets. */
import { mkdirSync } from 'node:fs';
import { homeFiles } from '../../agent/src/platform/home.ts';
import { writePrivateFile } from '../../agent/src/platform/private-files.ts';
import type { AgentStatus, ExchangeView, Handlers } from '../../agent/src/serve/contract.ts';
import { createLocalApi } from '../../agent/src/serve/local-api.ts';
import { handlers, healthyStatus, NO_ADMIN, oneExchange } from './agent-status.ts';

export interface ScriptedAgent {
  /** Replaces what differs from a healthy agent. */
  is(changes: Partial<AgentStatus>): void;
  ended(exchange: Partial<ExchangeView>): void;
  close(): Promise<void>;
}

export async function scriptedAgent(home: string, changes: Partial<Handlers> = {}): Promise<ScriptedAgent> {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  let status = healthyStatus();
  const { socketPath, tokenFile } = homeFiles(home);
  const api = await createLocalApi({
    socketPath,
    tokenFile,
    writePrivateFile,
    handlers: handlers({ status: () => status, exchanges: () => ({ exchanges: [] }), ...changes }),
    admin: NO_ADMIN,
    onRefused: () => undefined,
    onInternalError: (call, error) => {
      throw new Error(`${call} failed`, { cause: error });
    },
  });
  return {
    is(next) {
      status = healthyStatus(next);
      api.changed();
    },
    ended: (exchange) => api.exchangeEnded(() => oneExchange({ endedAtMs: Date.now(), ...exchange })),
    close: () => api.close(),
  };
}
