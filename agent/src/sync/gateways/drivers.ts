/** The gateways that Postern knows, in one explicit list. Nothing in here opens a socket. */
import type { GatewayDriver, GatewayKind } from '../../core/gateway.ts';
import { bifrost } from './bifrost.ts';
import { litellm } from './litellm.ts';
import { openaiCompatible } from './openai-compatible.ts';
import { portkey } from './portkey.ts';
import type { GatewaySettings } from './settings.ts';

const DRIVERS: Readonly<Record<GatewayKind, (settings: GatewaySettings) => GatewayDriver>> = {
  bifrost,
  litellm,
  portkey,
  generic: openaiCompatible,
};

export const driverFor = (kind: GatewayKind, settings: GatewaySettings): GatewayDriver =>
  DRIVERS[kind](settings);
