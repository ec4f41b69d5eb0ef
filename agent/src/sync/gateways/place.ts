import type { GatewayCall, GatewayPlace } from '../../core/gateway.ts';
import { nameModel } from './naming.ts';
import type { GatewaySettings } from './settings.ts';
import { anthropicPath, familyOf, openaiPath, queryOf, type Wanted } from './wanted.ts';

/** Below which path a gateway has each vendor's format. */
export interface FormatPaths {
  readonly openai: string;
  readonly anthropic: string;
  readonly gemini: string;
  /** Each vendor's model list below that vendor's path; otherwise there is one, OpenAI's. */
  readonly ownLists?: boolean;
}

/** Most gateways: every format where its vendor has it. */
export const VENDORS_PATHS: FormatPaths = { openai: '/v1', anthropic: '/v1', gemini: '/v1beta' };

/** `prefix`: models are named with their provider, unless the configuration says otherwise. */
export function placeBelow(
  paths: FormatPaths,
  call: GatewayCall,
  wanted: Wanted,
  settings: GatewaySettings,
  prefix = false,
): GatewayPlace | undefined {
  const query = queryOf(call.path);
  if (wanted.api === 'gemini') {
    const model = nameModel({ ...call, model: decodeURIComponent(wanted.model) }, settings, false) ?? '';
    return { path: `${paths.gemini}/models/${encodeURIComponent(model)}:${wanted.method}${query}` };
  }
  const path = pathOf(paths, call, wanted);
  const model = nameModel(call, settings, prefix);
  return path === undefined ? undefined : { path: path + query, ...(model && { model }) };
}

function pathOf(paths: FormatPaths, call: GatewayCall, wanted: Wanted): string | undefined {
  const messages = anthropicPath(wanted);
  if (messages !== undefined) return paths.anthropic + messages;
  const path = openaiPath(wanted);
  const family = wanted.api === 'models' && paths.ownLists === true ? familyOf(call) : 'openai';
  return path === undefined ? undefined : paths[family] + path;
}
