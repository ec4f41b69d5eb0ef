/**
 * The way of one exchange, top to bottom. Bytes became a flow in `intercept/`; here the flow is recognised, checked,
 * decided, enforced, accounted for and handed to the record. Pure: no sockets, files, clocks or timers.
 *
 *   head    recognise the place (catalogue) and the app      → refuse, pass, or read the body
 *   body    read it (dialect) → scan it (guard) → decide     → refuse, forward as it is, or forward patched
 *   answer  frames → events (dialect) → scan → gate          → forward, hold the tail, replace, or cut
 *   end     usage → money → one record: ledger and audit
 */
import type { Authority } from './core/connection.ts';
import type { Flow, Governor, RequestHead } from './core/flow.ts';
import { GovernedFlow } from './journey/governed-flow.ts';
import { PinnedHosts } from './journey/pinned-hosts.ts';
import type { JourneyPorts } from './journey/ports.ts';
import { ungovernedFlow } from './journey/ungoverned-flow.ts';

export function createJourney(ports: JourneyPorts): Governor {
  const pinned = new PinnedHosts();
  const event = (code: string, detail: string): void =>
    ports.recorder.event({
      id: ports.newId(),
      atMs: ports.nowMs(),
      code,
      detail,
      policy: ports.policy().identity,
    });

  return {
    routeConnection({ host }) {
      const policy = ports.policy();
      if (policy.route(host) === 'tunnel') return 'tunnel';
      const mayTunnel = policy.policy.failure.pinnedClient === 'tunnel';
      return mayTunnel && pinned.refusesUs(host, ports.nowMs()) ? 'tunnel' : 'inspect';
    },

    openFlow(head: RequestHead): Flow {
      const { host } = head.authority;
      const policy = ports.policy();
      pinned.accepted(host);
      const location = policy.locate(host, head.method, head.path, head.webSocket);
      return location === undefined ? ungovernedFlow : new GovernedFlow(ports, policy, head, location);
    },

    handshakeFailed({ host }: Authority, cause: string) {
      const state = pinned.failed(host, ports.nowMs());
      event('handshake-failed', `${host}: ${cause}`);
      if (state === 'now-pinned') event('pinned-client', `${host}: no client accepts our certificate`);
    },

    incident: event,
  };
}
