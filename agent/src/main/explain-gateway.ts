import { isRefusal } from '../core/decision.ts';
import type { CompiledPolicy } from '../decide/compile.ts';
import type { ExplainInput, Explanation } from '../decide/explain.ts';
import { noGateway, noKey, notServed, withReason } from '../journey/gateway-words.ts';
import { outboundTo } from '../journey/outbound-headers.ts';
import { isRouted } from '../journey/routed-call.ts';
import type { Config } from '../sync/config-schema.ts';
import { baseUrlsOf } from '../sync/gateways/config.ts';
import { driverFor } from '../sync/gateways/drivers.ts';
import { gatewaySettings } from './gateway.ts';

/**
 * The same last word as on the real way, as far as the configuration tells: without an agent nobody knows whether the
 * gateway answers, or what its keys may still spend.
 */
export function throughGateway(
  judged: Explanation,
  { shadow }: CompiledPolicy,
  { gateway: config }: Config,
  input: ExplainInput,
  url: URL,
): { readonly explained: Explanation; readonly note?: string } {
  const { mode, route } = judged;
  if (route === 'tunnel' || input.type === 'unlisted' || !isRouted(mode) || isRefusal(judged.effective))
    return { explained: judged };
  if (shadow)
    return {
      explained: { ...judged, mode: 'direct' },
      note: `mode ${mode} is on trial: the call goes direct`,
    };
  const refused = (reason: Parameters<typeof withReason>[1]): { readonly explained: Explanation } => ({
    explained: { ...judged, ...withReason(judged, reason) },
  });
  if (config === undefined) return refused(noGateway(judged.service));
  const driver = driverFor(config.kind, gatewaySettings(config));
  const base = new URL(baseUrlsOf(config)[0] ?? '');
  const name = `${driver.title} at ${base.host}`;
  const { location } = input.type === 'request' ? input.request : input.call;
  const path = outboundTo(mode, location.service.id, [], url.pathname + url.search).path;
  const { dialect, operation } = location;
  const service = location.service.id;
  const place = driver.place({
    mode,
    service,
    dialect,
    operation,
    method: 'POST',
    path,
    model: judged.model,
  });
  if (place === undefined) return refused(notServed(`${name} doesn't take this kind of call (${operation})`));
  if (config.virtualKey === undefined) return refused(noKey({ name }));
  const model = place.model === undefined || place.model === judged.model ? '' : `, as model ${place.model}`;
  const credential =
    mode === 'gateway' ? "a virtual key instead of the app's" : "the app's own credential and a virtual key";
  return { explained: judged, note: `goes through ${name} to ${place.path}${model}, with ${credential}` };
}
