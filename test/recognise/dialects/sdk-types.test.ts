/** The vendors' own type definitions, as installed: every event and block they name is one that the readers know. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { dialect } from '../support.ts';

const { resolve } = createRequire(import.meta.url);

/** Type definitions beside the package's entry. */
function definitions(entry: string, file: string): string {
  const folder = resolve(entry).replace(/(node_modules\/(?:@[^/]+\/)?[^/]+)\/.*/, '$1');
  return readFileSync(`${folder}/${file}`, 'utf8');
}

const literals = (text: string, pattern: RegExp): string[] =>
  [...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ''))].sort();

const NO_REQUEST = {
  dialect: 'opaque',
  operation: 'generate',
  model: undefined,
  stream: true,
  parts: [],
  tools: [],
  maxOutputTokens: undefined,
} as const;

const unknownsOf = (id: Parameters<typeof dialect>[0], frame: object): string[] =>
  dialect(id)
    .openResponse(NO_REQUEST)
    .frame(JSON.stringify(frame), undefined)
    .flatMap((event) => (event.type === 'unknown' ? [event.name] : []));

describe('openai Responses', () => {
  const text = definitions('openai', 'resources/responses/responses.d.ts');
  const events = literals(text, /type: '(response\.[a-z_.]+)'/g).filter(
    (name) => name !== 'response.create' && name !== 'response.steer',
  );
  /** Sound and pictures, and input that a client gets back: passed on, told as unknown. */
  const UNREAD = /^response\.(audio\.delta|image_generation_call\.partial_image|steer\.failed)$/;

  it('names some', () => expect(events.length).toBeGreaterThan(40));
  it.each(events)('%s', (type) => {
    const frame = {
      type,
      sequence_number: 1,
      response: {},
      item: {},
      part: {},
      item_id: 'i',
      output_index: 0,
    };
    expect(unknownsOf('openai-responses', frame)).toEqual(UNREAD.test(type) ? [type] : []);
  });
});

describe('@anthropic-ai/sdk', () => {
  const text = definitions('@anthropic-ai/sdk', 'resources/beta/messages/messages.d.ts');
  const bodyOf = (name: string): string =>
    new RegExp(`export (?:interface|type) ${name}\\b[\\s\\S]*?\\n(?=export )`).exec(text)?.[0] ?? '';
  const members = (union: string): string[] =>
    literals(bodyOf(union), /\b(Beta[A-Za-z0-9]+)\b/g).filter((name) => name !== union);
  const typeOf = (name: string): string => /\btype: '([a-z_]+)'/.exec(bodyOf(name))?.[1] ?? '';

  it.each(members('BetaRawContentBlockDelta').map(typeOf))('delta %s', (type) => {
    expect(type).not.toBe('');
    const delta = { type, text: 'x', thinking: 'x', partial_json: 'x', content: 'x', citation: {} };
    expect(unknownsOf('anthropic-messages', { type: 'content_block_delta', index: 0, delta })).toEqual([]);
  });

  /** References and listings that no answer to a prompt is made of: shown to detectors as unknown blocks. */
  const SHOWN = /^(container_upload|fallback|mcp_tool_listing)$/;
  it.each(members('BetaContentBlock').map(typeOf))('block %s', (type) => {
    expect(type).not.toBe('');
    const block = { type, id: 'i', name: 'n', input: {}, content: [], text: 'x' };
    const unknowns = unknownsOf('anthropic-messages', {
      type: 'content_block_start',
      index: 0,
      content_block: block,
    });
    expect(unknowns).toEqual(SHOWN.test(type) ? [type] : []);
  });

  it.each(members('BetaContentBlockParam').map(typeOf))('request block %s', (type) => {
    expect(type).not.toBe('');
    const block = { type, source: { type: 'text', data: 'x' }, content: 'x', input: {}, tool: {} };
    const { parts } = dialect('anthropic-messages').readRequest(
      { messages: [{ role: 'user', content: [block] }] },
      '/',
      'generate',
    );
    expect(parts.filter(({ kind }) => kind === 'unknown')).toEqual([]);
  });
});

describe('@google/genai', () => {
  const text = definitions('@google/genai', 'dist/genai.d.ts');
  const part = /export declare interface Part \{[\s\S]*?\n\}/.exec(text)?.[0] ?? '';
  const members = literals(part, /^ {4}([a-zA-Z]+)\?:/gm);
  /** Settings of a part beside what it says. */
  const SETTINGS = new Set([
    'mediaResolution',
    'mediaProcessing',
    'videoMetadata',
    'partMetadata',
    'speechMetadata',
  ]);

  it('names some', () => expect(members).toContain('functionCall'));
  it.each(members.filter((name) => !SETTINGS.has(name)))('part with %s', (name) => {
    const value =
      name === 'text' || name === 'thoughtSignature' ? 'words' : name === 'thought' ? true : { a: 1 };
    const { parts } = dialect('gemini').readRequest(
      { contents: [{ parts: [{ [name]: value }] }] },
      '/',
      'generate',
    );
    expect(parts.filter(({ kind }) => kind === 'unknown')).toEqual([]);
  });
});
