import {
  type AskedApi,
  anthropicCall,
  geminiCall,
  openaiCall,
  responsesCall,
  streamed,
} from '../recorder.ts';

/** What is recorded of LiteLLM's answers. */
export const TOLD = /^(content-type|retry-after|rate_limit_type|reset_at|x-litellm-(key|applied)-.*)$/;

const GEMINI = '/v1beta/models/gemini-2.5-flash';
/** Everything that it is asked for a recording. */
export const APIS: readonly AskedApi[] = [
  { name: 'chat', path: '/v1/chat/completions', body: openaiCall },
  { name: 'chatStream', path: '/v1/chat/completions', body: streamed(openaiCall) },
  { name: 'responses', path: '/v1/responses', body: responsesCall },
  { name: 'message', path: '/v1/messages', body: anthropicCall },
  { name: 'messageStream', path: '/v1/messages', body: streamed(anthropicCall) },
  { name: 'countTokens', path: '/v1/messages/count_tokens', body: anthropicCall },
  { name: 'gemini', path: `${GEMINI}:generateContent`, body: geminiCall },
  { name: 'geminiStream', path: `${GEMINI}:streamGenerateContent?alt=sse`, body: geminiCall },
  { name: 'models', path: '/v1/models' },
];

export const scrubbed = (text: string): string =>
  text
    .replaceAll(/\b[0-9a-f]{64}\b/g, '0'.repeat(64))
    .replaceAll(/(?<=resets? at: )[^"]*?UTC|^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/gi, '{{reset}}')
    .replaceAll(/(?<=current time )[-0-9: .+]+/g, '2026-11-26 00:00:00+00:00')
    .replaceAll(/localhost:\d+/g, 'localhost:443')
    .replaceAll(/(?<=time taken=)[\d.]+/g, '0.3')
    .replaceAll(/0x[0-9a-f]{8,}/g, '0x0')
    .replaceAll(/chatcmpl-[0-9a-f-]{36}|[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id');
