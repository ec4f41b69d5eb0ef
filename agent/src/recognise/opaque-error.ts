import type { Refusal } from '../core/decision.ts';

/**
 * For formats that no dialect knows: one body in which every usual client finds the sentence. `error.message` is what
 * AI APIs and claude.ai say, `message` AWS's SDKs, `detail` chatgpt.com and FastAPI servers.
 */
export const opaqueErrorBody = ({ message, code }: Refusal): string =>
  JSON.stringify({
    type: 'error',
    error: { type: 'invalid_request_error', code, message },
    message,
    detail: message,
  });

/** AWS's SDKs take an error's class from this header: https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html */
export const AWS_ERROR_HEADERS = ['x-amzn-errortype', 'ValidationException'] as const;
