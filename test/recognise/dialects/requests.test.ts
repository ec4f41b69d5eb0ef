import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DialectError } from '../../../agent/src/core/dialect.ts';
import type { ExchangeRequest } from '../../../agent/src/core/exchange.ts';
import { CHAT, GEMINI, MESSAGES, RESPONSES } from '../bodies.ts';
import { dialect, partLines } from '../support.ts';

/** Every part of a request that shows all a format has. `fixed` can't be edited; `[…]` are an attachment's facts. */
const WHOLE = [
  {
    id: 'openai-chat',
    body: CHAT,
    path: '/v1/chat/completions',
    head: {
      model: 'gpt-5.2',
      stream: true,
      operation: 'generate',
      maxOutputTokens: 500,
      tools: ['read', 'patch', 'web_search', 'old'],
    },
    parts: [
      'tool-definition system /tools/0/function/name (read) : read',
      'tool-definition system /tools/0/function/description (read) : Reads a file',
      'tool-definition system /tools/0/function/parameters/properties/type/description (read) : Kind',
      'tool-definition system /tools/1/custom/name (patch) : patch',
      'tool-definition system /tools/1/custom/format/definition (patch) : start: x',
      'tool-definition system /functions/0/name (old) : old',
      'tool-definition system /functions/0/description (old) : Legacy',
      'text system /messages/0/content : Be brief.',
      'text user /messages/1/content/0/text : What is this?',
      'image user /messages/1/content/1/image_url/url fixed [image/png 8 B]',
      'image user /messages/1/content/2/image_url/url : https://example.org/cat.png',
      'audio user /messages/1/content/3/input_audio/data fixed [audio/wav 3 B]',
      'file user /messages/1/content/4/file/file_data fixed [text/plain .env 10 B] : KEY=value\n',
      'unknown user /messages/1/content/5 fixed',
      'unknown user /messages/1/content/5/type fixed : hologram',
      'unknown user /messages/1/content/5/beam fixed : from the future',
      'text assistant /messages/2/refusal : No.',
      'thinking assistant /messages/2/reasoning_content : Hm.',
      'tool-call assistant /messages/2/tool_calls/0/function/arguments (read) : {"path":"a"}',
      'tool-call assistant /messages/2/tool_calls/1/custom/input (patch) : *** Begin',
      'tool-call assistant /messages/2/function_call/arguments (old) : {}',
      'tool-result tool /messages/3/content (read) : content of a',
      'tool-result tool /messages/4/content/0/text (patch) : patched',
      'tool-result tool /messages/5/content (old) : result',
      'text assistant /prediction/content : expected text',
      'text system /response_format/json_schema/name : answer',
      'text system /response_format/json_schema/schema/title : Answer',
    ],
  },
  {
    id: 'openai-responses',
    body: RESPONSES,
    path: '/v1/responses',
    head: {
      model: 'gpt-5.2-codex',
      stream: true,
      operation: 'generate',
      maxOutputTokens: 900,
      tools: ['shell', 'wiki', 'get', 'web_search'],
    },
    parts: [
      'text system /instructions : You are Codex.',
      'tool-definition system /tools/0/name (shell) : shell',
      'tool-definition system /tools/0/description (shell) : Runs',
      'tool-definition system /tools/1/server_label (wiki) : wiki',
      'tool-definition system /tools/1/server_url (wiki) : https://mcp.example.org',
      'tool-definition system /tools/2/description (crm) : CRM',
      'tool-definition system /tools/2/tools/0/name (get) : get',
      'tool-definition system /tools/2/tools/0/description (get) : Gets',
      'text system /text/format/name : answer',
      'text system /text/format/schema/description : Answer',
      'text system /input/0/content/0/text : Rules',
      'text user /input/1/content/0/text : Look',
      'image user /input/1/content/1/image_url fixed [image/png 8 B]',
      'file user /input/1/content/2/file_data fixed [application/pdf a.pdf 3 B]',
      'file user /input/1/content/3/file_id : file-1',
      'unknown user /input/1/content/4 fixed',
      'unknown user /input/1/content/4/type fixed : hologram',
      'unknown user /input/1/content/4/beam fixed : future',
      'text user /input/2/content : easy message',
      'thinking assistant /input/3/summary/0/text fixed : plan',
      'text assistant /input/4/content/0/text : ok',
      'text assistant /input/4/content/1/refusal : no',
      'tool-call assistant /input/5/arguments (shell) : {"cmd":"ls"}',
      'tool-result tool /input/6/output (shell) : a.txt',
      'tool-call assistant /input/7/input (patch) : *** Begin',
      'tool-result tool /input/8/output/0/text (patch) : done',
      'tool-call assistant /input/9/arguments (find) : {"q":1}',
      'tool-result tool /input/9/output (find) : found',
      'tool-call assistant /input/10/action/query : q',
      'tool-call assistant /input/11/code : print(1)',
      'tool-result tool /input/11/outputs/0/logs : 1',
      'tool-call assistant /input/12/action/text : typed',
      'image tool /input/13/output/image_url fixed [image/png 8 B]',
      'tool-call assistant /input/14/action/command/0 : ls',
      'tool-call assistant /input/14/action/command/1 : -l',
      'tool-call assistant /input/14/action/env/A : b',
      'tool-result tool /input/15/output/0/stdout : out',
      'tool-result tool /input/15/output/0/stderr : err',
      'tool-call assistant /input/16/revised_prompt : a cat',
      'image assistant /input/16/result fixed [image/png 8 B]',
      'tool-call assistant /input/17/operation/path : a.txt',
      'tool-call assistant /input/17/operation/diff : -a+b',
      'unknown user /input/20 fixed',
      'unknown user /input/20/type fixed : time_travel',
      'unknown user /input/20/to fixed : yesterday',
    ],
  },
  {
    id: 'anthropic-messages',
    body: MESSAGES,
    path: '/v1/messages?beta=true',
    head: {
      model: 'claude-opus-5',
      stream: true,
      operation: 'generate',
      maxOutputTokens: 32000,
      tools: ['Read', 'web_search'],
    },
    parts: [
      'text system /system/0/text : You are Claude Code.',
      'tool-definition system /tools/0/name (Read) : Read',
      'tool-definition system /tools/0/description (Read) : Reads',
      'tool-definition system /tools/0/input_schema/properties/p/description (Read) : Path',
      'tool-definition system /tools/1/name (web_search) : web_search',
      'text user /messages/0/content : plain',
      'thinking assistant /messages/1/content/0/thinking fixed : hm',
      'thinking assistant /messages/1/content/1/data fixed',
      'text assistant /messages/1/content/2/text : reading',
      'tool-call assistant /messages/1/content/3/input/p (Read) : /a',
      'tool-call assistant /messages/1/content/3/input/deep/list/0 (Read) : x',
      'tool-call assistant /messages/1/content/4/input/query (web_search) : q',
      'tool-result tool /messages/1/content/5/content/0/title (web_search) : T',
      'tool-result tool /messages/1/content/5/content/0/url (web_search) : https://e.org',
      'tool-result tool /messages/1/content/6/content/stdout : out',
      'tool-result tool /messages/2/content/0/content/0/text (Read) : file text',
      'image tool /messages/2/content/0/content/1/source/data fixed [image/png 8 B]',
      'tool-result tool /messages/2/content/1/content : plain result',
      'text user /messages/2/content/2/title : notes',
      'file user /messages/2/content/2/source/data [text/plain notes 13 B] : document text',
      'file user /messages/2/content/3/source/data fixed [application/pdf 3 B]',
      'text user /messages/2/content/4/source/content/0/text : block',
      'image user /messages/2/content/5/source/url : https://e.org/a.png',
      'image user /messages/2/content/6/source/file_id : file_1',
      'tool-result user /messages/2/content/7/source : wiki',
      'tool-result user /messages/2/content/7/title : Page',
      'tool-result tool /messages/2/content/7/content/0/text : hit',
      'unknown user /messages/2/content/8 fixed',
      'unknown user /messages/2/content/8/type fixed : hologram',
      'unknown user /messages/2/content/8/beam fixed : future',
      'text system /messages/3/content : reminder',
    ],
  },
  {
    id: 'gemini',
    body: GEMINI,
    path: '/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse',
    head: {
      model: 'gemini-3-pro',
      stream: true,
      operation: 'generate',
      maxOutputTokens: 100,
      tools: ['read', 'googleSearch'],
    },
    parts: [
      'text system /systemInstruction/parts/0/text : Be kind.',
      'tool-definition system /tools/0/functionDeclarations/0/name (read) : read',
      'tool-definition system /tools/0/functionDeclarations/0/description (read) : Reads',
      'tool-definition system /tools/0/functionDeclarations/0/parameters/properties/path/description (read) : Where',
      'text system /generationConfig/responseSchema/description : Answer',
      'text user /contents/0/parts/0/text : Hi',
      'image user /contents/0/parts/1/inlineData/data fixed [image/png 8 B]',
      'file user /contents/1/parts/0/inline_data/data fixed [text/plain 10 B] : KEY=value\n',
      'audio user /contents/1/parts/1/file_data/file_uri : gs://b/f',
      'thinking assistant /contents/2/parts/0/text fixed : thinking',
      'text assistant /contents/2/parts/1/text fixed : signed',
      'tool-call assistant /contents/2/parts/2/functionCall/args/path fixed (read) : a',
      'tool-call assistant /contents/2/parts/3/function_call/args/path (read) : b',
      'tool-call assistant /contents/2/parts/4/executableCode/code (code_execution) : print(1)',
      'tool-result tool /contents/2/parts/5/codeExecutionResult/output : 1',
      'tool-result tool /contents/3/parts/0/functionResponse/response/output (read) : text of a',
      'unknown user /contents/3/parts/1 fixed',
      'unknown user /contents/3/parts/1/hologram/beam fixed : future',
    ],
  },
] as const;

describe('requests, part by part', () => {
  it.each(WHOLE)('$id', ({ id, body, path, head, parts }) => {
    const request = dialect(id).readRequest(body, path, 'generate');
    expect(request).toMatchObject({ dialect: id, ...head });
    expect(partLines(body, request)).toEqual(parts);
  });
});

const CASES: readonly {
  name: string;
  id: ExchangeRequest['dialect'];
  path?: string;
  operation?: ExchangeRequest['operation'];
  body: unknown;
  expected: Partial<ExchangeRequest>;
  parts: readonly string[];
}[] = [
  {
    name: 'a legacy completion',
    id: 'openai-chat',
    body: { model: 'm', prompt: ['a', 'b'], max_tokens: 5 },
    expected: { stream: false, maxOutputTokens: 5 as never },
    parts: ['text user /prompt/0 : a', 'text user /prompt/1 : b'],
  },
  {
    name: 'a Codex prewarm',
    id: 'openai-responses',
    body: { type: 'response.create', model: 'm', generate: false, instructions: 'You are Codex.', input: [] },
    expected: { operation: 'prewarm', stream: true },
    parts: ['text system /instructions : You are Codex.'],
  },
  {
    name: 'a wrapped WebSocket request',
    id: 'openai-responses',
    body: { type: 'response.create', response: { model: 'm', input: 'hi' } },
    expected: { operation: 'generate', model: 'm', stream: true },
    parts: ['text user /response/input : hi'],
  },
  {
    name: 'steering a running response',
    id: 'openai-responses',
    body: { type: 'response.steer', previous_response_id: 'r', input: [{ role: 'user', content: 'stop' }] },
    expected: { operation: 'generate' },
    parts: ['text user /input/0/content : stop'],
  },
  {
    name: 'cancelling over the WebSocket',
    id: 'openai-responses',
    body: { type: 'response.cancel', response_id: 'r' },
    expected: { operation: 'control' },
    parts: [],
  },
  {
    name: 'a client frame from the future',
    id: 'openai-responses',
    body: { type: 'response.ponder', about: 'this' },
    expected: { operation: 'unknown' },
    parts: [
      'unknown user  fixed',
      'unknown user /type fixed : response.ponder',
      'unknown user /about fixed : this',
    ],
  },
  {
    name: 'continuing a stored response in the background',
    id: 'openai-responses',
    body: { model: 'm', previous_response_id: 'r', background: true },
    expected: { operation: 'generate', stream: false },
    parts: [],
  },
  {
    name: 'variables of a stored prompt',
    id: 'openai-responses',
    body: { prompt: { id: 'p', variables: { a: 'x', b: { type: 'input_text', text: 'y' } } } },
    expected: {},
    parts: ['text user /prompt/variables/a : x', 'text user /prompt/variables/b/text : y'],
  },
  {
    name: 'count_tokens',
    id: 'anthropic-messages',
    operation: 'count-tokens',
    body: { model: 'm', system: 's', messages: [{ role: 'user', content: 'hi' }] },
    expected: { operation: 'count-tokens', stream: false },
    parts: ['text system /system : s', 'text user /messages/0/content : hi'],
  },
  {
    name: 'a batch',
    id: 'anthropic-messages',
    body: {
      requests: [{ custom_id: '1', params: { model: 'm', messages: [{ role: 'user', content: 'hi' }] } }],
    },
    expected: { operation: 'unknown', model: 'm' },
    parts: ['text user /requests/0/params/messages/0/content : hi'],
  },
  {
    name: 'a page fetched by a server tool',
    id: 'anthropic-messages',
    body: {
      messages: [
        {
          role: 'assistant',
          content: [
            {
              type: 'web_fetch_tool_result',
              tool_use_id: 's',
              content: {
                type: 'web_fetch_result',
                url: 'https://e.org',
                content: {
                  type: 'document',
                  source: { type: 'text', media_type: 'text/plain', data: 'page' },
                },
              },
            },
          ],
        },
      ],
    },
    expected: { model: undefined },
    parts: [
      'tool-result tool /messages/0/content/0/content/url : https://e.org',
      'file tool /messages/0/content/0/content/content/source/data [text/plain 4 B] : page',
    ],
  },
  {
    name: "Code Assist's wrapper",
    id: 'gemini',
    path: '/v1internal:streamGenerateContent?alt=sse',
    body: {
      model: 'gemini-3-flash',
      project: 'p',
      request: { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
    },
    expected: { model: 'gemini-3-flash', stream: true },
    parts: ['text user /request/contents/0/parts/0/text : hi'],
  },
  {
    name: 'countTokens of a whole request',
    id: 'gemini',
    path: '/v1beta/models/g:countTokens',
    operation: 'count-tokens',
    body: { generateContentRequest: { model: 'models/g', contents: [{ parts: [{ text: 'hi' }] }] } },
    expected: { model: 'g', stream: false, operation: 'count-tokens' },
    parts: ['text user /generateContentRequest/contents/0/parts/0/text : hi'],
  },
  {
    name: 'batchEmbedContents',
    id: 'gemini',
    path: '/v1beta/models/e:batchEmbedContents',
    operation: 'embed',
    body: { requests: [{ model: 'models/e', content: { parts: [{ text: 'a' }] }, title: 't' }] },
    expected: { model: 'e', operation: 'embed' },
    parts: ['text user /requests/0/content/parts/0/text : a', 'text user /requests/0/title : t'],
  },
  {
    name: 'Vertex AI, snake_case',
    id: 'gemini',
    path: '/v1/projects/p/locations/eu/publishers/google/models/gemini-3-pro:generateContent',
    body: {
      system_instruction: { parts: { text: 's' } },
      contents: { parts: [{ text: 'hi' }] },
      generation_config: { max_output_tokens: 7 },
    },
    expected: { model: 'gemini-3-pro', stream: false, maxOutputTokens: 7 as never },
    parts: ['text system /system_instruction/parts/text : s', 'text user /contents/parts/0/text : hi'],
  },
  {
    name: 'embeddings',
    id: 'openai-embeddings',
    operation: 'embed',
    body: { model: 'text-embedding-4', input: ['a', 'b'] },
    expected: { model: 'text-embedding-4', operation: 'embed', stream: false },
    parts: ['text user /input/0 : a', 'text user /input/1 : b'],
  },
  {
    name: 'a long key in tool arguments, which could be a secret itself',
    id: 'anthropic-messages',
    body: {
      messages: [
        {
          role: 'assistant',
          content: [{ type: 'tool_use', name: 'f', input: { 'a-key-of-more-than-16': 1 } }],
        },
      ],
    },
    expected: {},
    parts: [
      'tool-call assistant /messages/0/content/0/input/a-key-of-more-than-16~ fixed (f) : a-key-of-more-than-16',
    ],
  },
];

describe('models that only the path names', () => {
  const messages = [{ role: 'user', content: 'hi' }];
  it.each([
    ['openai-chat', '/openai/deployments/gpt%2D5/chat/completions?api-version=1', { messages }, 'gpt-5'],
    ['openai-embeddings', '/openai/deployments/embed-4/embeddings', { input: 'a' }, 'embed-4'],
    [
      'anthropic-messages',
      '/v1/projects/p/locations/eu/publishers/anthropic/models/claude-x@2:streamRawPredict',
      { messages },
      'claude-x@2',
    ],
    [
      'anthropic-messages',
      '/v1/x/models/count-tokens:rawPredict',
      { model: 'claude-x', messages },
      'claude-x',
    ],
    ['openai-chat', '/v1/chat/completions', { messages }, undefined],
    ['gemini', '/v1beta/tunedModels/mine%:generateContent', { contents: [] }, 'mine%'],
  ] as const)('%s %s', (id, path, body, model) => {
    expect(dialect(id).readRequest(body, path, 'generate').model).toBe(model);
  });
});

describe('special requests', () => {
  it.each(CASES)('$name', ({ id, path, operation, body, expected, parts }) => {
    const request = dialect(id).readRequest(body, path ?? '/', operation ?? 'generate');
    expect(request).toMatchObject(expected);
    expect(partLines(body, request)).toEqual(parts);
  });
});

describe('what is not a request', () => {
  const ids = [
    'openai-chat',
    'openai-responses',
    'anthropic-messages',
    'gemini',
    'openai-embeddings',
  ] as const;
  it.each(ids)('%s: another format', (id) => {
    for (const body of [null, 17, 'text', [], {}, { hello: 'world' }]) {
      expect(() => dialect(id).readRequest(body, '/', 'generate')).toThrow(
        expect.objectContaining({ name: 'DialectError', code: 'not-this-dialect' }),
      );
    }
  });

  it.each(ids)('%s: JSON nested without end is refused, not followed', (id) => {
    const deep = JSON.parse(`${'['.repeat(50_000)}"x"${']'.repeat(50_000)}`);
    const nested = JSON.parse(`${'{"content":['.repeat(5000)}"x"${']}'.repeat(5000)}`);
    const calls = JSON.parse(`${'{"generateContentRequest":'.repeat(5000)}{}${'}'.repeat(5000)}`);
    const bodies = [
      { messages: [{ role: 'tool', content: [deep] }], contents: deep, input: deep },
      { messages: [{ role: 'user', content: nested.content }], contents: [nested], input: [nested] },
      {
        messages: [],
        input: [],
        tools: [
          {
            type: 'function',
            name: 'f',
            function: { parameters: deep },
            functionDeclarations: [{ parameters: deep }],
            input_schema: deep,
          },
        ],
        contents: [],
      },
      {
        messages: [{ content: deep }],
        requests: [calls],
        generateContentRequest: calls,
        input: [{ type: 'namespace', tools: deep }],
      },
    ];
    for (const body of bodies) {
      try {
        dialect(id).readRequest(body, '/', 'generate');
      } catch (error) {
        expect(error).toBeInstanceOf(DialectError);
      }
    }
    expect(() =>
      dialect(id).readRequest(
        {
          messages: [{ role: 'user', content: [{ type: 'x', deep }] }],
          contents: [{ parts: [{ deep }] }],
          input: [deep],
        },
        '/',
        'generate',
      ),
    ).toThrow(expect.objectContaining({ code: 'too-deep' }));
  });

  it.each(ids)('%s: any JSON is read, or refused by a DialectError', (id) => {
    const keys = fc.constantFrom(
      'messages',
      'role',
      'content',
      'type',
      'text',
      'tools',
      'function',
      'input',
      'instructions',
      'parts',
      'contents',
      'source',
      'tool_calls',
      'request',
      'requests',
      'params',
      'system',
      'functionCall',
      'image_url',
      'url',
      'data',
      'output',
      'action',
      'prompt',
      'variables',
    );
    const words = fc.constantFrom(
      'user',
      'assistant',
      'tool',
      'text',
      'image',
      'document',
      'tool_use',
      'tool_result',
      'web_fetch_tool_result',
      'base64',
      'reasoning',
      'message',
      'input_image',
      'function_call_output',
      'data:,',
      'data:text/plain;base64,',
      'response.create',
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 6 },
        fc.oneof(words, fc.string(), fc.integer(), fc.constant(null)),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(keys, tie('value'), { maxKeys: 5 }),
      ),
    }));
    fc.assert(
      fc.property(value, (body) => {
        try {
          partLines(body, dialect(id).readRequest(body, '/v1/models/m:generateContent', 'generate'));
        } catch (error) {
          expect(error).toBeInstanceOf(DialectError);
        }
      }),
      { numRuns: 400 },
    );
  });
});
