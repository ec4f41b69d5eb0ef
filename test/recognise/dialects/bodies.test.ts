import { describe, expect, it } from 'vitest';
import type { DialectId } from '../../../agent/src/core/exchange.ts';
import { decode, decodeArray, decodeBody, lineOf } from '../support.ts';

/** Unstreamed answers, and single frames, that the recorded streams don't show. */
const BODIES: readonly { name: string; id: DialectId; body: unknown; says: readonly string[] }[] = [
  {
    name: 'chat: two choices, a refusal, audio, log probabilities',
    id: 'openai-chat',
    body: {
      id: 'c',
      object: 'chat.completion',
      model: 'm',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: 'Hi',
            refusal: null,
            audio: { transcript: 'hi', data: 'AAAA' },
          },
          logprobs: { content: [] },
          finish_reason: 'stop',
        },
        {
          index: 1,
          message: {
            role: 'assistant',
            content: null,
            refusal: 'I can’t.',
            function_call: { name: 'old', arguments: '{}' },
          },
          finish_reason: 'function_call',
        },
      ],
      usage: { prompt_tokens: 5, completion_tokens: 3, prompt_cache_hit_tokens: 2 },
    },
    says: [
      'start m c',
      'text choice/0/content: Hi',
      'channel-end choice/0/content',
      'text choice/0/transcript: hi',
      'unknown audio',
      'unknown logprobs',
      'channel-end choice/0/transcript',
      'refusal choice/1/refusal: I can’t.',
      'channel-end choice/1/refusal',
      'tool-call choice/1/function (old): {}',
      'channel-end choice/1/function',
      'usage final: in 5, read 2, out 3',
      'end stop (stop)',
      'end tool-calls (function_call)',
    ],
  },
  {
    name: 'chat: a legacy completion',
    id: 'openai-chat',
    body: {
      id: 'c',
      object: 'text_completion',
      model: 'm',
      choices: [{ index: 0, text: 'abc', finish_reason: 'length' }],
    },
    says: ['start m c', 'text choice/0/content: abc', 'channel-end choice/0/content', 'end length (length)'],
  },
  {
    name: 'chat: an error',
    id: 'openai-chat',
    body: { error: { message: 'Rate limit', type: 'tokens', param: null, code: 'rate_limit_exceeded' } },
    says: ['error tokens: Rate limit'],
  },
  {
    name: 'responses: completed, with a refusal',
    id: 'openai-responses',
    body: {
      id: 'r',
      model: 'm',
      status: 'completed',
      error: null,
      output: [{ type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] }],
      usage: { input_tokens: 4, output_tokens: 2 },
    },
    says: [
      'start m r',
      'refusal output/0/content/0/refusal: No.',
      'channel-end output/0/content/0/refusal',
      'usage final: in 4, out 2',
      'end refusal (completed)',
    ],
  },
  {
    name: 'responses: cut off',
    id: 'openai-responses',
    body: {
      id: 'r',
      model: 'm',
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [
        { type: 'mcp_call', name: 'find', arguments: '{}', output: 'found' },
        { type: 'image_generation_call', revised_prompt: 'cat', result: 'AAAA' },
        { type: 'shell_call_output', output: [{ stdout: 'out', stderr: '' }] },
        { type: 'time_travel', to: 'yesterday' },
      ],
    },
    says: [
      'start m r',
      'tool-call output/0/arguments (find): {}',
      'channel-end output/0/arguments',
      'tool-result output/0/output (find): found',
      'channel-end output/0/output',
      'tool-call output/1/revised_prompt: cat',
      'channel-end output/1/revised_prompt',
      'unknown attachment',
      'tool-result output/2/output/0/stdout: out',
      'channel-end output/2/output/0/stdout',
      'unknown item',
      'text fixed output/3/type: time_travel',
      'channel-end output/3/type',
      'text fixed output/3/to: yesterday',
      'channel-end output/3/to',
      'end length (max_output_tokens)',
    ],
  },
  {
    name: 'responses: failed',
    id: 'openai-responses',
    body: {
      id: 'r',
      model: 'm',
      status: 'failed',
      error: { code: 'server_error', message: 'Oops' },
      output: [],
    },
    says: ['start m r', 'error server_error: Oops', 'end error (failed)'],
  },
  {
    name: 'responses: started in the background',
    id: 'openai-responses',
    body: { id: 'r', model: 'm', status: 'queued', output: [] },
    says: ['start m r', 'end pause (queued)'],
  },
  {
    name: 'anthropic: text with a citation, tool use, thinking',
    id: 'anthropic-messages',
    body: {
      id: 'msg',
      type: 'message',
      model: 'm',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        {
          type: 'text',
          text: 'Hi',
          citations: [{ type: 'char_location', cited_text: 'quoted', document_index: 0 }],
        },
        { type: 'tool_use', id: 't', name: 'Write', input: { path: '/a', content: 'text' } },
        { type: 'hologram', beam: 'future' },
      ],
      stop_reason: 'max_tokens',
      usage: { input_tokens: 3, output_tokens: 4 },
    },
    says: [
      'start m msg',
      'thinking fixed content/0: hm',
      'channel-end content/0',
      'text content/1: Hi',
      'text content/1/citation/0/cited_text: quoted',
      'channel-end content/1/citation/0/cited_text',
      'channel-end content/1',
      'tool-call content/2/input/path (Write): /a',
      'channel-end content/2/input/path',
      'tool-call content/2/input/content (Write): text',
      'channel-end content/2/input/content',
      'unknown hologram',
      'text fixed content/3/beam: future',
      'channel-end content/3/beam',
      'usage final: in 3, out 4',
      'end length (max_tokens)',
    ],
  },
  {
    name: 'anthropic: count_tokens',
    id: 'anthropic-messages',
    body: { input_tokens: 2095 },
    says: ['end stop (undefined)'],
  },
  {
    name: 'anthropic: an error',
    id: 'anthropic-messages',
    body: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' }, request_id: 'req_1' },
    says: ['error overloaded_error: Overloaded'],
  },
  {
    name: 'gemini: a blocked prompt',
    id: 'gemini',
    body: {
      promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
      usageMetadata: { promptTokenCount: 7 },
      modelVersion: 'g',
    },
    says: ['start g undefined', 'usage final: in 7', 'end content-filter (PROHIBITED_CONTENT)'],
  },
  {
    name: "gemini: Code Assist's wrapper, snake_case",
    id: 'gemini',
    body: {
      response: {
        candidates: [{ content: { parts: [{ text: 'Hi' }] }, finish_reason: 'SAFETY' }],
        model_version: 'g',
      },
      traceId: 't',
    },
    says: [
      'start g undefined',
      'text candidate/0/text: Hi',
      'channel-end candidate/0/text',
      'end content-filter (SAFETY)',
    ],
  },
  {
    name: 'gemini: thinking that comes back is another channel',
    id: 'gemini',
    body: {
      candidates: [
        {
          content: { parts: [{ text: 'a', thought: true }, { text: 'b' }, { text: 'c', thought: true }] },
          finishReason: 'STOP',
        },
      ],
    },
    says: [
      'start undefined undefined',
      'thinking fixed candidate/0/thinking: a',
      'channel-end candidate/0/thinking',
      'text candidate/0/text: b',
      'channel-end candidate/0/text',
      'thinking fixed candidate/0/thinking~2: c',
      'channel-end candidate/0/thinking~2',
      'end stop (STOP)',
    ],
  },
  {
    name: 'gemini: embeddings',
    id: 'gemini',
    body: { embedding: { values: [0.1] } },
    says: ['start undefined undefined', 'end stop (undefined)'],
  },
  {
    name: 'gemini: an error',
    id: 'gemini',
    body: { error: { code: 429, message: 'Quota', status: 'RESOURCE_EXHAUSTED' } },
    says: ['error RESOURCE_EXHAUSTED: Quota'],
  },
  {
    name: 'embeddings',
    id: 'openai-embeddings',
    body: {
      object: 'list',
      model: 'e',
      data: [{ embedding: [0.1] }],
      usage: { prompt_tokens: 8, total_tokens: 8 },
    },
    says: ['start e undefined', 'usage final: in 8', 'end stop (undefined)'],
  },
];

describe('unstreamed answers', () => {
  it.each(BODIES)('$name', ({ id, body, says }) => {
    expect(decodeBody(id, body).map(lineOf)).toEqual(says);
  });

  // Where a stream was asked for, a whole JSON answer (often an error) arrives as its only frame.
  it.each(BODIES.filter(({ name }) => !name.includes('count_tokens')))(
    '$name, as a frame',
    ({ id, body, says }) => {
      const events = decodeArray(id, [Buffer.from(JSON.stringify(body))]);
      expect(events.map(lineOf)).toEqual(says);
    },
  );
});

const sse = (...frames: readonly unknown[]): Buffer[] =>
  frames.map((f) => Buffer.from(`data: ${JSON.stringify(f)}\n\n`));

describe('streamed special cases', () => {
  it('chat: reasoning under two names at once stays two continuous channels, and ends when the answer begins', () => {
    const chunk = (delta: unknown): unknown => ({ choices: [{ index: 0, delta }] });
    const events = decode(
      'openai-chat',
      sse(
        chunk({ reasoning: 'a', reasoning_content: 'a', content: '' }),
        chunk({ reasoning: 'b', reasoning_content: 'b', content: '' }),
        chunk({ content: 'c' }),
        chunk({
          tool_calls: [
            { index: 0, function: { name: 'f', arguments: '1' } },
            { index: 1, function: { name: 'g', arguments: '2' } },
          ],
        }),
        chunk({ tool_calls: [{ index: 0, function: { arguments: '3' } }] }),
      ),
    );
    expect(events.map(lineOf)).toEqual([
      'start undefined undefined',
      'thinking choice/0/reasoning_content: a',
      'thinking choice/0/reasoning: a',
      'thinking choice/0/reasoning_content: b',
      'thinking choice/0/reasoning: b',
      'channel-end choice/0/reasoning_content',
      'channel-end choice/0/reasoning',
      'text choice/0/content: c',
      'channel-end choice/0/content',
      'tool-call choice/0/tool/0 (f): 1',
      'tool-call choice/0/tool/1 (g): 2',
      'tool-call choice/0/tool/0 (f): 3',
    ]);
  });

  it('chat: running totals are final only at the end', () => {
    const usage = (completion_tokens: number): unknown => ({ prompt_tokens: 1, completion_tokens });
    const events = decode(
      'openai-chat',
      sse(
        { choices: [{ index: 0, delta: { content: 'a' } }], usage: usage(1) },
        { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: usage(2) },
      ),
    );
    expect(events.map(lineOf).filter((line) => line.startsWith('usage'))).toEqual([
      'usage so far: in 1, out 1',
      'usage final: in 1, out 2',
    ]);
  });

  it('responses: shell output, and an error event in both of its shapes', () => {
    const error = { message: 'Bad', code: 'invalid_prompt', param: null };
    const events = decode(
      'openai-responses',
      sse(
        { type: 'response.shell_call_command.added', output_index: 0, command_index: 0, command: 'l' },
        { type: 'response.shell_call_command.delta', output_index: 0, command_index: 0, delta: 's' },
        { type: 'response.shell_call_command.done', output_index: 0, command_index: 0, command: 'ls' },
        {
          type: 'response.shell_call_output_content.delta',
          output_index: 1,
          command_index: 0,
          delta: { stdout: 'a' },
        },
        {
          type: 'response.shell_call_output_content.delta',
          output_index: 1,
          command_index: 0,
          delta: { stdout: 'b' },
        },
        {
          type: 'response.shell_call_output_content.done',
          output_index: 1,
          command_index: 0,
          output: [{ stdout: 'ab', stderr: '' }],
        },
        { type: 'response.file_search_call.searching', output_index: 2 },
        { type: 'response.hologram.delta', delta: 'x' },
        { type: 'error', ...error },
        { type: 'error', status: 400, error },
      ),
    );
    expect(events.map(lineOf)).toEqual([
      'tool-call output/0/action/commands/0: l',
      'tool-call output/0/action/commands/0: s',
      'channel-end output/0/action/commands/0',
      'tool-call = output/0/action/commands/0: ls',
      'tool-result output/1/output/0/stdout: a',
      'tool-result output/1/output/0/stdout: b',
      'channel-end output/1/output/0/stdout',
      'tool-result = output/1/output/0/stdout: ab',
      'unknown response.hologram.delta',
      'error invalid_prompt: Bad',
      'error invalid_prompt: Bad',
    ]);
  });

  it('responses: log probabilities are announced, because they repeat the text', () => {
    const delta = {
      type: 'response.output_text.delta',
      output_index: 0,
      content_index: 0,
      delta: 'a',
      logprobs: [{ token: 'a' }],
    };
    expect(decode('openai-responses', sse(delta)).map(lineOf)).toEqual([
      'text output/0/content/0/text: a',
      'unknown logprobs',
    ]);
  });

  it('gemini: streamed arguments, grounding that quotes the answer', () => {
    const call = (functionCall: unknown): unknown => ({
      candidates: [{ content: { parts: [{ functionCall }] } }],
    });
    const piece = (jsonPath: string, stringValue: string): unknown => ({ jsonPath, stringValue });
    const events = decode(
      'gemini',
      sse(
        call({ name: 'write', willContinue: true }),
        call({ partialArgs: [piece('$.text', 'ab')], willContinue: true }),
        call({ partialArgs: [piece('$.text', 'cd'), piece('$.path', 'x')] }),
        call({ name: 'write', partialArgs: [piece('$.text', 'ef')] }),
        {
          candidates: [
            {
              groundingMetadata: {
                webSearchQueries: ['q'],
                groundingSupports: [{ segment: { text: 'quoted' } }],
              },
              logprobsResult: {},
            },
          ],
        },
      ),
    );
    expect(events.map(lineOf)).toEqual([
      'start undefined undefined',
      'tool-call candidate/0/partial/0/$.text (write): ab',
      'tool-call candidate/0/partial/0/$.text (write): cd',
      'tool-call candidate/0/partial/0/$.path (write): x',
      'channel-end candidate/0/partial/0/$.text',
      'channel-end candidate/0/partial/0/$.path',
      'tool-call candidate/0/partial/1/$.text (write): ef',
      'channel-end candidate/0/partial/1/$.text',
      'text candidate/0/grounding/4/webSearchQueries/0: q',
      'channel-end candidate/0/grounding/4/webSearchQueries/0',
      'text candidate/0/grounding/4/groundingSupports/0/segment/text: quoted',
      'channel-end candidate/0/grounding/4/groundingSupports/0/segment/text',
      'unknown logprobs',
    ]);
  });

  it('anthropic: an unknown delta is readable as one growing channel', () => {
    const delta = (beam: string): unknown => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'beam_delta', beam },
    });
    expect(decode('anthropic-messages', sse(delta('a'), delta('b'))).map(lineOf)).toEqual([
      'unknown beam_delta',
      'text fixed content/0/delta/beam: a',
      'unknown beam_delta',
      'text fixed content/0/delta/beam: b',
    ]);
  });

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_use', 'tool-calls'],
    ['pause_turn', 'pause'],
    ['refusal', 'refusal'],
    ['something_new', 'other'],
  ])('anthropic: stop_reason %s is %s', (stop_reason, reason) => {
    const [end] = decode('anthropic-messages', sse({ type: 'message_delta', delta: { stop_reason } }));
    expect(end).toEqual({ type: 'end', reason, rawReason: stop_reason });
  });
});
