import type { GatewayCall } from '../../core/gateway.ts';
import type { GatewaySettings } from './settings.ts';

/** What gateways call the providers of the catalogue's services, where that differs from the service's id. */
const PROVIDERS: Readonly<Record<string, string>> = {
  'azure-openai': 'azure',
  'vertex-ai': 'vertex',
  bedrock: 'bedrock',
};

export const providerOf = (service: string, { providers }: GatewaySettings, own = PROVIDERS): string =>
  providers[service] ?? own[service] ?? PROVIDERS[service] ?? service;

/** The gateway's name of a model: by the configured list, else with the provider before it where `prefix` asks. */
export function nameModel(
  { model, service }: Pick<GatewayCall, 'model' | 'service'>,
  settings: GatewaySettings,
  prefix: boolean,
): string | undefined {
  if (model === undefined) return undefined;
  for (const [from, to] of Object.entries(settings.models)) {
    const rest = matchOneStar(from, model);
    if (rest !== undefined) return to.replace('*', () => rest);
  }
  if (!(settings.modelPrefix ?? prefix)) return model;
  const provider = providerOf(service, settings);
  return model.startsWith(`${provider}/`) ? model : `${provider}/${model}`;
}

/** What the star stands for; an empty text where there is none. Undefined: another model. */
function matchOneStar(pattern: string, model: string): string | undefined {
  const at = pattern.indexOf('*');
  if (at < 0) return pattern.toLowerCase() === model.toLowerCase() ? '' : undefined;
  const before = pattern.slice(0, at).toLowerCase();
  const after = pattern.slice(at + 1).toLowerCase();
  const lower = model.toLowerCase();
  const fits =
    lower.length >= before.length + after.length && lower.startsWith(before) && lower.endsWith(after);
  return fits ? model.slice(before.length, model.length - after.length) : undefined;
}
