import type { Refusal } from '../core/decision.ts';

/** The error object of every OpenAI API (https://platform.openai.com/docs/guides/error-codes). */
export const openaiError = (
  refusal: Refusal,
): { message: string; type: string; param: null; code: string } => ({
  message: refusal.message,
  type: 'invalid_request_error',
  param: null,
  code: refusal.code,
});

export const openaiErrorBody = (refusal: Refusal): string => JSON.stringify({ error: openaiError(refusal) });
