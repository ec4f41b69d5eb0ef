import { asRecord, asString } from './json/values.ts';

/** Where a call names its model, so that it can be sent to another. */
export type ModelPlace =
  | { readonly in: 'body'; readonly pointer: string; readonly length: number }
  | { readonly in: 'path'; readonly start: number; readonly end: number };

/**
 * Gemini's and Vertex AI's paths: `/models/<model>:<method>`. A deployment of Azure's is not a model: another name there
 * would be another deployment, if it exists at all.
 */
const IN_PATH = /\/models\/([^/:?]+):[A-Za-z]/;

/** `body` is the parsed request. Undefined where the model stands nowhere that may be changed. */
export function modelPlaceOf(body: unknown, path: string): ModelPlace | undefined {
  const match = IN_PATH.exec(path);
  if (match?.[1] !== undefined) {
    const start = match.index + '/models/'.length;
    return { in: 'path', start, end: start + match[1].length };
  }
  const request = asRecord(body);
  const direct = asString(request?.['model']);
  if (direct !== undefined) return { in: 'body', pointer: '/model', length: direct.length };
  // A WebSocket message that wraps its request, as the Realtime API does.
  const wrapped = asString(asRecord(request?.['response'])?.['model']);
  return wrapped === undefined
    ? undefined
    : { in: 'body', pointer: '/response/model', length: wrapped.length };
}

/** The path with another model in it. */
export const pathWithModel = (
  path: string,
  { start, end }: Extract<ModelPlace, { in: 'path' }>,
  model: string,
): string => path.slice(0, start) + encodeURIComponent(model) + path.slice(end);
