/**
 * Anthropic Messages (https://platform.claude.com/docs/en/api/messages): `/v1/messages`, `/v1/messages/count_tokens`
 * and the calls inside a batch. Reads and refuses; decides nothing.
 */

import type { Refusal } from '../../../core/decision.ts';
import type { Dialect } from '../../../core/dialect.ts';
import { readMessagesRequest } from './request.ts';
import { MessagesDecoder } from './response.ts';

/** https://platform.claude.com/docs/en/api/errors; the request id is what a person would quote to support. */
const errorBody = (refusal: Refusal): string =>
  JSON.stringify({
    type: 'error',
    error: { type: 'invalid_request_error', message: refusal.message },
    request_id: refusal.decisionId,
  });

export const anthropicMessages: Dialect = {
  id: 'anthropic-messages',
  readRequest: readMessagesRequest,
  openResponse: () => new MessagesDecoder(),
  refuse: errorBody,
  refuseInStream: (refusal) => `event: error\ndata: ${errorBody(refusal)}\n\n`,
};
