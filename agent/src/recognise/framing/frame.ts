/** One piece of a streamed body: what a decoder reads, and the exact bytes it came in. */
export interface Frame {
  /** All bytes of this piece, separators included: frames put together are the stream, byte for byte. */
  readonly bytes: Uint8Array;
  /** The JSON text, or `[DONE]`. Undefined for pieces without any: comments, closing brackets, blank lines. */
  readonly data: string | undefined;
  /** The SSE event name. */
  readonly eventName: string | undefined;
  readonly format: 'sse' | 'json';
}

/**
 * Cuts a streamed body into frames. How the bytes are cut into chunks doesn't change the frames.
 * Doesn't copy what arrives whole: chunks must not be overwritten afterwards.
 */
export interface Framer {
  /** Frames completed by this chunk. Throws RecogniseError `frame-too-large`; then only `drain` is of use. */
  push(chunk: Uint8Array): readonly Frame[];
  /** The stream is over: what is left, as a last frame (some clients act on an event without its blank line). */
  end(): readonly Frame[];
  /** Bytes held for an incomplete frame, given up unread. */
  drain(): Uint8Array;
}

export type FramerLimits = { readonly maxFrameBytes: number };
/** A whole response can come as one snapshot event, images included. */
export const DEFAULT_LIMITS: FramerLimits = { maxFrameBytes: 64 * 1024 * 1024 };
