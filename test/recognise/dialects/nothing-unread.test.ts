/** Words in members that no reader knows yet are shown to detectors all the same, wherever they stand. */
import { describe, expect, it } from 'vitest';
import { CHAT, GEMINI, MESSAGES, RESPONSES } from '../bodies.ts';
import { dialect } from '../support.ts';

const NEEDLE = 'words that nobody expected here';

const FORMATS = [
  ['openai-chat', CHAT, '/v1/chat/completions'],
  ['openai-responses', RESPONSES, '/v1/responses'],
  ['anthropic-messages', MESSAGES, '/v1/messages'],
  ['gemini', GEMINI, '/v1beta/models/gemini-3-pro:generateContent'],
] as const;

/** Places that hold settings, ids, sources of attachments or signed data: what is added there reaches no model. */
const SETTINGS: Readonly<Record<string, RegExp>> = {
  'openai-chat':
    /^\/(prediction|response_format|tools\/[01]|messages\/\d+\/(content\/\d+\/(image_url|input_audio|file)|function_call|tool_calls\/\d+(\/(function|custom))?))$/,
  'openai-responses': /^\/(text|input\/3\/summary\/0)$/,
  'anthropic-messages': /(\/source|\/cache_control|^\/messages\/1\/content\/[156])$/,
  gemini:
    /\/(inlineData|inline_data|file_data|functionCall|function_call|executableCode|codeExecutionResult|functionResponse)$/,
};

/** Pointers of every object in a body. */
function* objects(value: unknown, pointer = ''): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield pointer;
  for (const [key, inner] of Object.entries(value)) yield* objects(inner, `${pointer}/${key}`);
}

function withMember(body: unknown, pointer: string): unknown {
  const copy = structuredClone(body);
  let here = copy as Record<string, unknown>;
  for (const token of pointer.split('/').slice(1)) here = here[token] as Record<string, unknown>;
  here['something_new'] = NEEDLE;
  return copy;
}

describe.each(FORMATS)('%s', (id, body, path) => {
  const places = [...objects(body)];
  it.each(places)('beside what stands at "%s"', (pointer) => {
    const { parts } = dialect(id).readRequest(withMember(body, pointer), path, 'generate');
    const found = parts.some(({ text }) => text === NEEDLE);
    expect(found).toBe(!(SETTINGS[id]?.test(pointer) ?? false));
  });
});

describe('members of the SDKs` types that carry words', () => {
  it.each([
    ['anthropic-messages', { compaction: { type: 'summarize', instructions: NEEDLE } }],
    [
      'anthropic-messages',
      { context_management: { edits: [{ type: 'compact_20260112', instructions: NEEDLE }] } },
    ],
    ['anthropic-messages', { output_format: { type: 'json_schema', schema: { description: NEEDLE } } }],
    ['anthropic-messages', { mcp_servers: [{ type: 'url', name: 'x', url: NEEDLE }] }],
    ['anthropic-messages', { stop_sequences: [NEEDLE] }],
    ['openai-responses', { metadata: { note: NEEDLE } }],
    ['openai-responses', { context_management: [{ type: 'compaction', note: NEEDLE }] }],
    ['openai-chat', { web_search_options: { user_location: { approximate: { city: NEEDLE } } } }],
    ['openai-chat', { stop: [NEEDLE] }],
    ['gemini', { generationConfig: { stopSequences: [NEEDLE] } }],
    ['gemini', { labels: { team: NEEDLE } }],
  ] as const)('%s %j', (id, members) => {
    const body = { messages: [], input: [], contents: [], ...members };
    const { parts } = dialect(id).readRequest(body, '/', 'generate');
    expect(parts.map(({ text }) => text)).toContain(NEEDLE);
  });

  it('credentials that the provider is meant to use, and ids, are not shown', () => {
    const read = (id: 'anthropic-messages' | 'openai-responses', body: object) =>
      dialect(id)
        .readRequest(body, '/', 'generate')
        .parts.map(({ text }) => text);
    const mcp_servers = [{ type: 'url', name: 'x', url: 'u', authorization_token: NEEDLE }];
    expect(
      read('anthropic-messages', { messages: [], mcp_servers, metadata: { user_id: NEEDLE } }),
    ).not.toContain(NEEDLE);
    const tools = [
      { type: 'mcp', server_label: 'x', authorization: NEEDLE, headers: { Authorization: NEEDLE } },
    ];
    expect(read('openai-responses', { input: 'hi', tools, prompt_cache_key: NEEDLE })).not.toContain(NEEDLE);
  });

  it('quotations and tool changes in blocks that were answers before', () => {
    const content = [
      { type: 'text', text: 'as it says', citations: [{ type: 'char_location', cited_text: NEEDLE }] },
      {
        type: 'compaction',
        content: 'summary',
        tool_changes: [{ type: 'tool_addition', tool: { name: NEEDLE } }],
      },
    ];
    const { parts } = dialect('anthropic-messages').readRequest(
      { messages: [{ role: 'assistant', content }] },
      '/',
      'generate',
    );
    expect(parts.filter(({ text }) => text === NEEDLE)).toHaveLength(2);
  });
});
