/**
 * OpenAI Chat Completions (https://platform.openai.com/docs/api-reference/chat) and what the many compatible servers
 * make of it; also the legacy `/v1/completions` with its `prompt`. Reads and refuses; decides nothing.
 */

import type { Dialect } from '../../../core/dialect.ts';
import { openaiError, openaiErrorBody } from '../../openai-error.ts';
import { readChatRequest } from './request.ts';
import { ChatDecoder } from './response.ts';

export const openaiChat: Dialect = {
  id: 'openai-chat',
  readRequest: readChatRequest,
  openResponse: () => new ChatDecoder(),
  refuse: openaiErrorBody,
  refuseInStream: (refusal) => `data: ${JSON.stringify({ error: openaiError(refusal) })}\n\n`,
};
