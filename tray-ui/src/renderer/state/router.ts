import { type ReadonlySignal, signal } from '@preact/signals';
import type { PageAddress, PageName } from '../../shared/bridge.ts';

/** Which page is shown. In memory only: the window has no address bar, and its address never holds what a person did. */
export interface Router {
  readonly address: ReadonlySignal<PageAddress>;
  go(address: PageAddress): void;
  /** Closes the decision that is open; the page stays. */
  closeDecision(): void;
}

export function createRouter(first: PageName): Router {
  const address = signal<PageAddress>({ page: first });
  return {
    address,
    go(to) {
      const { page, decision } = address.peek();
      if (to.page !== page || to.decision !== decision) address.value = to;
    },
    closeDecision() {
      address.value = { page: address.peek().page };
    },
  };
}
