import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { TrayBridge } from '../shared/bridge.ts';
import type { Translator } from '../shared/i18n/translator.ts';
import type { AgentStore } from './state/agent-store.ts';
import type { Router } from './state/router.ts';

/** What every component may use; made once, when the page starts. */
export interface Services {
  readonly bridge: TrayBridge;
  readonly words: Translator;
  readonly agent: AgentStore;
  readonly router: Router;
  /** Says it to whoever listens to the page instead of looking at it. */
  announce(sentence: string): void;
}

const Context = createContext<Services | undefined>(undefined);
export const { Provider: ServicesProvider } = Context;

export function useServices(): Services {
  const services = useContext(Context);
  if (services === undefined) throw new Error('a component stands outside of the page');
  return services;
}
