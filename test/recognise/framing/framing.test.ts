import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frame, Framer } from '../../../agent/src/recognise/framing/frame.ts';
import { openFramer, patchFrame } from '../../../agent/src/recognise/framing/framing.ts';
import { JsonArrayFramer } from '../../../agent/src/recognise/framing/json-array.ts';
import { NdjsonFramer } from '../../../agent/src/recognise/framing/ndjson.ts';
import { SseFramer } from '../../../agent/src/recognise/framing/sse.ts';

const framed = (framer: Framer, chunks: readonly Uint8Array[]): Frame[] => [
  ...chunks.flatMap((chunk) => framer.push(chunk)),
  ...framer.end(),
];
const shown = (frames: readonly Frame[]): unknown[] =>
  frames.map(({ bytes, data, eventName }) => [Buffer.from(bytes).toString('latin1'), data, eventName]);
const seen = (frames: readonly Frame[]): unknown[] =>
  frames.filter((frame) => frame.data !== undefined).map(({ data, eventName }) => [eventName, data]);

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((p) => p % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
}

describe('SseFramer', () => {
  it.each<[string, string, unknown[]]>([
    [
      'LF',
      'data: a\n\ndata: b\n\n',
      [
        [undefined, 'a'],
        [undefined, 'b'],
      ],
    ],
    [
      'CRLF',
      'event: x\r\ndata: a\r\n\r\ndata: b\r\n\r\n',
      [
        ['x', 'a'],
        [undefined, 'b'],
      ],
    ],
    [
      'CR',
      'event: x\rdata: a\r\rdata: b\r\r',
      [
        ['x', 'a'],
        [undefined, 'b'],
      ],
    ],
    [
      'mixed',
      'event: x\r\ndata: a\n\r\ndata: b\r\n\n',
      [
        ['x', 'a'],
        [undefined, 'b'],
      ],
    ],
    ['byte order mark', '\ufeffdata: a\n\n', [[undefined, 'a']]],
    ['several data lines', 'data: {\ndata:  "a":1\ndata:}\n\n', [[undefined, '{\n "a":1\n}']]],
    ['comments and other fields', ': hi\nid: 1\nretry: 5\n\ndata: a\n: b\n\n', [[undefined, 'a']]],
    ['no space after the colon, no colon', 'event:x\ndata\n\n', [['x', '']]],
    [
      'an event without its blank line',
      'data: a\n\ndata: b',
      [
        [undefined, 'a'],
        [undefined, 'b'],
      ],
    ],
    [
      'several blank lines',
      'data: a\n\n\n\ndata: b\n\n',
      [
        [undefined, 'a'],
        [undefined, 'b'],
      ],
    ],
    ['the last event name counts', 'event: x\nevent: y\ndata: é€🔑\n\n', [['y', 'é€🔑']]],
  ])('%s', (_name, text, expected) => {
    expect(seen(framed(new SseFramer(), [Buffer.from(text)]))).toEqual(expected);
  });

  it('emits an event with the chunk that completes it', () => {
    const framer = new SseFramer();
    expect(framer.push(Buffer.from('data: a\n'))).toHaveLength(0);
    expect(framer.push(Buffer.from('\ndata: b'))).toHaveLength(1);
  });

  it('gives up a frame above the cap, and what it holds', () => {
    const framer = new SseFramer({ maxFrameBytes: 8 });
    expect(() => framer.push(Buffer.from('data: 0123456789'))).toThrow(
      expect.objectContaining({ code: 'frame-too-large' }),
    );
    expect(Buffer.from(framer.drain()).toString()).toBe('data: 0123456789');
  });

  it.each([
    ['data: a\n\n', 'B', 'data: B\n\n'],
    [
      '\ufeffevent: x\r\nid: 7\r\ndata:a\r\n: c\r\n\r\n',
      'B',
      '\ufeffevent: x\r\nid: 7\r\ndata: B\r\n: c\r\n\r\n',
    ],
    ['data: {\ndata: }\nevent: x\n\n', '{"a":\n1}', 'data: {"a":\ndata: 1}\nevent: x\n\n'],
    [': ping\n\n', 'B', ': ping\n\n'],
    ['data: a', 'B', 'data: B\n'],
  ])('patches the data of %j', (text, data, expected) => {
    const [frame] = framed(new SseFramer(), [Buffer.from(text)]);
    expect(patchFrame(frame as Frame, data)).toBe(expected);
  });
});

describe('JsonArrayFramer', () => {
  const text = '[{"a":"]}\\"{"}\n,\r\n{"b":[{"c":[1]}]}\n]\n';
  it('cuts an array into elements, with what stands before them', () => {
    const frames = framed(new JsonArrayFramer(), [Buffer.from(text)]);
    expect(shown(frames)).toEqual([
      ['[{"a":"]}\\"{"}', '{"a":"]}\\"{"}', undefined],
      ['\n,\r\n{"b":[{"c":[1]}]}', '{"b":[{"c":[1]}]}', undefined],
      ['\n]\n', undefined, undefined],
    ]);
    expect(patchFrame(frames[1] as Frame, '{}')).toBe('\n,\r\n{}');
  });
  it('takes an error object for an array', () => {
    expect(seen(framed(new JsonArrayFramer(), [Buffer.from('{"error":{"code":400}}')]))).toEqual([
      [undefined, '{"error":{"code":400}}'],
    ]);
  });
});

describe('NdjsonFramer', () => {
  it('takes lines, the last one without its end', () => {
    const frames = framed(new NdjsonFramer(), [Buffer.from('{"a":1}\r\n\n{"b":2}')]);
    expect(seen(frames)).toEqual([
      [undefined, '{"a":1}'],
      [undefined, '{"b":2}'],
    ]);
    expect(patchFrame(frames[0] as Frame, '{}')).toBe('{}\r\n');
  });
});

describe('openFramer', () => {
  it.each([
    ['text/event-stream; charset=utf-8', false, SseFramer],
    ['application/json', true, JsonArrayFramer],
    ['application/x-ndjson', false, NdjsonFramer],
    ['application/json', false, undefined],
    [undefined, true, undefined],
  ] as const)('%s (stream asked for: %s)', (contentType, streamRequested, expected) => {
    expect(openFramer(contentType, streamRequested)?.constructor).toBe(expected);
  });
});

describe('properties of every framer', () => {
  const token = fc.constantFrom(
    'data: ',
    'event: x',
    'é€🔑',
    '\n',
    '\r',
    '\r\n',
    '\n\n',
    ':',
    '{',
    '}',
    '[',
    ']',
    '"',
    '\\',
    ',',
    '{"a":"b"}',
    '\ufeff',
  );
  const bytes = fc.array(token, { maxLength: 40 }).map((tokens) => Buffer.from(tokens.join('')));
  const broken = fc.uint8Array({ maxLength: 60 }).map((raw) => Buffer.from(raw));

  it.each([
    ['SSE', () => new SseFramer()],
    ['JSON array', () => new JsonArrayFramer()],
    ['NDJSON', () => new NdjsonFramer()],
  ] as const)('%s: cuts do not matter, and no byte is lost', (_name, open) => {
    fc.assert(
      fc.property(fc.oneof(bytes, broken), fc.array(fc.nat(), { maxLength: 12 }), (stream, places) => {
        const whole = framed(open(), [stream]);
        const pieces = framed(open(), cut(stream, places));
        expect(shown(pieces)).toEqual(shown(whole));
        expect(Buffer.concat(pieces.map((frame) => frame.bytes)).equals(stream)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it('a patched SSE event reads as its new data, name unchanged', () => {
    fc.assert(
      fc.property(bytes, fc.jsonValue(), (stream, value) => {
        for (const frame of framed(new SseFramer(), [stream]).slice(1)) {
          if (frame.data === undefined) continue;
          const again = framed(new SseFramer(), [Buffer.from(patchFrame(frame, JSON.stringify(value)))]);
          expect(again.find((one) => one.data !== undefined)).toMatchObject({
            data: JSON.stringify(value),
            eventName: frame.eventName,
          });
        }
      }),
    );
  });
});
