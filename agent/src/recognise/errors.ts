export type RecogniseErrorCode =
  /** One frame outgrew the framer's cap; what it holds can be had by `drain()`. */
  | 'frame-too-large'
  /** The source isn't JSON, as far as the scanner had to read it. */
  | 'patch-not-json'
  /** No value at the edit's pointer, or the value isn't a string. */
  | 'patch-no-string'
  /** Offsets outside the string, reversed, or two edits that overlap. */
  | 'patch-bad-range'
  /** The bytes aren't UTF-8, so that an edit could not keep the rest byte for byte. */
  | 'patch-not-utf8';

/** What framing and patching can refuse to do. Wire formats themselves fail with core's `DialectError`. */
export class RecogniseError extends Error {
  override readonly name = 'RecogniseError';
  readonly code: RecogniseErrorCode;
  constructor(code: RecogniseErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
