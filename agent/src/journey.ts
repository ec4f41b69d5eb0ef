/**
 * The way of one exchange, top to bottom. Bytes became a flow in `intercept/`; here the flow is recognised, checked,
 * decided, enforced, accounted for and handed to the record. Pure: no sockets, files, clocks or timers.
 *
 *   head    recognise the place (catalogue) and the app      → refuse, pass, or read the body
 *   body    read it (dialect) → scan it (guard) → decide     → refuse, forward as it is, or forward patched
 *   answer  frames → events (dialect) → scan → gate          → forward, hold the tail, replace, or cut
 *   end     usage → money → one record: ledger and audit
 */
import type { Authority, Connection } from './core/connection.ts';
import type { Flow, Governor, RequestHead } from './core/flow.ts';
import { type ProcessIdentity, processWords } from './core/process.ts';
import type { CompiledPolicy } from './decide/compile.ts';
import { ChallengedHosts } from './journey/challenged-hosts.ts';
import { GovernedFlow } from './journey/governed-flow.ts';
import { handshakeWords, PinnedHosts } from './journey/pinned-hosts.ts';
import type { JourneyPorts } from './journey/ports.ts';
import { Turns } from './journey/turns.ts';
import { ungovernedFlow } from './journey/ungoverned-flow.ts';

/** Alerts that say: this certificate, no other reason. A reset may be a preconnect, a bug or a lost network. */
const REFUSED_CERTIFICATE: ReadonlySet<string> = new Set([
  'unknown-ca',
  'certificate-unknown',
  'bad-certificate',
]);

/**
 * Programs that call an API don't pin it: they lack trust in the device CA, and three retries of one script must not
 * open the host for every prompt. Only a vendor's own app on its own host can be meant; no browser, and nothing that
 * runs anybody's scripts (curl, Python).
 */
function mayBePinned(
  policy: CompiledPolicy,
  host: string,
  cause: string,
  process: ProcessIdentity | undefined,
): boolean {
  const kind = policy.locate(host, 'GET', '/', false)?.service.kind;
  if (kind === undefined || kind === 'api' || !REFUSED_CERTIFICATE.has(cause)) return false;
  return process === undefined || policy.mayPin(process);
}

/**
 * A body is read whatever the method says: servers that know `X-HTTP-Method-Override` or read the body of a GET take
 * it for a POST.
 */
function locate(
  policy: CompiledPolicy,
  { authority: { host }, method, path, hasBody, webSocket }: RequestHead,
) {
  const location = policy.locate(host, method, path, webSocket);
  if (!hasBody || location === undefined || location.pathRule !== undefined) return location;
  return policy.locate(host, 'POST', path, webSocket);
}

export function createJourney(given: JourneyPorts): Governor {
  const ports: JourneyPorts = { ...given, turns: new Turns() };
  const pinned = new PinnedHosts();
  const challenged = new ChallengedHosts();
  const event = (code: string, detail: string): void =>
    ports.recorder.event({
      id: ports.newId(),
      atMs: ports.nowMs(),
      code,
      detail,
      policy: ports.policy().identity,
    });

  return {
    routeConnection({ host }, client) {
      // Its apps may pin it, and its own sign-in is no call to a model.
      if (ports.gateway?.()?.isOwnHost(host) === true) return 'tunnel';
      const policy = ports.policy();
      if (policy.route(host) === 'tunnel') return 'tunnel';
      const { pinnedClient, challengedSite } = policy.policy.failure;
      const nowMs = ports.nowMs();
      if (challengedSite === 'tunnel' && challenged.isOpen(host, nowMs)) return 'tunnel';
      if (!pinned.hasFailures(host, nowMs)) return 'inspect';
      if (client === undefined) return 'ask-process';
      return pinnedClient === 'tunnel' && pinned.refusesUs(host, client.process, nowMs)
        ? 'tunnel'
        : 'inspect';
    },

    openFlow(head: RequestHead, { process }: Connection): Flow {
      const { host } = head.authority;
      const policy = ports.policy();
      pinned.accepted(host, process);
      const location = locate(policy, head);
      if (location === undefined) return ungovernedFlow;
      // Programs that call an API are no browsers, whatever it says.
      if (location.service.kind !== 'web') return new GovernedFlow(ports, policy, head, location, process);
      return new GovernedFlow(ports, policy, head, location, process, () => {
        if (challenged.challenged(host, ports.nowMs()) === 'now-open')
          event('challenged-site', `${host}: it takes us for a robot`);
      });
    },

    handshakeFailed(target: Authority, cause: string, process?: ProcessIdentity) {
      const { host } = target;
      event('handshake-failed', handshakeWords(target, cause, process));
      if (!mayBePinned(ports.policy(), host, cause, process)) return;
      if (pinned.failed(host, process, ports.nowMs()) === 'counted') return;
      const who = process === undefined ? 'no client accepts' : `${processWords(process)} doesn't accept`;
      event('pinned-client', `${host}: ${who} our certificate`);
    },

    incident: event,
  };
}
