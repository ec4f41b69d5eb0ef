/**
 * OpenAI embeddings (https://platform.openai.com/docs/api-reference/embeddings): texts in, vectors out. The vectors
 * are not read.
 */

import { type Dialect, DialectError, type ResponseDecoder } from '../../../core/dialect.ts';
import type { ExchangeEvent, ExchangeRequest } from '../../../core/exchange.ts';
import { asRecord, asString, parseJson } from '../../json/values.ts';
import { modelInPath } from '../../model-in-path.ts';
import { openaiError, openaiErrorBody } from '../../openai-error.ts';
import { PartCollector } from '../../parts.ts';
import { tokenCount, usageOf } from '../../token-counts.ts';

const KNOWN: ReadonlySet<string> = new Set(['input', 'model', 'encoding_format', 'user']);

export const openaiEmbeddings: Dialect = {
  id: 'openai-embeddings',
  readRequest(body, path, operation): ExchangeRequest {
    const request = asRecord(body);
    if (request?.['input'] === undefined) {
      throw new DialectError('not-this-dialect', 'An embeddings call has an input.');
    }
    const parts = new PartCollector();
    parts.strings('text', 'user', '/input', request['input']);
    parts.rest('user', '', request, KNOWN);
    return {
      dialect: 'openai-embeddings',
      operation,
      model: asString(request['model']) ?? modelInPath(path),
      stream: false,
      parts: parts.parts,
      tools: [],
      maxOutputTokens: undefined,
    };
  },
  openResponse: (): ResponseDecoder => ({ frame: readBody, body: readBody }),
  refuse: openaiErrorBody,
  refuseInStream: (refusal) => `data: ${JSON.stringify({ error: openaiError(refusal) })}\n\n`,
};

function readBody(data: string): readonly ExchangeEvent[] {
  const body = asRecord(parseJson(data));
  if (body === undefined) return [{ type: 'unknown', name: 'not-json' }];
  const error = asRecord(body['error']);
  if (error !== undefined) {
    const message = asString(error['message']) ?? '';
    return [{ type: 'error', message, rawType: asString(error['type']) }];
  }
  const events: ExchangeEvent[] = [
    { type: 'start', model: asString(body['model']), responseId: asString(body['id']) },
  ];
  const raw = asRecord(body['usage']);
  if (raw !== undefined) {
    const inputTokens = tokenCount(raw['prompt_tokens']) ?? tokenCount(raw['total_tokens']);
    events.push({ type: 'usage', usage: usageOf({ inputTokens, raw }), final: true });
  }
  events.push({ type: 'end', reason: 'stop', rawReason: undefined });
  return events;
}
