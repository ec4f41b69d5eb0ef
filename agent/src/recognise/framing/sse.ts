import { CuttingFramer, type FrameEnds } from './cutting-framer.ts';
import type { Frame, FramerLimits } from './frame.ts';
import { decodeUtf8 } from './held-bytes.ts';

const LF = 0x0a;
const CR = 0x0d;

/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
 * Line ends are found in the bytes: no UTF-8 sequence contains CR or LF, so a character cut in two by a chunk
 * never matters. A CR at a chunk's end waits for the next byte, because CRLF is one line end.
 */
export class SseFramer extends CuttingFramer {
  constructor(limits?: FramerLimits) {
    let first = true;
    const read = (bytes: Uint8Array): Frame => {
      const text = decodeUtf8(bytes);
      const fields = readFields(first && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
      first = false;
      return { bytes, data: fields.data, eventName: fields.eventName, format: 'sse' };
    };
    super(new BlankLines(), read, limits);
  }
}

class BlankLines implements FrameEnds {
  #lineIsEmpty = true;
  /** The byte before was a CR that ended a blank line: the frame ends here, or after the LF that may follow. */
  #frameEndsAfterCr = false;
  #afterCr = false;

  next(chunk: Uint8Array, from: number): number {
    for (let i = from; i < chunk.length; i++) {
      const byte = chunk[i];
      if (this.#frameEndsAfterCr) {
        this.#frameEndsAfterCr = false;
        this.#afterCr = false;
        return byte === LF ? i + 1 : i;
      }
      if (byte === LF) {
        const blank = this.#lineIsEmpty && !this.#afterCr;
        this.#afterCr = false;
        this.#lineIsEmpty = true;
        if (blank) return i + 1;
      } else if (byte === CR) {
        this.#frameEndsAfterCr = this.#lineIsEmpty;
        this.#afterCr = true;
        this.#lineIsEmpty = true;
      } else {
        this.#afterCr = false;
        this.#lineIsEmpty = false;
      }
    }
    return -1;
  }
}

const LINE_END = /\r\n|\r|\n/g;

/** Name and value of each line: `data: x`. A line without a colon is a name with an empty value. */
function* lines(text: string): Generator<{ name: string; value: string; start: number; end: number }> {
  let start = 0;
  while (start < text.length) {
    LINE_END.lastIndex = start;
    const lineEnd = LINE_END.exec(text);
    const stop = lineEnd?.index ?? text.length;
    const end = lineEnd === null ? text.length : stop + lineEnd[0].length;
    const colon = text.indexOf(':', start);
    const nameEnd = colon < 0 || colon > stop ? stop : colon;
    const valueStart = text.charAt(nameEnd + 1) === ' ' ? nameEnd + 2 : nameEnd + 1;
    yield {
      name: text.slice(start, nameEnd),
      value: text.slice(Math.min(valueStart, stop), stop),
      start,
      end,
    };
    start = end;
  }
}

function readFields(text: string): { data: string | undefined; eventName: string | undefined } {
  let data: string | undefined;
  let eventName: string | undefined;
  for (const line of lines(text)) {
    if (line.name === 'data') data = data === undefined ? line.value : `${data}\n${line.value}`;
    else if (line.name === 'event') eventName = line.value === '' ? undefined : line.value;
  }
  return { data, eventName };
}

/** The event's text with other data: its other lines (event, id, comments, line ends) stay as they were. */
export function patchSseData(frame: Frame, newData: string): string {
  const text = decodeUtf8(frame.bytes);
  const bom = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let out = text.slice(0, bom);
  let written = false;
  const body = text.slice(bom);
  for (const line of lines(body)) {
    if (line.name !== 'data') {
      out += body.slice(line.start, line.end);
      continue;
    }
    if (written) continue;
    written = true;
    const lineEnd = /(?:\r\n|\r|\n)?$/.exec(body.slice(line.start, line.end))?.[0] || '\n';
    for (const value of newData.split(/\r\n|\r|\n/)) out += `data: ${value}${lineEnd}`;
  }
  return out;
}
