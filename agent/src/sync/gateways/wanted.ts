import type { GatewayCall } from '../../core/gateway.ts';

/** What a call asks for, apart from the paths under which vendors offer it. */
export type Wanted =
  | { readonly api: 'chat' | 'embeddings' | 'messages' | 'count-tokens' }
  /** `tail`: `/compact`, `/input_tokens` or nothing. */
  | { readonly api: 'responses'; readonly tail: string }
  | { readonly api: 'gemini'; readonly model: string; readonly method: string }
  /** `tail`: one model's name, with its slash, or nothing. */
  | { readonly api: 'models'; readonly tail: string };

const RESPONSES = /\/responses(\/compact|\/input_tokens)?\/?$/i;
const GEMINI = /\/models\/([^/:?]+):(generateContent|streamGenerateContent|countTokens)$/i;
const MODELS = /\/models(\/[^/:?]+)?\/?$/i;

/** Undefined: nothing that gateways offer. Batches, files, images and the like are among that. */
export function wantedOf({ dialect, operation, method, path }: GatewayCall): Wanted | undefined {
  const bare = path.split('?', 1)[0] ?? '';
  if (operation === 'control') {
    const match = method === 'GET' ? MODELS.exec(bare) : null;
    return match === null ? undefined : { api: 'models', tail: match[1] ?? '' };
  }
  switch (dialect) {
    case 'openai-chat':
      // A deployment in the path instead of a model in the body: nothing that could be written elsewhere.
      return /\/deployments\//i.test(bare) ? undefined : { api: 'chat' };
    case 'openai-embeddings':
      return /\/deployments\//i.test(bare) ? undefined : { api: 'embeddings' };
    case 'openai-responses': {
      const match = RESPONSES.exec(bare);
      return match === null ? undefined : { api: 'responses', tail: match[1] ?? '' };
    }
    case 'anthropic-messages':
      if (/\/messages\/count_tokens\/?$/i.test(bare)) return { api: 'count-tokens' };
      return /\/messages\/?$/i.test(bare) ? { api: 'messages' } : undefined;
    case 'gemini': {
      const match = GEMINI.exec(bare);
      const [, model, verb] = match ?? [];
      return model === undefined || verb === undefined ? undefined : { api: 'gemini', model, method: verb };
    }
    default:
      return undefined;
  }
}

export const queryOf = (path: string): string => {
  const at = path.indexOf('?');
  return at < 0 ? '' : path.slice(at);
};

/** The service's own family of formats, for its model list. */
export function familyOf({ service }: GatewayCall): 'openai' | 'anthropic' | 'gemini' {
  if (service === 'anthropic') return 'anthropic';
  return service === 'gemini' || service === 'vertex-ai' ? 'gemini' : 'openai';
}

/** The part of an OpenAI-compatible API below `/v1`. */
export function openaiPath(wanted: Wanted): string | undefined {
  switch (wanted.api) {
    case 'chat':
      return '/chat/completions';
    case 'embeddings':
      return '/embeddings';
    case 'responses':
      return `/responses${wanted.tail}`;
    case 'models':
      return `/models${wanted.tail}`;
    default:
      return undefined;
  }
}

export function anthropicPath({ api }: Wanted): string | undefined {
  if (api === 'messages') return '/messages';
  return api === 'count-tokens' ? '/messages/count_tokens' : undefined;
}
