/**
 * Carries an upgraded pair of sockets. Either blindly, or message by message with the governor's consent: frames are
 * parsed (RFC 6455), compressed messages inflated (RFC 7692), and what isn't changed goes on as the very bytes that
 * came. It owns the two sockets from here to their end; it opens none, keeps no text, and decides nothing itself.
 */
import type { RelayWebSocket } from '../ports.ts';
import { GovernedRelay } from './governed-relay.ts';
import { agreedExtensions } from './permessage-deflate.ts';
import { relayBytes } from './raw-relay.ts';
import type { RelayLimits } from './relay-limits.ts';

const DEFAULT_LIMITS: RelayLimits = {
  maxMessageBytes: 33_554_432,
  closeTimeoutMs: 30_000,
  lingerMs: 2000,
};

export function createRelayWebSocket(limits: Partial<RelayLimits> = {}): RelayWebSocket {
  const all = { ...DEFAULT_LIMITS, ...limits };
  return (pair, plan) => {
    if (plan.type === 'relay') return relayBytes(pair);
    const agreed = agreedExtensions(pair.extensions);
    const compression = agreed.type === 'deflate' ? agreed.compression : undefined;
    const relay = new GovernedRelay(pair, plan, compression, all);
    if (agreed.type === 'unreadable') return relay.refuse('unsupported-extension');
    return relay.run(pair.clientHead, pair.upstreamHead);
  };
}
