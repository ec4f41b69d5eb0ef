import { type ReadonlySignal, signal } from '@preact/signals';
import type { PageAddress, PageName } from '../../shared/bridge.ts';

/** Which page is shown. In memory only: the window has no address bar, and its address never holds what a person did. */
export interface Router {
  readonly address: ReadonlySignal<PageAddress>;
  go(address: PageAddress): void;
  /** Closes the decision that is open; the page stays. */
  closeDecision(): void;
  /** The same for the form of a pause that the menu asked for. */
  closePause(): void;
}

export function createRouter(first: PageName): Router {
  const address = signal<PageAddress>({ page: first });
  const stay = (): void => {
    address.value = { page: address.peek().page };
  };
  return {
    address,
    go(to) {
      const { page, decision, pauseMinutes } = address.peek();
      if (to.page !== page || to.decision !== decision || to.pauseMinutes !== pauseMinutes)
        address.value = to;
    },
    closeDecision: stay,
    closePause: stay,
  };
}
