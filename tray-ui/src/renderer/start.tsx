import { effect, signal } from '@preact/signals';
import { render } from 'preact';
import type { TrayBridge } from '../shared/bridge.ts';
import { createTranslator } from '../shared/i18n/translator.ts';
import { trayState } from '../shared/tray-state.ts';
import { type Services, ServicesProvider } from './context.ts';
import { Shell } from './shell/shell.tsx';
import { createAgentStore } from './state/agent-store.ts';
import { createRouter } from './state/router.ts';

/** Shows the window, and joins it to the agent by the bridge. */
export function startApp(bridge: TrayBridge): void {
  const root = document.getElementById('app');
  if (root === null) throw new Error('the page has no #app');
  const words = createTranslator(bridge.locales);
  document.documentElement.lang = words.locale;
  const announcement = signal('');
  const announce = (sentence: string): void => {
    announcement.value = sentence;
  };
  const router = createRouter('now');
  const agent = createAgentStore(bridge, (to) => router.go(to));
  const services: Services = { bridge, words, router, agent, announce };

  // Whoever can't see the icon hears when the answer to "am I protected?" changes.
  let said: string | undefined;
  effect(() => {
    if (agent.connection.value.state === 'connecting') return;
    const { sentence } = trayState(agent.status.value, words);
    if (said !== undefined && said !== sentence) announce(sentence);
    if (said === undefined) performance.mark('postern-answer');
    said = sentence;
  });

  render(
    <ServicesProvider value={services}>
      <Shell announcement={announcement} />
    </ServicesProvider>,
    root,
  );
}
