/**
 * Gemini (https://ai.google.dev/api/generate-content, Vertex AI's and Code Assist's forms of it). Model and method stand
 * in the path; members come in camelCase or snake_case, as protobuf JSON allows. Reads and refuses; decides nothing.
 */

import type { Refusal } from '../../../core/decision.ts';
import type { Dialect } from '../../../core/dialect.ts';
import { readGeminiRequest } from './request.ts';
import { GeminiDecoder } from './response.ts';

/** https://google.aip.dev/193: a google.rpc.Status, with the cause as ErrorInfo. */
const errorBody = (refusal: Refusal): string =>
  JSON.stringify({
    error: {
      code: 400,
      message: refusal.message,
      status: 'INVALID_ARGUMENT',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: refusal.code.toUpperCase(),
          domain: 'postern',
          metadata: { decision: refusal.decisionId },
        },
      ],
    },
  });

export const gemini: Dialect = {
  id: 'gemini',
  readRequest: readGeminiRequest,
  openResponse: () => new GeminiDecoder(),
  refuse: errorBody,
  refuseInStream: (refusal) => `data: ${errorBody(refusal)}\r\n\r\n`,
  refuseInJsonArray: (refusal, isFirst) => `${isFirst ? '[' : ',\r\n'}${errorBody(refusal)}]`,
};
