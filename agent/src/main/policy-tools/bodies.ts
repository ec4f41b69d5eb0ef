import type { PolicyCase } from '../../../../policies/schema/cases.ts';
import type { DialectId } from '../../core/exchange.ts';

type Texts = Pick<PolicyCase, 'prompt' | 'toolResult' | 'model'>;

/** A request body that says what a case says, in the words of a dialect. */
export function requestBody(dialect: DialectId, texts: Texts): unknown {
  const { prompt = '', toolResult, model } = texts;
  switch (dialect) {
    case 'anthropic-messages':
      return {
        model: model ?? 'claude-opus-5-5',
        max_tokens: 1024,
        messages: [
          { role: 'user', content: prompt },
          ...(toolResult === undefined
            ? []
            : [
                {
                  role: 'assistant',
                  content: [{ type: 'tool_use', id: 'toolu_1', name: 'read', input: {} }],
                },
                {
                  role: 'user',
                  content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: toolResult }],
                },
              ]),
        ],
      };
    case 'gemini':
      return {
        contents: [
          { role: 'user', parts: [{ text: prompt }] },
          ...(toolResult === undefined
            ? []
            : [
                {
                  role: 'user',
                  parts: [{ functionResponse: { name: 'read', response: { output: toolResult } } }],
                },
              ]),
        ],
      };
    case 'openai-responses':
      return {
        model: model ?? 'gpt-5',
        input: [
          { role: 'user', content: prompt },
          ...(toolResult === undefined
            ? []
            : [{ type: 'function_call_output', call_id: 'call_1', output: toolResult }]),
        ],
      };
    case 'openai-embeddings':
      return { model: model ?? 'text-embedding-3-small', input: prompt };
    default:
      return {
        model: model ?? 'gpt-5',
        messages: [
          { role: 'user', content: prompt },
          ...(toolResult === undefined
            ? []
            : [{ role: 'tool', tool_call_id: 'call_1', content: toolResult }]),
        ],
      };
  }
}

/** An unstreamed answer that says `text`. */
export function answerBody(dialect: DialectId, text: string): unknown {
  switch (dialect) {
    case 'anthropic-messages':
      return {
        type: 'message',
        role: 'assistant',
        content: [{ type: 'text', text }],
        stop_reason: 'end_turn',
        usage: { input_tokens: 1, output_tokens: 1 },
      };
    case 'gemini':
      return {
        candidates: [{ content: { role: 'model', parts: [{ text }] }, finishReason: 'STOP', index: 0 }],
      };
    case 'openai-responses':
      return {
        object: 'response',
        status: 'completed',
        output: [
          { type: 'message', role: 'assistant', content: [{ type: 'output_text', text, annotations: [] }] },
        ],
      };
    default:
      return {
        object: 'chat.completion',
        choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
      };
  }
}
