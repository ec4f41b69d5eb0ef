/** What the fake provider says, in each provider's documented wire shape. Text in, wire bytes out. */

/** What the "model" answers: some text, cut into deltas, or a tool call. */
export interface Answer {
  readonly text: string;
  readonly toolCall?: { readonly name: string; readonly arguments: string };
  readonly inputTokens?: number;
  readonly outputTokens?: number;
}

/** The answer cut as a model would: into pieces of a few characters. */
export const pieces = (text: string, size = 6): string[] =>
  text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? [];

const sse = (data: unknown, event?: string): string =>
  `${event ? `event: ${event}\n` : ''}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;

const usageOf = (answer: Answer): { input: number; output: number } => ({
  input: answer.inputTokens ?? 21,
  output: answer.outputTokens ?? 9,
});

/** https://platform.openai.com/docs/api-reference/chat */
export const openaiChat = {
  body(answer: Answer, model: string): string {
    const { input, output } = usageOf(answer);
    const toolCalls = answer.toolCall && [
      {
        id: 'call_1',
        type: 'function',
        function: { name: answer.toolCall.name, arguments: answer.toolCall.arguments },
      },
    ];
    return JSON.stringify({
      id: 'chatcmpl-fake1',
      object: 'chat.completion',
      created: 1790000000,
      model,
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: toolCalls ? null : answer.text,
            refusal: null,
            ...(toolCalls && { tool_calls: toolCalls }),
          },
          logprobs: null,
          finish_reason: toolCalls ? 'tool_calls' : 'stop',
        },
      ],
      usage: {
        prompt_tokens: input,
        completion_tokens: output,
        total_tokens: input + output,
        prompt_tokens_details: { cached_tokens: 0 },
      },
      service_tier: 'default',
    });
  },
  stream(answer: Answer, model: string, includeUsage: boolean): string[] {
    const { input, output } = usageOf(answer);
    const chunk = (delta: object, finishReason: string | null = null, extra: object = {}) =>
      sse({
        id: 'chatcmpl-fake1',
        object: 'chat.completion.chunk',
        created: 1790000000,
        model,
        choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
        ...extra,
      });
    const body = answer.toolCall
      ? [
          chunk({
            tool_calls: [
              {
                index: 0,
                id: 'call_1',
                type: 'function',
                function: { name: answer.toolCall.name, arguments: '' },
              },
            ],
          }),
          ...pieces(answer.toolCall.arguments).map((piece) =>
            chunk({ tool_calls: [{ index: 0, function: { arguments: piece } }] }),
          ),
        ]
      : pieces(answer.text).map((piece) => chunk({ content: piece }));
    const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
    return [
      chunk({ role: 'assistant', content: answer.toolCall ? null : '' }),
      ...body,
      chunk({}, answer.toolCall ? 'tool_calls' : 'stop'),
      ...(includeUsage
        ? [
            sse({
              id: 'chatcmpl-fake1',
              object: 'chat.completion.chunk',
              created: 1790000000,
              model,
              choices: [],
              usage,
            }),
          ]
        : []),
      sse('[DONE]'),
    ];
  },
};

/** https://platform.openai.com/docs/api-reference/responses-streaming */
export const openaiResponses = {
  object(answer: Answer, model: string, status: string): Record<string, unknown> {
    const { input, output } = usageOf(answer);
    return {
      id: 'resp_fake1',
      object: 'response',
      created_at: 1790000000,
      status,
      error: null,
      incomplete_details: null,
      instructions: null,
      model,
      output: status === 'completed' ? [openaiResponses.item(answer, 'completed')] : [],
      parallel_tool_calls: true,
      temperature: 1,
      tool_choice: 'auto',
      tools: [],
      top_p: 1,
      metadata: {},
      usage:
        status === 'completed'
          ? {
              input_tokens: input,
              input_tokens_details: { cached_tokens: 0 },
              output_tokens: output,
              output_tokens_details: { reasoning_tokens: 0 },
              total_tokens: input + output,
            }
          : null,
    };
  },
  item(answer: Answer, status: string): Record<string, unknown> {
    if (answer.toolCall) {
      return {
        id: 'fc_1',
        type: 'function_call',
        status,
        call_id: 'call_1',
        name: answer.toolCall.name,
        arguments: status === 'completed' ? answer.toolCall.arguments : '',
      };
    }
    const content =
      status === 'completed' ? [{ type: 'output_text', text: answer.text, annotations: [] }] : [];
    return { id: 'msg_1', type: 'message', status, role: 'assistant', content };
  },
  /** The events, as objects; the transport wraps them in SSE or WebSocket messages. */
  events(answer: Answer, model: string): Record<string, unknown>[] {
    const at = { item_id: answer.toolCall ? 'fc_1' : 'msg_1', output_index: 0 };
    const content = answer.toolCall
      ? [
          ...pieces(answer.toolCall.arguments).map((delta) => ({
            type: 'response.function_call_arguments.delta',
            ...at,
            delta,
          })),
          { type: 'response.function_call_arguments.done', ...at, arguments: answer.toolCall.arguments },
        ]
      : [
          {
            type: 'response.content_part.added',
            ...at,
            content_index: 0,
            part: { type: 'output_text', text: '', annotations: [] },
          },
          ...pieces(answer.text).map((delta) => ({
            type: 'response.output_text.delta',
            ...at,
            content_index: 0,
            delta,
          })),
          { type: 'response.output_text.done', ...at, content_index: 0, text: answer.text },
          {
            type: 'response.content_part.done',
            ...at,
            content_index: 0,
            part: { type: 'output_text', text: answer.text, annotations: [] },
          },
        ];
    const events: Record<string, unknown>[] = [
      { type: 'response.created', response: openaiResponses.object(answer, model, 'in_progress') },
      { type: 'response.in_progress', response: openaiResponses.object(answer, model, 'in_progress') },
      {
        type: 'response.output_item.added',
        output_index: 0,
        item: openaiResponses.item(answer, 'in_progress'),
      },
      ...content,
      { type: 'response.output_item.done', output_index: 0, item: openaiResponses.item(answer, 'completed') },
      { type: 'response.completed', response: openaiResponses.object(answer, model, 'completed') },
    ];
    return events.map((event, index) => ({ ...event, sequence_number: index }));
  },
  stream: (answer: Answer, model: string): string[] =>
    openaiResponses.events(answer, model).map((event) => sse(event, String(event['type']))),
  body: (answer: Answer, model: string): string =>
    JSON.stringify(openaiResponses.object(answer, model, 'completed')),
};

/** https://docs.anthropic.com/en/api/messages-streaming */
export const anthropic = {
  body(answer: Answer, model: string): string {
    const { input, output } = usageOf(answer);
    const content = answer.toolCall
      ? [
          {
            type: 'tool_use',
            id: 'toolu_1',
            name: answer.toolCall.name,
            input: JSON.parse(answer.toolCall.arguments) as unknown,
          },
        ]
      : [{ type: 'text', text: answer.text }];
    return JSON.stringify({
      id: 'msg_fake1',
      type: 'message',
      role: 'assistant',
      model,
      content,
      stop_reason: answer.toolCall ? 'tool_use' : 'end_turn',
      stop_sequence: null,
      usage: {
        input_tokens: input,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: output,
      },
    });
  },
  stream(answer: Answer, model: string): string[] {
    const { input, output } = usageOf(answer);
    const event = (data: { type: string }) => sse(data, data.type);
    const block = answer.toolCall
      ? { type: 'tool_use', id: 'toolu_1', name: answer.toolCall.name, input: {} }
      : { type: 'text', text: '' };
    const deltas = answer.toolCall
      ? pieces(answer.toolCall.arguments).map((piece) => ({ type: 'input_json_delta', partial_json: piece }))
      : pieces(answer.text).map((piece) => ({ type: 'text_delta', text: piece }));
    const message = {
      id: 'msg_fake1',
      type: 'message',
      role: 'assistant',
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: {
        input_tokens: input,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: 1,
      },
    };
    return [
      event({ type: 'message_start', message } as { type: string }),
      event({ type: 'content_block_start', index: 0, content_block: block } as { type: string }),
      event({ type: 'ping' }),
      ...deltas.map((delta) => event({ type: 'content_block_delta', index: 0, delta } as { type: string })),
      event({ type: 'content_block_stop', index: 0 } as { type: string }),
      event({
        type: 'message_delta',
        delta: { stop_reason: answer.toolCall ? 'tool_use' : 'end_turn', stop_sequence: null },
        usage: { output_tokens: output },
      } as { type: string }),
      event({ type: 'message_stop' }),
    ];
  },
};

/** https://ai.google.dev/api/generate-content */
export const gemini = {
  object(parts: readonly object[], answer: Answer, model: string, finishReason: string | undefined): object {
    const { input, output } = usageOf(answer);
    return {
      candidates: [{ content: { parts, role: 'model' }, ...(finishReason && { finishReason }), index: 0 }],
      usageMetadata: {
        promptTokenCount: input,
        candidatesTokenCount: output,
        totalTokenCount: input + output,
      },
      modelVersion: model,
      responseId: 'fake1',
    };
  },
  parts: (answer: Answer): object[] =>
    answer.toolCall
      ? [
          {
            functionCall: {
              name: answer.toolCall.name,
              args: JSON.parse(answer.toolCall.arguments) as unknown,
            },
          },
        ]
      : [{ text: answer.text }],
  body: (answer: Answer, model: string): string =>
    JSON.stringify(gemini.object(gemini.parts(answer), answer, model, 'STOP')),
  chunks(answer: Answer, model: string): object[] {
    const parts = answer.toolCall ? gemini.parts(answer) : pieces(answer.text, 12).map((text) => ({ text }));
    return parts.map((part, index) =>
      gemini.object([part], answer, model, index === parts.length - 1 ? 'STOP' : undefined),
    );
  },
  stream: (answer: Answer, model: string): string[] =>
    gemini.chunks(answer, model).map((chunk) => sse(chunk).replace(/\n\n$/, '\r\n\r\n')),
};
