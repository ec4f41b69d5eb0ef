/**
 * Framing cuts a response body, content-decoded, into the pieces that dialects read, and puts a changed piece back
 * into its wrapping. It knows no dialect, looks into no JSON, and never alters a byte it wasn't asked to.
 */

import type { Frame, Framer, FramerLimits } from './frame.ts';
import { decodeUtf8 } from './held-bytes.ts';
import { JsonArrayFramer } from './json-array.ts';
import { NdjsonFramer } from './ndjson.ts';
import { patchSseData, SseFramer } from './sse.ts';

/**
 * A framer for a streamed body of this content type. `application/json` is read as a stream only if the caller asked
 * for one (Gemini's arrays). Undefined: not a stream, read it as one body.
 */
export function openFramer(
  contentType: string | undefined,
  streamRequested: boolean,
  limits?: FramerLimits,
): Framer | undefined {
  const mediaType = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  switch (mediaType) {
    case 'text/event-stream':
      return new SseFramer(limits);
    case 'application/x-ndjson':
    case 'application/jsonl':
    case 'application/json-lines':
      return new NdjsonFramer(limits);
    case 'application/json':
      return streamRequested ? new JsonArrayFramer(limits) : undefined;
    default:
      return undefined;
  }
}

/** The text of a frame whose data was replaced; everything around the data stays. */
export function patchFrame(frame: Frame, newData: string): string {
  if (frame.data === undefined) return decodeUtf8(frame.bytes);
  if (frame.format === 'sse') return patchSseData(frame, newData);
  const text = decodeUtf8(frame.bytes);
  const start = text.indexOf(frame.data);
  return text.slice(0, start) + newData + text.slice(start + frame.data.length);
}
