import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { CallInput, CallOutput } from '../../../../agent/src/serve/contract.ts';
import type { PageCall } from '../../shared/bridge.ts';
import { useServices } from '../context.ts';
import type { Failure } from './failure.ts';

export interface Answer<Output> {
  readonly asking: boolean;
  /** The last answer; stays while the next one is on its way. */
  readonly value: Output | undefined;
  readonly failure: Failure | undefined;
}

interface Asked<Output> extends Answer<Output> {
  readonly ask: () => void;
}

const NOTHING = { asking: false, value: undefined, failure: undefined } as const;

/**
 * Asks the agent when the component appears, when `input` changes, and when the agent has come back; `later` waits for
 * `ask`. An answer that was overtaken by a newer question is dropped.
 */
export function useAnswer<Name extends PageCall>(
  name: Name,
  input: CallInput<Name>,
  when: 'now' | 'later' = 'now',
): Asked<CallOutput<Name>> {
  const { bridge, agent } = useServices();
  const [answer, setAnswer] = useState<Answer<CallOutput<Name>>>(NOTHING);
  const latest = useRef(0);
  const key = JSON.stringify(input);
  const round = agent.round.value;
  const connected = agent.connection.value.state === 'connected';

  const ask = useCallback(() => {
    latest.current += 1;
    const mine = latest.current;
    setAnswer((before) => ({ ...before, asking: true }));
    void bridge.call(name, JSON.parse(key) as CallInput<Name>).then((said) => {
      if (mine !== latest.current) return;
      if (said.ok) setAnswer({ asking: false, value: said.output, failure: undefined });
      else setAnswer((before) => ({ asking: false, value: before.value, failure: said }));
    });
  }, [bridge, name, key]);

  useEffect(() => {
    if (when === 'now' && connected && round >= 0) ask();
  }, [ask, when, connected, round]);

  useEffect(
    () => () => {
      latest.current += 1;
    },
    [],
  );

  return { ...answer, ask };
}
