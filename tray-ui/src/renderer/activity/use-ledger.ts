import { useCallback, useEffect, useReducer, useRef, useState } from 'preact/hooks';
import { useServices } from '../context.ts';
import type { CallFilter } from './filter.ts';
import { Ledger } from './ledger.ts';

interface LedgerOnPage {
  readonly ledger: Ledger | undefined;
  /** Calls that came while the person was further down; they are let in with `letIn`. */
  readonly waiting: number;
  letIn(): void;
}

/** The ledger of a filter, live. `isAtTop`: whether new rows may push the others down now. */
export function useLedger(filter: CallFilter, isAtTop: () => boolean): LedgerOnPage {
  const { bridge, agent } = useServices();
  const [ledger, setLedger] = useState<Ledger>();
  const [waiting, setWaiting] = useState(0);
  const [, redraw] = useReducer((count: number, _: undefined) => count + 1, 0);
  const held = useRef<(() => void)[]>([]);
  const round = agent.round.value;
  const connected = agent.connection.value.state === 'connected';

  const letIn = useCallback(() => {
    if (held.current.length === 0) return;
    for (const add of held.current.splice(0)) add();
    setWaiting(0);
  }, []);

  useEffect(() => {
    if (!connected || round < 0) return;
    const fresh = new Ledger(
      filter,
      (input) => bridge.call('exchanges', input),
      () => redraw(undefined),
    );
    held.current = [];
    setWaiting(0);
    setLedger(fresh);
    void fresh.more();
    const stop = agent.onExchange((exchange) => {
      if (isAtTop() && held.current.length === 0) {
        if (fresh.add(exchange)) redraw(undefined);
      } else {
        held.current.push(() => fresh.add(exchange));
        setWaiting(held.current.length);
      }
    });
    return () => {
      stop();
      fresh.close();
    };
  }, [bridge, agent, filter, round, connected, isAtTop]);

  return { ledger, waiting, letIn };
}
