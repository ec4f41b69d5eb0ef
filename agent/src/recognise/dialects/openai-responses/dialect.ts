/**
 * OpenAI Responses (https://platform.openai.com/docs/api-reference/responses), over HTTP and over its WebSocket, where
 * a client frame is a request with a `type` and server frames are the events of the stream. Reads and refuses;
 * decides nothing.
 */

import type { Refusal } from '../../../core/decision.ts';
import type { Dialect, SocketMark } from '../../../core/dialect.ts';
import { openaiError, openaiErrorBody } from '../../openai-error.ts';
import { readResponsesRequest } from './request.ts';
import { ResponsesDecoder } from './response.ts';
import { markOf } from './socket-mark.ts';

export const openaiResponses: Dialect = {
  id: 'openai-responses',
  readRequest: (body, _path, operation) => readResponsesRequest(body, operation),
  openResponse: () => new ResponsesDecoder(),
  refuse: openaiErrorBody,
  refuseInStream,
  refuseOnWebSocket,
  markOnWebSocket: markOf,
};

function refuseOnWebSocket(refusal: Refusal, to?: SocketMark): string {
  const lane = to?.lane === undefined ? {} : { stream_id: to.lane };
  if (to?.type === 'steer') {
    // Without the input, which a client might carry into its next call.
    const { type, message } = openaiError(refusal);
    return JSON.stringify({
      type: 'response.steer.failed',
      sequence_number: 0,
      error: { type, code: 'invalid_input', message },
      steer: { input: [], previous_response_id: to.responseId },
      ...lane,
    });
  }
  // Never `status_code` beside `status`: Codex hung on both.
  return JSON.stringify({ type: 'error', status: 400, error: openaiError(refusal), ...lane });
}

/**
 * Two events, because clients differ. The SDKs throw on `error` and read no further, with the message in `error.message`
 * or `message`. Codex passes over it, heeds only `response.failed`, and retries unless its code is `invalid_prompt`.
 * In the other order the SDK's stream helper would trip over the second event's response id, which isn't the stream's.
 */
function refuseInStream(refusal: Refusal): string {
  const details = openaiError(refusal);
  const { message, code, param } = details;
  const error = { type: 'error', sequence_number: 0, code, message, param, error: details };
  const failed = {
    type: 'response.failed',
    sequence_number: 1,
    response: {
      id: `resp_${refusal.decisionId}`,
      object: 'response',
      created_at: 0,
      status: 'failed',
      error: { code: 'invalid_prompt', message },
      incomplete_details: null,
      output: [],
      usage: null,
    },
  };
  return [error, failed].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
}
