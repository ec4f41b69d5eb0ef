/** Joins the configured gateway to keys, money, the way out, and status. */
import { priceList } from '../account/price-list.ts';
import type { SpendBook } from '../account/spend/spend-book.ts';
import type { VirtualKeys } from '../core/identity.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import type { Outgoing } from '../intercept/ports.ts';
import { isRouted } from '../journey/routed-call.ts';
import type { AgentStatus } from '../serve/contract.ts';
import type { Config } from '../sync/config-schema.ts';
import { CentralGateway, type GatewayView } from '../sync/gateways/central-gateway.ts';
import { baseUrlsOf, type GatewayConfig } from '../sync/gateways/config.ts';
import { scheduleGateway } from '../sync/gateways/schedule.ts';
import type { GatewaySettings } from '../sync/gateways/settings.ts';
import { sendThrough } from './send-http.ts';

export interface GatewayParts {
  readonly outgoing: Outgoing;
  readonly keys: VirtualKeys;
  readonly book: SpendBook;
  incident(code: string, detail: string): void;
  onChange(): void;
}

/** The gateway of the configuration in force; another one takes over for calls that begin after it. */
export class GatewayKeeper {
  readonly #parts: GatewayParts;
  #following = '';
  #opened: { readonly gateway: CentralGateway; close(): void } | undefined;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
  }

  get current(): CentralGateway | undefined {
    return this.#opened?.gateway;
  }

  follow(config: Config): void {
    const wanted = JSON.stringify(config.gateway ?? null);
    if (wanted === this.#following) return;
    this.#following = wanted;
    this.#opened?.close();
    this.#opened = config.gateway === undefined ? undefined : openGateway(config.gateway, this.#parts);
    this.#parts.onChange();
  }

  close(): void {
    this.#opened?.close();
  }
}

function openGateway(gatewayConfig: GatewayConfig, parts: GatewayParts) {
  // A call must not wait for the list: its cost is counted against the key's budget before it is sent.
  priceList();
  const gateway = new CentralGateway({
    kind: gatewayConfig.kind,
    baseUrls: baseUrlsOf(gatewayConfig),
    settings: gatewaySettings(gatewayConfig),
    attribution: gatewayConfig.attribution,
    keys: parts.keys,
    send: sendThrough(parts.outgoing, { configured: true }),
    spentHere: (terms, key) => parts.book.state({ terms, subject: key }).spent.nanoUsd,
    nowMs: () => Date.now(),
    log: parts.incident,
    onChange: parts.onChange,
  });
  const schedule = scheduleGateway(gateway);
  const close = (): void => {
    schedule.close();
    gateway.close();
  };
  return { gateway, close };
}

export function gatewaySettings(config: GatewayConfig): GatewaySettings {
  const { models, providers, headers, modelPrefix, keyHeader, dialects } = config;
  return {
    models,
    providers,
    headers,
    ...(modelPrefix !== undefined && { modelPrefix }),
    ...(keyHeader !== undefined && { keyHeader }),
    ...(dialects !== undefined && { dialects }),
  };
}

/** As status tells of it. */
export function gatewayStatus(view: GatewayView | undefined): Pick<AgentStatus, 'gateway'> {
  if (view === undefined) return {};
  const { endpoints, quota, ...rest } = view;
  return {
    gateway: {
      ...rest,
      endpoints: endpoints.map((endpoint) => ({ ...endpoint })),
      ...(quota !== undefined && { quota: toView(quota) }),
    },
  };
}

const toView = ({ budgets, rates, allowedModels, ...rest }: NonNullable<GatewayView['quota']>) => ({
  ...rest,
  budgets: [...budgets],
  rates: [...rates],
  ...(allowedModels !== undefined && { allowedModels: [...allowedModels] }),
});

interface Problem {
  readonly code: string;
  readonly text: string;
  readonly mend?: string;
}

export const usesGateway = ({ policy }: CompiledPolicy): boolean =>
  policy.services.some(({ mode }) => isRouted(mode));

/** What is wrong between policy and gateway, and what to do about it. */
export function gatewayProblems(
  policy: CompiledPolicy | undefined,
  view: GatewayView | undefined,
): Problem[] {
  if (policy === undefined || !usesGateway(policy)) return [];
  if (view === undefined) {
    return [
      {
        code: 'no-gateway',
        text: 'The policy sends services through a gateway, and none is configured: those calls are refused.',
        mend: 'Set `gateway` in the configuration, or those services to mode: direct.',
      },
    ];
  }
  const problems: Problem[] = [];
  if (view.key === undefined) {
    problems.push({
      code: 'gateway-no-key',
      text: 'There is no virtual key for the gateway: its calls are refused.',
      mend: 'Sign in with `postern login`, or set gateway.virtualKey in the configuration.',
    });
  }
  const down = view.endpoints.filter(({ state }) => state === 'down');
  if (down.length > 0) {
    const { gatewayDown } = policy.policy.failure;
    const then = {
      refuse: 'calls are refused',
      direct: 'calls go to their providers',
      tunnel: 'calls pass unseen',
    };
    const all = view.state === 'down';
    problems.push({
      code: all ? 'gateway-down' : 'gateway-degraded',
      text: all
        ? `The company's AI gateway can't be reached: ${then[gatewayDown]} (${causesOf(down)}).`
        : `A part of the company's AI gateway can't be reached; another takes the calls (${causesOf(down)}).`,
      mend: mendFor(down[0]?.cause),
    });
  }
  if (view.quota?.active === false)
    problems.push({
      code: 'gateway-key-inactive',
      text: `The gateway has switched off the key "${view.key ?? ''}".`,
      mend: 'Choose another key, or ask whoever runs the gateway.',
    });
  if (view.quotaProblem !== undefined && view.state !== 'down')
    problems.push({
      code: 'gateway-quota-unknown',
      text: `The gateway's quota can't be read: ${view.quotaProblem}.`,
    });
  return problems;
}

const causesOf = (down: readonly { readonly url: string; readonly cause?: string | undefined }[]): string =>
  down.map(({ url, cause }) => `${url}: ${cause ?? 'no answer'}`).join(', ');

function mendFor(cause = ''): string {
  if (cause === 'not-a-gateway')
    return 'Something else answers there: sign in to the network (hotel, guest WLAN), or correct gateway.baseUrl.';
  if (cause.startsWith('proxy-'))
    return 'The company proxy is in the way: check upstream.proxy and its credentials.';
  if (cause.startsWith('certificate-'))
    return 'Its certificate is not trusted: check the clock, or add the company CA as upstream.extraCaFile.';
  if (cause.startsWith('dns-')) return 'Its name is not found: check the network, VPN and gateway.baseUrl.';
  return 'Check network and VPN; if both work, tell whoever runs the gateway.';
}
