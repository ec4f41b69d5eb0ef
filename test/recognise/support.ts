import { readFileSync } from 'node:fs';
import type { Dialect } from '../../agent/src/core/dialect.ts';
import type { ExchangeEvent, ExchangeRequest, Part, Usage } from '../../agent/src/core/exchange.ts';
import { dialectById } from '../../agent/src/recognise/dialects.ts';
import type { Framer } from '../../agent/src/recognise/framing/frame.ts';
import { JsonArrayFramer } from '../../agent/src/recognise/framing/json-array.ts';
import { SseFramer } from '../../agent/src/recognise/framing/sse.ts';

/** Wire streams in each provider's documented shape, with made-up content. */
export const fixture = (name: string): Buffer => readFileSync(new URL(`fixtures/${name}`, import.meta.url));

export function dialect(id: Dialect['id']): Dialect {
  const found = dialectById(id);
  if (found === undefined) throw new Error(`no dialect ${id}`);
  return found;
}

const NO_REQUEST: ExchangeRequest = {
  dialect: 'opaque',
  operation: 'generate',
  model: undefined,
  stream: true,
  parts: [],
  tools: [],
  maxOutputTokens: undefined,
};

/** What a stream says, however it is cut. Every text event is checked to point at its own text. */
export function decode(
  id: Dialect['id'],
  chunks: readonly Uint8Array[],
  framer: Framer = new SseFramer(),
): ExchangeEvent[] {
  const decoder = dialect(id).openResponse(NO_REQUEST);
  const frames = [...chunks.flatMap((chunk) => framer.push(chunk)), ...framer.end()];
  return frames.flatMap((frame) => {
    if (frame.data === undefined) return [];
    const events = decoder.frame(frame.data, frame.eventName);
    checkPointers(frame.data, events);
    return events;
  });
}

export const decodeArray = (id: Dialect['id'], chunks: readonly Uint8Array[]): ExchangeEvent[] =>
  decode(id, chunks, new JsonArrayFramer());

export function decodeBody(id: Dialect['id'], body: unknown): ExchangeEvent[] {
  const text = JSON.stringify(body);
  const events = dialect(id).openResponse(NO_REQUEST).body(text);
  checkPointers(text, events);
  return [...events];
}

function checkPointers(json: string, events: readonly ExchangeEvent[]): void {
  for (const event of events) {
    if (event.type !== 'text' || event.channel.endsWith('#key')) continue;
    const found = at(JSON.parse(json), event.pointer);
    if (found !== event.text) throw new Error(`${event.pointer} holds ${JSON.stringify(found)}`);
  }
}

/** The value at an RFC 6901 pointer. */
export const at = (value: unknown, pointer: string): unknown =>
  pointer
    .split('/')
    .slice(1)
    .reduce<unknown>(
      (here, token) =>
        (here as Record<string, unknown> | undefined)?.[token.replaceAll('~1', '/').replaceAll('~0', '~')],
      value,
    );

/** One line per event, for tables that a person can check. */
export function lineOf(event: ExchangeEvent): string {
  switch (event.type) {
    case 'text': {
      const flags = `${event.form === 'snapshot' ? ' =' : ''}${event.editable ? '' : ' fixed'}`;
      const tool = event.toolName === undefined ? '' : ` (${event.toolName})`;
      return `${event.kind}${flags} ${event.channel}${tool}: ${event.text}`;
    }
    case 'channel-end':
      return `channel-end ${event.channel}`;
    case 'start':
      return `start ${event.model} ${event.responseId}`;
    case 'usage':
      return `usage ${event.final ? 'final' : 'so far'}: ${countsOf(event.usage)}`;
    case 'end':
      return `end ${event.reason} (${event.rawReason})`;
    case 'error':
      return `error ${event.rawType}: ${event.message}`;
    default:
      return `unknown ${event.name}`;
  }
}

const COUNTS = {
  inputTokens: 'in',
  cacheReadTokens: 'read',
  cacheWriteTokens: 'write',
  cacheWrite1hTokens: 'write1h',
  outputTokens: 'out',
  reasoningTokens: 'reasoning',
  inputAudioTokens: 'audio-in',
  outputAudioTokens: 'audio-out',
} as const;

const countsOf = (usage: Usage): string =>
  Object.entries(COUNTS)
    .flatMap(([key, name]) => {
      const count = usage[key as keyof typeof COUNTS];
      return count === undefined ? [] : [`${name} ${count}`];
    })
    .join(', ');

/** The parts of a request, one line each; every editable part is checked to stand where its pointer says. */
export function partLines(body: unknown, request: ExchangeRequest): string[] {
  return request.parts.map((part) => {
    if (part.editable && at(body, part.pointer) !== part.text) {
      throw new Error(`${part.pointer} doesn't hold ${part.text}`);
    }
    return partLine(part);
  });
}

function partLine(part: Part): string {
  const facts = [part.mediaType, part.fileName, part.bytes === undefined ? undefined : `${part.bytes} B`]
    .filter((fact) => fact !== undefined)
    .join(' ');
  return [
    part.kind,
    part.role,
    part.pointer,
    ...(part.editable ? [] : ['fixed']),
    ...(part.toolName === undefined ? [] : [`(${part.toolName})`]),
    ...(facts === '' ? [] : [`[${facts}]`]),
    ...(part.text === undefined ? [] : [`: ${part.text}`]),
  ].join(' ');
}
