import { canConnect, canTunnel } from '../../sync/probes.ts';

const TIMEOUT_MS = 3000;

/** Whether a server answers at all, the way the agent would go to it; undefined if it does, else why not. */
export async function reach(
  { hostname, port, protocol }: URL,
  proxy: string | undefined,
): Promise<string | undefined> {
  const target = hostname.replace(/^\[|\]$/g, '');
  const portNumber = Number(port || (protocol === 'https:' ? 443 : 80));
  if (proxy === undefined) {
    const probe = await canConnect(target, portNumber, TIMEOUT_MS);
    return probe.ok ? undefined : probe.why;
  }
  const probe = await canTunnel(proxy, target, portNumber, TIMEOUT_MS);
  if (!probe.ok) return probe.why;
  return probe.value === 200 ? undefined : `the proxy answers ${probe.value}`;
}
