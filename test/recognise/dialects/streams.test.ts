import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, decodeArray, decodeBody, fixture, lineOf } from '../support.ts';

/** What each recorded stream says, in full. `=` marks a snapshot, `fixed` what can't be edited. */
const STREAMS = [
  {
    id: 'openai-chat',
    file: 'openai-chat-stream.sse',
    says: [
      'start gpt-5.2-2026-01-15 chatcmpl-CzR1example',
      'text choice/0/content: Let me ',
      'text choice/0/content: look at ünïcode 🔑.',
      'channel-end choice/0/content',
      'tool-call choice/0/tool/0 (read_file): {"path":',
      'tool-call choice/0/tool/0 (read_file): "a.txt"}',
      'tool-call choice/0/tool/1 (apply_patch): *** Begin',
      'tool-call choice/0/tool/1 (apply_patch):  Patch',
      'channel-end choice/0/tool/0',
      'channel-end choice/0/tool/1',
      'end tool-calls (tool_calls)',
      'usage final: in 120, read 100, write 8, out 40, reasoning 16, audio-in 3, audio-out 0',
      'unknown [DONE]',
    ],
  },
  {
    id: 'openai-responses',
    file: 'openai-responses-stream.sse',
    says: [
      'start gpt-5.2-codex resp_0a1b2c',
      'thinking output/0/summary/0/text: **Planning**',
      'thinking output/0/summary/0/text:  the edit',
      'channel-end output/0/summary/0/text',
      // text.done, part.done, item.done
      'thinking = output/0/summary/0/text: **Planning** the edit',
      'thinking = output/0/summary/0/text: **Planning** the edit',
      'thinking = output/0/summary/0/text: **Planning** the edit',
      // Never streamed: the finished item is its only delta.
      'tool-call output/1/action/query: postern rfc',
      'channel-end output/1/action/query',
      'text output/2/content/0/text: Reading ',
      'text output/2/content/0/text: ünïcode 🔑.',
      'channel-end output/2/content/0/text',
      'text = output/2/content/0/text: Reading ünïcode 🔑.',
      'text = output/2/content/0/text: Reading ünïcode 🔑.',
      'text = output/2/content/0/text: Reading ünïcode 🔑.',
      'tool-call output/3/arguments (shell): {"cmd":',
      'tool-call output/3/arguments (shell): "ls"}',
      'channel-end output/3/arguments',
      'tool-call = output/3/arguments (shell): {"cmd":"ls"}',
      'tool-call = output/3/arguments (shell): {"cmd":"ls"}',
      // response.completed
      'thinking = output/0/summary/0/text: **Planning** the edit',
      'tool-call = output/1/action/query: postern rfc',
      'text = output/2/content/0/text: Reading ünïcode 🔑.',
      'tool-call = output/3/arguments (shell): {"cmd":"ls"}',
      'usage final: in 2000, read 1920, write 64, out 75, reasoning 32',
      'end tool-calls (completed)',
    ],
  },
  {
    id: 'anthropic-messages',
    file: 'anthropic-messages-stream.sse',
    says: [
      'start claude-opus-5-20261001 msg_01Example',
      'usage so far: in 5312, read 5000, write 100, write1h 200, out 1',
      'thinking fixed content/0: The user wants',
      'thinking fixed content/0:  weather.',
      'channel-end content/0',
      'tool-call content/2 (web_search): {"query": "wea',
      'tool-call content/2 (web_search): ther"}',
      'channel-end content/2',
      'tool-result content/3/content/0/title: Weather',
      'channel-end content/3/content/0/title',
      'tool-result content/3/content/0/url: https://example.org/w',
      'channel-end content/3/content/0/url',
      'text content/4/citation/0/cited_text: Sunny all day',
      'channel-end content/4/citation/0/cited_text',
      'text content/4/citation/0/url: https://example.org/w',
      'channel-end content/4/citation/0/url',
      'text content/4/citation/0/title: Weather',
      'channel-end content/4/citation/0/title',
      'text content/4: It is süß',
      'text content/4:  ☀️🔑.',
      'channel-end content/4',
      'tool-call content/5 (save): {"note":"sunny"}',
      'channel-end content/5',
      'usage final: in 6212, read 5000, write 100, write1h 200, out 88, reasoning 20',
      'end tool-calls (tool_use)',
    ],
  },
  {
    id: 'gemini',
    file: 'gemini-stream.sse',
    says: [
      'start gemini-3-pro abcExample',
      'thinking fixed candidate/0/thinking: Weighing options',
      'usage so far: in 50',
      'channel-end candidate/0/thinking',
      'text candidate/0/text: Grüße ',
      'usage so far: in 50',
      'text candidate/0/text: 🔑 aus Bonn',
      'usage so far: in 50',
      'tool-call fixed candidate/0/call/0/path (read_file): a.txt',
      'channel-end candidate/0/call/0/path',
      'usage so far: in 50',
      'tool-call candidate/0/call/1 (code_execution): print(1)',
      'channel-end candidate/0/call/1',
      'tool-result candidate/0/result/2/output: 1\n',
      'channel-end candidate/0/result/2/output',
      'usage so far: in 50',
      'channel-end candidate/0/text',
      'usage final: in 57, read 40, out 50, reasoning 30, audio-in 5',
      'end tool-calls (STOP)',
    ],
  },
] as const;

describe('recorded streams', () => {
  it.each(STREAMS)('$file', ({ id, file, says }) => {
    expect(decode(id, [fixture(file)]).map(lineOf)).toEqual(says);
  });

  it.each(STREAMS)('$file says the same however its bytes are cut', ({ id, file, says }) => {
    const bytes = fixture(file);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 60 }), (places) => {
        const at = [0, ...places.sort((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
        expect(decode(id, chunks).map(lineOf)).toEqual(says);
      }),
      { numRuns: 40 },
    );
    expect(
      decode(
        id,
        [...bytes].map((byte) => Uint8Array.of(byte)),
      ).map(lineOf),
    ).toEqual(says);
  });

  it('a Gemini array stream says what the SSE stream says', () => {
    const bytes = fixture('gemini-stream.json');
    const says = decode('gemini', [fixture('gemini-stream.sse')]).map(lineOf);
    expect(
      decodeArray(
        'gemini',
        [...bytes].map((byte) => Uint8Array.of(byte)),
      ).map(lineOf),
    ).toEqual(says);
    expect(decodeArray('gemini', [bytes]).map(lineOf)).toEqual(says);
    expect(decodeBody('gemini', JSON.parse(bytes.toString())).map(lineOf).at(-1)).toBe(says.at(-1));
  });
});

describe('nothing that arrives can throw', () => {
  const ids = [
    'openai-chat',
    'openai-responses',
    'anthropic-messages',
    'gemini',
    'openai-embeddings',
  ] as const;
  const names = [
    'message_start',
    'content_block_start',
    'content_block_delta',
    'message_delta',
    'error',
    'response.completed',
    'response.output_item.done',
    'response.output_text.delta',
    'response.content_part.done',
  ];
  const keys = fc.constantFrom(
    'type',
    'delta',
    'item',
    'part',
    'response',
    'output',
    'content',
    'content_block',
    'choices',
    'message',
    'error',
    'usage',
    'candidates',
    'parts',
    'functionCall',
    'tool_calls',
    'index',
    'text',
    'summary',
    'input',
    'data',
    '__proto__',
  );
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.oneof(
        fc.string(),
        fc.constantFrom('text', 'tool_use', 'message', 'reasoning', ...names),
        fc.integer(),
        fc.constant(null),
      ),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(keys, tie('value'), { maxKeys: 5 }),
    ),
  })).value;

  it.each(ids)('%s: any frame and any body', (id) => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 4 }), fc.constantFrom(undefined, ...names), (values, name) => {
        decode(
          id,
          values.map((v) => Buffer.from(`${name ? `event: ${name}\n` : ''}data: ${JSON.stringify(v)}\n\n`)),
        );
        for (const v of values) decodeBody(id, v);
      }),
      { numRuns: 300 },
    );
  });

  it.each(ids)('%s: what is not JSON, and what is nested without end', (id) => {
    for (const text of ['[DONE]', '', 'nonsense', '{"a":', '"text"', '17', 'null', '[]']) {
      const events = decode(id, [Buffer.from(`data: ${text}\n\n`)]);
      expect(events.map((event) => event.type)).toEqual(['unknown']);
    }
  });

  it('deep tool arguments become an unknown event', () => {
    const deep = `${'['.repeat(5000)}"x"${']'.repeat(5000)}`;
    const chunk = `{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":${deep}}}]}}]}`;
    expect(decode('gemini', [Buffer.from(`data: ${chunk}\n\n`)]).map(lineOf)).toContain('unknown too-deep');
  });
});
