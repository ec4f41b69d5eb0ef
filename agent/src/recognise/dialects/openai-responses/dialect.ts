/**
 * OpenAI Responses (https://platform.openai.com/docs/api-reference/responses), over HTTP and over its WebSocket, where
 * a client frame is a request with a `type` and server frames are the events of the stream. Reads and refuses;
 * decides nothing.
 */

import type { Refusal } from '../../../core/decision.ts';
import type { Dialect } from '../../../core/dialect.ts';
import { openaiError, openaiErrorBody } from '../../openai-error.ts';
import { readResponsesRequest } from './request.ts';
import { ResponsesDecoder } from './response.ts';

export const openaiResponses: Dialect = {
  id: 'openai-responses',
  readRequest: (body, _path, operation) => readResponsesRequest(body, operation),
  openResponse: () => new ResponsesDecoder(),
  refuse: openaiErrorBody,
  refuseInStream,
  // Never `status_code` beside `status`: Codex hung on both.
  refuseOnWebSocket: (refusal) => JSON.stringify({ type: 'error', status: 400, error: openaiError(refusal) }),
};

/**
 * Two events, because clients differ: Codex heeds only `response.failed`, and retries unless its code is
 * `invalid_prompt`; the SDKs throw only on `error`, and take the message from `error.message` or `message`.
 */
function refuseInStream(refusal: Refusal): string {
  const failed = {
    type: 'response.failed',
    sequence_number: 0,
    response: {
      id: `resp_${refusal.decisionId}`,
      object: 'response',
      created_at: 0,
      status: 'failed',
      error: { code: 'invalid_prompt', message: refusal.message },
      incomplete_details: null,
      output: [],
      usage: null,
    },
  };
  const { message, code, param } = openaiError(refusal);
  const error = { type: 'error', sequence_number: 1, code, message, param, error: openaiError(refusal) };
  return `event: response.failed\ndata: ${JSON.stringify(failed)}\n\nevent: error\ndata: ${JSON.stringify(error)}\n\n`;
}
