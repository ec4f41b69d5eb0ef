/** The real gateway port without a network: everything is answered from memory, and nothing is fetched by itself. */
import type { GatewayKind } from '../../../agent/src/core/gateway.ts';
import type { SendHttp } from '../../../agent/src/core/http.ts';
import type { KeyRefusal, VirtualKey, VirtualKeys } from '../../../agent/src/core/identity.ts';
import { CentralGateway } from '../../../agent/src/sync/gateways/central-gateway.ts';
import { type GatewaySettings, NO_SETTINGS } from '../../../agent/src/sync/gateways/settings.ts';
import { NOW_MS } from '../decide.ts';

export const SECRET = 'vk-secret-of-the-gateway';

export interface TestKeys extends VirtualKeys {
  use(key: VirtualKey | undefined): void;
  readonly refusals: [string, KeyRefusal][];
  /** Names, in order. */
  readonly acceptances: string[];
}

export function testKeys(first: VirtualKey = { name: 'ada', secret: SECRET }): TestKeys {
  let key: VirtualKey | undefined = first;
  const listeners: (() => void)[] = [];
  const refusals: [string, KeyRefusal][] = [];
  const acceptances: string[] = [];
  return {
    active: () => key,
    accepted: ({ name }) => void acceptances.push(name),
    refused: (name, why) => void refusals.push([name, why]),
    onChange: (listener) => {
      listeners.push(listener);
      return () => undefined;
    },
    use: (next) => {
      key = next;
      for (const listener of listeners) listener();
    },
    refusals,
    acceptances,
  };
}

export interface CentralOptions {
  readonly kind?: GatewayKind;
  readonly baseUrls?: readonly string[];
  readonly settings?: Partial<GatewaySettings>;
  readonly keys?: TestKeys;
  readonly send?: SendHttp;
  readonly nowMs?: () => number;
  readonly attribution?: boolean;
  readonly log?: (code: string, detail: string) => void;
}

export const openCentral = (options: CentralOptions = {}): CentralGateway =>
  new CentralGateway({
    kind: options.kind ?? 'bifrost',
    baseUrls: options.baseUrls ?? ['https://ai.acme.com'],
    settings: { ...NO_SETTINGS, ...options.settings },
    attribution: options.attribution ?? true,
    keys: options.keys ?? testKeys(),
    send: options.send ?? (() => Promise.reject(new Error('tests send nothing'))),
    spentHere: () => 0,
    nowMs: options.nowMs ?? (() => NOW_MS),
    log: options.log ?? (() => undefined),
    onChange: () => undefined,
  });
