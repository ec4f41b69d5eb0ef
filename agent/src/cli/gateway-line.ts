import type { AgentStatus } from '../serve/contract.ts';
import type { Context } from './context.ts';
import { safe } from './format.ts';

type GatewayStatus = NonNullable<AgentStatus['gateway']>;

/** `up, bifrost at ai.acme.com (12 ms), key ada; $2.50 of $10.00 in 1d`. */
export function describeGateway(colors: Context['colors'], gateway: GatewayStatus): string {
  const { kind, host, state, latencyMs, key, quota } = gateway;
  const paint = { up: colors.green, unknown: colors.dim, degraded: colors.yellow, down: colors.red }[state];
  const near = latencyMs === undefined ? '' : ` (${latencyMs} ms)`;
  const budgets = (quota?.budgets ?? []).map(
    ({ label, spentUsd, limitUsd, window }) =>
      `${label === 'key' ? '' : `${label} `}$${spentUsd.toFixed(2)} of $${limitUsd.toFixed(2)}${window ? ` in ${window}` : ''}`,
  );
  return [
    `${paint(state)}, ${kind} at ${safe(host)}${near}, ${key === undefined ? colors.red('no key') : `key ${safe(key)}`}`,
    ...budgets.slice(0, 3).map(safe),
  ].join('; ');
}
