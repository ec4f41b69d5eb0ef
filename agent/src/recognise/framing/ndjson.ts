import { CuttingFramer, type FrameEnds } from './cutting-framer.ts';
import type { Frame, FramerLimits } from './frame.ts';
import { decodeUtf8 } from './held-bytes.ts';

const LF = 0x0a;

const LINE_ENDS: FrameEnds = { next: (chunk, from) => chunk.indexOf(LF, from) + 1 || -1 };

/** Newline-delimited JSON (Ollama's native API, some compatible servers): one line, one frame. */
export class NdjsonFramer extends CuttingFramer {
  constructor(limits?: FramerLimits) {
    super(LINE_ENDS, lineFrame, limits);
  }
}

function lineFrame(bytes: Uint8Array): Frame {
  const data = decodeUtf8(bytes).trim();
  return { bytes, data: data === '' ? undefined : data, eventName: undefined, format: 'json' };
}
