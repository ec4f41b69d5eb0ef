import { describe, expect, it } from 'vitest';
import type { DialectId, ExchangeEvent } from '../../agent/src/core/exchange.ts';
import { patchFrame } from '../../agent/src/recognise/framing/framing.ts';
import { JsonArrayFramer } from '../../agent/src/recognise/framing/json-array.ts';
import { SseFramer } from '../../agent/src/recognise/framing/sse.ts';
import { patchJsonStrings } from '../../agent/src/recognise/json/patch.ts';
import { CHAT, GEMINI, MESSAGES, RESPONSES } from './bodies.ts';
import { at, decode, dialect, fixture } from './support.ts';

/** The whole way of an edit: a pointer that a dialect gave, patched into the bytes it came from, read again. */
describe('requests', () => {
  it.each([
    ['openai-chat', CHAT],
    ['openai-responses', RESPONSES],
    ['anthropic-messages', MESSAGES],
    ['gemini', GEMINI],
  ] as const)('%s: every editable part can be redacted', (id, body) => {
    const source = JSON.stringify(body, undefined, 1);
    const read = (text: string) => dialect(id).readRequest(JSON.parse(text), '/', 'generate');
    const editable = read(source).parts.filter((part) => part.editable && part.text !== undefined);
    expect(editable.length).toBeGreaterThan(10);
    const edits = editable.map((part) => ({
      pointer: part.pointer,
      start: 0,
      end: part.text?.length ?? 0,
      replacement: `[REDACTED "${part.pointer}"]`,
    }));
    const patched = patchJsonStrings(source, edits);
    for (const part of editable)
      expect(at(JSON.parse(patched), part.pointer)).toBe(`[REDACTED "${part.pointer}"]`);
    // Line by line, only lines that hold a redaction differ.
    const before = source.split('\n');
    const changed = patched.split('\n').filter((line, i) => line !== before[i]);
    expect(changed).toHaveLength(edits.length);
  });
});

describe('streams', () => {
  const mark = (text: string): string => `<${text.length}>`;
  /** Every editable text of the stream replaced, in its frame. */
  const redacted = (id: DialectId, bytes: Buffer, open: () => SseFramer | JsonArrayFramer): Buffer => {
    const decoder = dialect(id).openResponse({
      dialect: id,
      operation: 'generate',
      model: undefined,
      stream: true,
      parts: [],
      tools: [],
      maxOutputTokens: undefined,
    });
    const framer = open();
    const out = [...framer.push(bytes), ...framer.end()].map((frame) => {
      const edits = (frame.data === undefined ? [] : decoder.frame(frame.data, frame.eventName)).flatMap(
        (event) =>
          event.type === 'text' && event.editable
            ? [{ pointer: event.pointer, start: 0, end: event.text.length, replacement: mark(event.text) }]
            : [],
      );
      if (frame.data === undefined || edits.length === 0) return frame.bytes;
      return Buffer.from(patchFrame(frame, patchJsonStrings(frame.data, edits)));
    });
    return Buffer.concat(out);
  };
  const expected = (events: readonly ExchangeEvent[]): ExchangeEvent[] =>
    events.map((event) =>
      event.type === 'text' && event.editable ? { ...event, text: mark(event.text) } : event,
    );

  it.each([
    ['openai-chat', 'openai-chat-stream.sse'],
    ['openai-responses', 'openai-responses-stream.sse'],
    ['anthropic-messages', 'anthropic-messages-stream.sse'],
    ['gemini', 'gemini-stream.sse'],
  ] as const)('%s: every editable text of %s can be redacted, and nothing else changes', (id, file) => {
    const bytes = fixture(file);
    const out = redacted(id, bytes, () => new SseFramer());
    expect(decode(id, [out])).toEqual(expected(decode(id, [bytes])));
    const leaked = /ünïcode|aus Bonn|süß/.test(out.toString());
    expect(leaked).toBe(false);
  });

  it('gemini: the same in a JSON array, which stays one', () => {
    const out = redacted('gemini', fixture('gemini-stream.json'), () => new JsonArrayFramer());
    expect(JSON.parse(out.toString())).toHaveLength(6);
    expect(out.toString()).not.toContain('aus Bonn');
  });
});
